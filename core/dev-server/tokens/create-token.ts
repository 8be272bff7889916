// `auth/token/create`, `create-orphan` and `create/ROLE`: who may make which token (the order of the checks is the server's).
import { fault } from '../backend.js';
import {
  optionalDuration,
  optionalFlag,
  optionalList,
  optionalNumber,
  optionalText,
  optionalTextMap,
} from '../fields.js';
import { aclOf } from '../gate.js';
import type { CoreReply, CoreRequest, World } from '../world.js';
import { cleanPolicies, issueToken } from './issue-token.js';
import type { TokenOrder } from './issue-token.js';
import type { TokenEntry } from './token-entry.js';
import { policiesByRole } from './token-roles.js';
import type { TokenRole } from './token-roles.js';

/** Makes a child of the caller's token. Throws 400 with the server's texts. */
export function createToken(
  world: World,
  request: CoreRequest,
  how: { readonly orphan: boolean; readonly role?: TokenRole },
): CoreReply {
  const parent = request.entry;
  if (parent === undefined) throw fault(403, 'permission denied');
  if (parent.type === 'batch') throw fault(400, 'batch tokens cannot create more tokens');
  if (parent.numUses !== 0) throw fault(400, 'restricted use token cannot generate child tokens');
  const sudo = aclOf(world, parent).sudo(request.place.path + request.fullPath);
  const policies = childPolicies(request, { parent, sudo, role: how.role });
  const times = wantedTimes(request, { sudo, role: how.role });
  const orphan = isOrphan(request, { sudo, orphan: how.orphan, role: how.role });
  const endless = policies.includes('root') && times.ttlMs === 0 && times.periodMs === 0;
  if (endless && parent.expiresAtMs !== undefined) {
    throw fault(400, 'expiring root tokens cannot create non-expiring root tokens');
  }
  const issued = issueToken(world, {
    ...baseOrder(request, { sudo, role: how.role }),
    ...times,
    namespace: request.place,
    policies,
    orphan,
    endless,
    parent: orphan ? undefined : parent.id,
    entityId: orphan ? '' : parent.entityId,
  });
  const missing = policies.filter((name) => !request.place.policies.has(name));
  const warnings = [...issued.warnings, ...missing.map((name) => `Policy "${name}" does not exist`)];
  return { shown: issued, warnings };
}

interface Standing {
  readonly sudo: boolean;
  readonly role: TokenRole | undefined;
}

function childPolicies(request: CoreRequest, standing: Standing & { readonly parent: TokenEntry }): string[] {
  const { parent, sudo, role } = standing;
  const wanted = optionalList(request.body, 'policies') ?? [];
  if (role !== undefined) return policiesByRole(role, wanted, parent.policies);
  const withDefault = !optionalFlag(request.body, 'no_default_policy');
  const atHome = parent.namespace === request.place;
  if (wanted.length === 0) return cleanPolicies(atHome ? parent.policies : [], withDefault);
  const policies = cleanPolicies(wanted, withDefault && (sudo || parent.policies.includes('default')));
  const subset = policies.every((name) => parent.policies.includes(name));
  if (!sudo && !subset) throw fault(400, 'child policies must be subset of parent');
  return policies;
}

function isOrphan(request: CoreRequest, standing: Standing & { readonly orphan: boolean }): boolean {
  if (standing.role !== undefined) return standing.role.orphan;
  if (standing.orphan) return true;
  if (!optionalFlag(request.body, 'no_parent')) return false;
  if (!standing.sudo) throw fault(400, 'root or sudo privileges required to create orphan token');
  return true;
}

function wantedTimes(
  request: CoreRequest,
  standing: Standing,
): { ttlMs: number; periodMs: number; explicitMaxTtlMs: number } {
  const { body } = request;
  const ttlMs = optionalDuration(body, 'ttl') ?? optionalDuration(body, 'lease') ?? 0;
  if (ttlMs < 0) throw fault(400, 'ttl must be positive');
  const asked = optionalDuration(body, 'period') ?? 0;
  if (asked > 0 && !standing.sudo && standing.role === undefined) {
    throw fault(400, 'root or sudo privileges required to create periodic token');
  }
  const maxima = [optionalDuration(body, 'explicit_max_ttl') ?? 0, standing.role?.explicitMaxTtlMs ?? 0];
  const set = maxima.filter((ms) => ms > 0);
  return {
    ttlMs,
    periodMs: standing.role === undefined ? asked : standing.role.periodMs,
    explicitMaxTtlMs: set.length === 0 ? 0 : Math.min(...set),
  };
}

function baseOrder(request: CoreRequest, standing: Standing): Omit<TokenOrder, 'policies' | 'namespace'> {
  const { body } = request;
  const { role } = standing;
  const name = optionalText(body, 'display_name');
  const suffix = role === undefined || role.pathSuffix === '' ? '' : `/${role.pathSuffix}`;
  return {
    id: wantedId(request, standing.sudo),
    path: request.fullPath + suffix,
    displayName: name === undefined ? 'token' : `token-${name.replace(/[^\w-]/g, '-').replace(/^-+|-+$/g, '')}`,
    type: wantedType(optionalText(body, 'type'), role),
    metadata: optionalTextMap(body, 'meta') ?? optionalTextMap(body, 'metadata'),
    role: role?.name,
    numUses: optionalNumber(body, 'num_uses') ?? role?.numUses ?? 0,
    renewable: (optionalFlag(body, 'renewable') ?? true) && (role?.renewable ?? true),
    boundCidrs: role?.boundCidrs ?? [],
  };
}

function wantedId(request: CoreRequest, sudo: boolean): string | undefined {
  const id = optionalText(request.body, 'id');
  if (id === undefined || id === '') return undefined;
  if (!sudo) throw fault(400, 'root or sudo privileges required to specify token id');
  if (/^[sb]\.|\./.test(id)) throw fault(400, "custom token ID cannot have the 's.' prefix or contain a '.'");
  return id;
}

function wantedType(asked: string | undefined, role: TokenRole | undefined): 'service' | 'batch' {
  if (role?.type === 'batch' || role?.type === 'service') return role.type;
  const type = asked ?? (role?.type === 'default-batch' ? 'batch' : 'service');
  if (type !== 'batch' && type !== 'service') throw fault(400, "invalid 'type' value");
  return type;
}
