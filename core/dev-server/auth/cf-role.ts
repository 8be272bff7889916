// One role of the `cf` method: reading, showing, and whether a certificate keeps its bounds. No login here.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalFlag, optionalList } from '../fields.js';
import type { InstanceFacts } from './cf-instance.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** A role. Empty lists bind nothing. */
export interface CfRole {
  readonly apps: readonly string[];
  readonly spaces: readonly string[];
  readonly organizations: readonly string[];
  readonly instances: readonly string[];
  readonly disableIpMatching: boolean;
  readonly token: TokenParams;
}

/** A role before its first write. */
export const FRESH_CF_ROLE: CfRole = {
  apps: [],
  spaces: [],
  organizations: [],
  instances: [],
  disableIpMatching: false,
  token: NO_PARAMS,
};

/** The role after a write. Throws 400. */
export function changedCfRole(before: CfRole, body: Fields): CfRole {
  return {
    apps: optionalList(body, 'bound_application_ids') ?? before.apps,
    spaces: optionalList(body, 'bound_space_ids') ?? before.spaces,
    organizations: optionalList(body, 'bound_organization_ids') ?? before.organizations,
    instances: optionalList(body, 'bound_instance_ids') ?? before.instances,
    disableIpMatching: optionalFlag(body, 'disable_ip_matching') ?? before.disableIpMatching,
    token: readTokenParams(body, before.token),
  };
}

/** The answer to a read of the role. */
export function shownCfRole(role: CfRole): Fields {
  return {
    bound_application_ids: [...role.apps],
    bound_space_ids: [...role.spaces],
    bound_organization_ids: [...role.organizations],
    bound_instance_ids: [...role.instances],
    disable_ip_matching: role.disableIpMatching,
    ...shownTokenParams(role.token),
  };
}

/** Refuses, with 400, an instance outside the bounds or at another address than its certificate says. */
export function checkCfBounds(role: CfRole, instance: InstanceFacts, remoteAddress: string): void {
  if (!role.disableIpMatching && instance.address !== remoteAddress) throw fault(400, 'no matching IP address');
  checkBound('instance', instance.instanceId, role.instances);
  checkBound('app', instance.appId, role.apps);
  checkBound('org', instance.orgId, role.organizations);
  checkBound('space', instance.spaceId, role.spaces);
}

function checkBound(what: string, id: string, allowed: readonly string[]): void {
  if (allowed.length === 0 || allowed.includes(id)) return;
  throw fault(400, `${what} ID ${id} doesn't match role constraints of [${allowed.join(' ')}]`);
}
