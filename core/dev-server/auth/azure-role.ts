// Roles of the `azure` method: their fields and what they bind. No login here.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalList } from '../fields.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

const BOUNDS = {
  bound_service_principal_ids: 'principals',
  bound_group_ids: 'groups',
  bound_subscription_ids: 'subscriptions',
  bound_resource_groups: 'resourceGroups',
  bound_locations: 'locations',
  bound_scale_sets: 'scaleSets',
} as const;

type Bound = (typeof BOUNDS)[keyof typeof BOUNDS];

/** A role. Empty lists bind nothing. */
export interface AzureRole extends Readonly<Record<Bound, readonly string[]>> {
  readonly token: TokenParams;
}

/** A role before its first write. */
export const FRESH_AZURE_ROLE: AzureRole = {
  principals: [],
  groups: [],
  subscriptions: [],
  resourceGroups: [],
  locations: [],
  scaleSets: [],
  token: NO_PARAMS,
};

/** The role after a write. Throws 400 for a role that binds nothing. */
export function changedAzureRole(before: AzureRole, body: Fields): AzureRole {
  const pairs = Object.entries(BOUNDS).map(([field, bound]) => [bound, optionalList(body, field) ?? before[bound]]);
  const role = {
    ...(Object.fromEntries(pairs) as Record<Bound, string[]>),
    token: readTokenParams(body, before.token),
  };
  if (Object.values(BOUNDS).every((bound) => role[bound].length === 0)) {
    throw fault(400, 'must have at least one bound constraint when creating/updating a role');
  }
  return role;
}

/** Whether a login must say which machine it comes from. */
export const bindsMachine = (role: AzureRole): boolean =>
  [role.subscriptions, role.resourceGroups, role.locations, role.scaleSets].some((list) => list.length > 0);

/** The answer to a read of the role. */
export function shownAzureRole(role: AzureRole): Fields {
  const bounds = Object.entries(BOUNDS).map(([field, bound]) => [field, [...role[bound]]]);
  return { ...(Object.fromEntries(bounds) as Fields), ...shownTokenParams(role.token) };
}
