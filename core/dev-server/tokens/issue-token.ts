// Makes tokens: from a login's order, from a token request, for wrapping. It decides ids, policies and lifetimes; it checks no permission.
import type { AuthOrder, Fields } from '../backend.js';
import { randomText } from '../chance.js';
import { SYSTEM_TTL_MS } from '../mounts/mounted.js';
import type { Mounted } from '../mounts/mounted.js';
import { idSuffix } from '../mounts/namespaces.js';
import type { Namespace } from '../mounts/namespaces.js';
import type { ShownToken, World } from '../world.js';
import type { TokenEntry, Wrapped } from './token-entry.js';
import { lifetime } from './ttl.js';

/** A token to make. Absent durations are zero: not set. */
export interface TokenOrder {
  readonly namespace: Namespace;
  readonly policies: readonly string[];
  readonly path: string;
  readonly displayName: string;
  readonly id?: string | undefined;
  readonly type?: 'service' | 'batch';
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly entityId?: string;
  readonly parent?: string | undefined;
  /** Default: true without a parent. */
  readonly orphan?: boolean;
  readonly role?: string | undefined;
  readonly ttlMs?: number;
  readonly maxTtlMs?: number;
  readonly explicitMaxTtlMs?: number;
  readonly periodMs?: number;
  readonly numUses?: number;
  readonly renewable?: boolean;
  readonly boundCidrs?: readonly string[];
  /** Lives until it is revoked (root tokens). */
  readonly endless?: boolean;
  readonly issuer?: Mounted | undefined;
  readonly internal?: Fields;
  readonly wrapped?: Wrapped;
}

/** A new token and what the server warns about. */
export interface IssuedToken extends ShownToken {
  readonly warnings: readonly string[];
}

/** Makes and stores a token. */
export function issueToken(world: World, order: TokenOrder): IssuedToken {
  const now = world.clock.now();
  const answer = order.endless ? { ttlMs: 0, warnings: [] } : firstLifetime(order, now);
  const batch = order.type === 'batch';
  const suffix = idSuffix(order.namespace);
  const entry: TokenEntry = {
    id: order.id ?? (batch ? `b.${randomText(140)}` : `s.${randomText(24)}`) + suffix,
    accessor: batch ? '' : randomText(24) + suffix,
    type: order.type ?? 'service',
    displayName: order.displayName,
    policies: order.policies,
    metadata: order.metadata,
    entityId: order.entityId ?? '',
    namespace: order.namespace,
    path: order.path,
    parent: order.parent,
    orphan: order.orphan ?? order.parent === undefined,
    role: order.role,
    createdAtMs: now,
    creationTtlMs: answer.ttlMs,
    ttlMs: answer.ttlMs,
    maxTtlMs: order.maxTtlMs ?? 0,
    explicitMaxTtlMs: order.explicitMaxTtlMs ?? 0,
    periodMs: order.periodMs ?? 0,
    renewable: !batch && !order.endless && (order.renewable ?? true),
    boundCidrs: order.boundCidrs ?? [],
    numUses: batch ? 0 : (order.numUses ?? 0),
    expiresAtMs: order.endless ? undefined : now + answer.ttlMs,
    renewedAtMs: undefined,
    issuer: order.issuer,
    internal: order.internal ?? {},
    wrapped: order.wrapped,
    cubbyhole: new Map(),
  };
  world.tokens.add(entry);
  return { entry, ttlMs: answer.ttlMs, warnings: answer.warnings };
}

function firstLifetime(order: TokenOrder, nowMs: number): ReturnType<typeof lifetime> {
  return lifetime({
    incrementMs: 0,
    ttlMs: order.ttlMs ?? 0,
    maxTtlMs: order.maxTtlMs ?? 0,
    periodMs: order.periodMs ?? 0,
    explicitMaxTtlMs: order.explicitMaxTtlMs ?? 0,
    mountDefaultMs: order.issuer?.defaultLeaseTtlMs() ?? SYSTEM_TTL_MS,
    mountMaxMs: order.issuer?.maxLeaseTtlMs() ?? SYSTEM_TTL_MS,
    issuedAtMs: nowMs,
    nowMs,
  });
}

/** The token of a login: always an orphan. */
export function issueLogin(
  world: World,
  order: AuthOrder,
  at: { readonly namespace: Namespace; readonly mount: Mounted; readonly path: string },
): IssuedToken {
  const name = at.mount.path.slice(5, -1).replaceAll('/', '-');
  return issueToken(world, {
    namespace: at.namespace,
    policies: cleanPolicies(order.policies, !order.noDefaultPolicy),
    path: at.path,
    displayName: [name, order.displayName].filter((part) => part !== '').join('-'),
    type: loginType(order.tokenType ?? '', at.mount.config.tokenType),
    metadata: order.metadata,
    entityId: order.alias === undefined ? '' : world.identity.entityOf(at.mount.accessor, order.alias),
    ttlMs: order.ttlMs,
    maxTtlMs: order.maxTtlMs,
    explicitMaxTtlMs: order.explicitMaxTtlMs ?? 0,
    periodMs: order.periodMs ?? 0,
    numUses: order.numUses ?? 0,
    renewable: order.renewable ?? true,
    boundCidrs: order.boundCidrs ?? [],
    issuer: at.mount,
    internal: order.internal ?? {},
  });
}

function loginType(wanted: string, tuned: string): 'service' | 'batch' {
  if (tuned === 'batch' || tuned === 'service') return tuned;
  if (wanted === 'batch' || wanted === 'service') return wanted;
  return tuned === 'default-batch' ? 'batch' : 'service';
}

/** Lower case, sorted, without doubles; with `default` unless unwanted; `root` stands alone. */
export function cleanPolicies(names: readonly string[], withDefault: boolean): string[] {
  const clean = new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''));
  if (clean.has('root')) return ['root'];
  if (withDefault) clean.add('default');
  return [...clean].sort();
}
