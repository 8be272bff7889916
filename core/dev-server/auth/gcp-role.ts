// Roles of the `gcp` method: their fields, what each type may bind, and whether a caller is bound. No calls here.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalFlag, optionalList, optionalText, optionalTextMap } from '../fields.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** A role. Empty lists bind nothing. */
export interface GcpRole {
  readonly type: 'iam' | 'gce';
  readonly accounts: readonly string[];
  readonly projects: readonly string[];
  readonly zones: readonly string[];
  readonly regions: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly maxJwtExpMs: number;
  readonly allowsInference: boolean;
  readonly token: TokenParams;
}

const MAX_JWT_EXP_MS = 15 * 60_000;

/** The role after a write. Throws 400 for what the server refuses. */
export function changedGcpRole(before: GcpRole | undefined, body: Fields): GcpRole {
  const type = optionalText(body, 'type') ?? before?.type;
  if (type !== 'iam' && type !== 'gce') throw fault(400, `role type must be iam or gce, not "${type ?? ''}"`);
  if (before !== undefined && before.type !== type)
    throw fault(400, 'role type cannot be changed for an existing role');
  const role: GcpRole = {
    type,
    accounts: optionalList(body, 'bound_service_accounts') ?? before?.accounts ?? [],
    projects: optionalList(body, 'bound_projects') ?? before?.projects ?? [],
    zones: optionalList(body, 'bound_zones') ?? before?.zones ?? [],
    regions: optionalList(body, 'bound_regions') ?? before?.regions ?? [],
    labels: labelsOf(body) ?? before?.labels ?? {},
    maxJwtExpMs: optionalDuration(body, 'max_jwt_exp') ?? before?.maxJwtExpMs ?? MAX_JWT_EXP_MS,
    allowsInference: optionalFlag(body, 'allow_gce_inference') ?? before?.allowsInference ?? true,
    token: readTokenParams(body, before?.token ?? NO_PARAMS),
  };
  check(role);
  return role;
}

// A map, or the text `env:prod,team:a` or a list of such.
function labelsOf(body: Fields): Record<string, string> | undefined {
  const value = body['bound_labels'];
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return optionalTextMap(body, 'bound_labels');
  const pairs = optionalList(body, 'bound_labels')?.map((pair) => {
    const colon = pair.indexOf(':');
    return [pair.slice(0, colon), pair.slice(colon + 1)] as const;
  });
  return pairs === undefined ? undefined : Object.fromEntries(pairs);
}

function check(role: GcpRole): void {
  if (role.type === 'iam' && role.accounts.length === 0)
    throw fault(400, 'IAM role type must have at least one service account');
  if (role.maxJwtExpMs > 60 * 60_000) throw fault(400, 'max_jwt_exp cannot be more than 1 hour');
  if (role.zones.length > 0 && role.regions.length > 0)
    throw fault(400, 'bound_zones and bound_regions exclude each other');
}

/** The account is bound by name or id. Throws 400. */
export function checkAccountBound(role: GcpRole, account: { readonly email: string; readonly id: string }): void {
  const isBound = role.accounts.some((one) => one === '*' || one === account.email || one === account.id);
  if (role.accounts.length > 0 && !isBound) {
    throw fault(400, `service account ${account.email} (id: ${account.id}) is not authorized for role`);
  }
}

/** The project is bound. Throws 400. */
export function checkProjectBound(role: GcpRole, project: string): void {
  if (role.projects.length === 0 || role.projects.includes(project)) return;
  throw fault(400, `project "${project}" is not in the role's bound projects`);
}

/** Zone, region and labels of an instance are bound. Throws 400. */
export function checkPlaceBound(role: GcpRole, zone: string, labels: Readonly<Record<string, string>>): void {
  if (role.zones.length > 0 && !role.zones.includes(zone)) throw fault(400, `instance is not in a bound zone: ${zone}`);
  const region = zone.replace(/-[^-]*$/, '');
  if (role.regions.length > 0 && !role.regions.includes(region))
    throw fault(400, `instance is not in a bound region: ${region}`);
  for (const [name, value] of Object.entries(role.labels)) {
    if (labels[name] !== value) throw fault(400, `instance missing bound label "${name}:${value}"`);
  }
}

/** The answer to a read of the role. */
export function shownGcpRole(role: GcpRole): Fields {
  const common = { type: role.type, bound_service_accounts: [...role.accounts], bound_projects: [...role.projects] };
  if (role.type === 'iam') {
    const own = { max_jwt_exp: role.maxJwtExpMs / 1000, allow_gce_inference: role.allowsInference };
    return { ...common, ...own, ...shownTokenParams(role.token) };
  }
  const own = { bound_zones: [...role.zones], bound_regions: [...role.regions], bound_labels: { ...role.labels } };
  return { ...common, ...own, ...shownTokenParams(role.token) };
}
