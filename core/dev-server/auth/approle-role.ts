// One AppRole role: what it holds, what a write changes, what a read shows. It knows neither secret ids nor logins.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalFlag, optionalList, optionalNumber, optionalText } from '../fields.js';
import { isCidr } from './cidr.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** A role. Durations in milliseconds; zero means without limit. */
export interface AppRole {
  readonly name: string;
  readonly roleId: string;
  readonly bindSecretId: boolean;
  readonly localSecretIds: boolean;
  readonly secretIdBoundCidrs: readonly string[] | null;
  readonly secretIdNumUses: number;
  readonly secretIdTtlMs: number;
  readonly token: TokenParams;
}

/** A role before its first write. */
export function freshRole(name: string, roleId: string): AppRole {
  return {
    name,
    roleId,
    bindSecretId: true,
    localSecretIds: false,
    secretIdBoundCidrs: null,
    secretIdNumUses: 0,
    secretIdTtlMs: 0,
    token: NO_PARAMS,
  };
}

/** The role after a write. Throws 400 for values the server refuses. */
export function changedRole(before: AppRole, body: Fields): AppRole {
  const cidrs = optionalList(body, 'secret_id_bound_cidrs') ?? optionalList(body, 'bound_cidr_list');
  const role: AppRole = {
    name: before.name,
    roleId: optionalText(body, 'role_id') ?? before.roleId,
    bindSecretId: optionalFlag(body, 'bind_secret_id') ?? before.bindSecretId,
    localSecretIds: optionalFlag(body, 'local_secret_ids') ?? before.localSecretIds,
    secretIdBoundCidrs: cidrs ?? before.secretIdBoundCidrs,
    secretIdNumUses: optionalNumber(body, 'secret_id_num_uses') ?? before.secretIdNumUses,
    secretIdTtlMs: optionalDuration(body, 'secret_id_ttl') ?? before.secretIdTtlMs,
    token: readTokenParams(body, before.token),
  };
  check(role);
  return role;
}

function check(role: AppRole): void {
  if (role.roleId === '') throw fault(400, 'role_id cannot be empty');
  if (role.secretIdNumUses < 0) throw fault(400, 'secret_id_num_uses cannot be negative');
  if (!(role.secretIdBoundCidrs ?? []).every(isCidr)) throw fault(400, 'invalid CIDR blocks');
  const bound = role.bindSecretId || (role.secretIdBoundCidrs ?? []).length > 0 || role.token.boundCidrs.length > 0;
  if (!bound) throw fault(400, 'at least one constraint should be enabled on the role');
}

/** The answer to a read of the role. */
export function shownRole(role: AppRole): Fields {
  return {
    bind_secret_id: role.bindSecretId,
    local_secret_ids: role.localSecretIds,
    secret_id_bound_cidrs: role.secretIdBoundCidrs,
    secret_id_num_uses: role.secretIdNumUses,
    secret_id_ttl: role.secretIdTtlMs / 1000,
    ...shownTokenParams(role.token),
  };
}
