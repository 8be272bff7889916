// One role of the `jwt` method: reading and showing its fields. Field names and refusals follow the server; no login here.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalFlag, optionalList, optionalText, optionalTextMap } from '../fields.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** A role. Leeways in milliseconds: 0 means the default, negative means none. */
export interface JwtRole {
  readonly roleType: string;
  readonly userClaim: string;
  readonly userClaimJsonPointer: boolean;
  readonly groupsClaim: string;
  readonly boundAudiences: readonly string[];
  readonly boundSubject: string;
  readonly boundClaims: Readonly<Record<string, unknown>>;
  readonly boundClaimsType: string;
  readonly claimMappings: Readonly<Record<string, string>>;
  readonly expirationLeewayMs: number;
  readonly notBeforeLeewayMs: number;
  readonly clockSkewLeewayMs: number;
  readonly allowedRedirectUris: readonly string[];
  readonly token: TokenParams;
}

/** A role before its first write. */
export const FRESH_JWT_ROLE: JwtRole = {
  roleType: 'oidc',
  userClaim: '',
  userClaimJsonPointer: false,
  groupsClaim: '',
  boundAudiences: [],
  boundSubject: '',
  boundClaims: {},
  boundClaimsType: 'string',
  claimMappings: {},
  expirationLeewayMs: 0,
  notBeforeLeewayMs: 0,
  clockSkewLeewayMs: 0,
  allowedRedirectUris: [],
  token: NO_PARAMS,
};

/** The role after a write. Throws 400 for what the server refuses. */
export function changedJwtRole(before: JwtRole, body: Fields): JwtRole {
  const role: JwtRole = {
    roleType: optionalText(body, 'role_type') ?? before.roleType,
    userClaim: optionalText(body, 'user_claim') ?? before.userClaim,
    userClaimJsonPointer: optionalFlag(body, 'user_claim_json_pointer') ?? before.userClaimJsonPointer,
    groupsClaim: optionalText(body, 'groups_claim') ?? before.groupsClaim,
    boundAudiences: optionalList(body, 'bound_audiences') ?? before.boundAudiences,
    boundSubject: optionalText(body, 'bound_subject') ?? before.boundSubject,
    boundClaims: objectField(body, 'bound_claims') ?? before.boundClaims,
    boundClaimsType: optionalText(body, 'bound_claims_type') ?? before.boundClaimsType,
    claimMappings: optionalTextMap(body, 'claim_mappings') ?? before.claimMappings,
    expirationLeewayMs: optionalDuration(body, 'expiration_leeway') ?? before.expirationLeewayMs,
    notBeforeLeewayMs: optionalDuration(body, 'not_before_leeway') ?? before.notBeforeLeewayMs,
    clockSkewLeewayMs: optionalDuration(body, 'clock_skew_leeway') ?? before.clockSkewLeewayMs,
    allowedRedirectUris: optionalList(body, 'allowed_redirect_uris') ?? before.allowedRedirectUris,
    token: readTokenParams(body, before.token),
  };
  check(role);
  return role;
}

function check(role: JwtRole): void {
  if (role.roleType !== 'jwt' && role.roleType !== 'oidc') throw fault(400, `invalid 'role_type': ${role.roleType}`);
  if (role.userClaim === '') throw fault(400, 'a user claim must be defined on the role');
  if (!['string', 'glob'].includes(role.boundClaimsType)) {
    throw fault(400, `invalid 'bound_claims_type': ${role.boundClaimsType}`);
  }
  if (role.roleType === 'oidc') {
    if (role.allowedRedirectUris.length > 0) return;
    throw fault(400, "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.");
  }
  const bounds = [role.boundAudiences, Object.keys(role.boundClaims), role.token.boundCidrs];
  if (role.boundSubject !== '' || bounds.some((bound) => bound.length > 0)) return;
  throw fault(400, 'must have at least one bound constraint when creating/updating a role');
}

function objectField(body: Fields, name: string): Record<string, unknown> | undefined {
  const value = body[name];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}

/** The answer to a read of the role. */
export function shownJwtRole(role: JwtRole): Fields {
  return {
    allowed_redirect_uris: nullable(role.allowedRedirectUris),
    bound_audiences: nullable(role.boundAudiences),
    bound_claims: Object.keys(role.boundClaims).length === 0 ? null : role.boundClaims,
    bound_claims_type: role.boundClaimsType,
    bound_subject: role.boundSubject,
    claim_mappings: Object.keys(role.claimMappings).length === 0 ? null : role.claimMappings,
    clock_skew_leeway: role.clockSkewLeewayMs / 1000,
    expiration_leeway: role.expirationLeewayMs / 1000,
    groups_claim: role.groupsClaim,
    max_age: 0,
    not_before_leeway: role.notBeforeLeewayMs / 1000,
    oidc_scopes: null,
    role_type: role.roleType,
    user_claim: role.userClaim,
    user_claim_json_pointer: role.userClaimJsonPointer,
    verbose_oidc_logging: false,
    ...shownTokenParams(role.token),
  };
}

function nullable(list: readonly string[]): string[] | null {
  return list.length === 0 ? null : [...list];
}
