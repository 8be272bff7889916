// The `token_*` fields that every role, user and certificate shares: reading, showing, and what they mean for a login.
// Names, defaults and error texts follow the server's shared token parameters; it knows no auth method.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, BackendRequest, Fields, Terms } from '../backend.js';
import { optionalDuration, optionalFlag, optionalList, optionalNumber, optionalText } from '../fields.js';
import { cidrsContain, isCidr, shownCidr } from './cidr.js';

/** Parsed `token_*` fields; durations in milliseconds. */
export interface TokenParams {
  readonly boundCidrs: readonly string[];
  readonly explicitMaxTtlMs: number;
  readonly maxTtlMs: number;
  readonly noDefaultPolicy: boolean;
  readonly numUses: number;
  readonly periodMs: number;
  readonly policies: readonly string[];
  readonly strictlyBindIp: boolean;
  readonly ttlMs: number;
  readonly type: string;
}

/** What a role has before anything is set. */
export const NO_PARAMS: TokenParams = {
  boundCidrs: [],
  explicitMaxTtlMs: 0,
  maxTtlMs: 0,
  noDefaultPolicy: false,
  numUses: 0,
  periodMs: 0,
  policies: [],
  strictlyBindIp: false,
  ttlMs: 0,
  type: 'default',
};

/** The parameters after a write: what the body names, the rest as before. Old names without `token_` count too. Throws 400. */
export function readTokenParams(body: Fields, before: TokenParams = NO_PARAMS): TokenParams {
  const duration = (name: string) => optionalDuration(body, `token_${name}`) ?? optionalDuration(body, name);
  const policies = optionalList(body, 'token_policies') ?? optionalList(body, 'policies');
  const params: TokenParams = {
    boundCidrs: optionalList(body, 'token_bound_cidrs') ?? optionalList(body, 'bound_cidrs') ?? before.boundCidrs,
    explicitMaxTtlMs: optionalDuration(body, 'token_explicit_max_ttl') ?? before.explicitMaxTtlMs,
    maxTtlMs: duration('max_ttl') ?? before.maxTtlMs,
    noDefaultPolicy: optionalFlag(body, 'token_no_default_policy') ?? before.noDefaultPolicy,
    numUses: optionalNumber(body, 'token_num_uses') ?? before.numUses,
    periodMs: duration('period') ?? before.periodMs,
    policies: policies === undefined ? before.policies : cleanPolicies(policies),
    strictlyBindIp: optionalFlag(body, 'token_strictly_bind_ip') ?? before.strictlyBindIp,
    ttlMs: duration('ttl') ?? before.ttlMs,
    type: optionalText(body, 'token_type') ?? before.type,
  };
  check(params);
  return { ...params, type: params.type === '' ? 'default' : params.type };
}

function cleanPolicies(policies: readonly string[]): string[] {
  return [...new Set(policies.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))].sort();
}

function check(params: TokenParams): void {
  const bad = params.boundCidrs.find((cidr) => !isCidr(cidr));
  if (bad !== undefined) throw fault(400, `error parsing address "${bad}": Unable to convert ${bad} to an IPAddr`);
  if (params.ttlMs < 0) throw fault(400, "'token_ttl' cannot be negative");
  if (params.maxTtlMs < 0) throw fault(400, "'token_max_ttl' cannot be negative");
  if (params.maxTtlMs > 0 && params.ttlMs > params.maxTtlMs) {
    throw fault(400, "'token_ttl' cannot be greater than 'token_max_ttl'");
  }
  if (params.periodMs < 0) throw fault(400, "'token_period' cannot be negative");
  if (params.numUses < 0) throw fault(400, "'token_num_uses' cannot be negative");
  checkType(params);
}

function checkType(params: TokenParams): void {
  if (!['', 'default', 'service', 'batch'].includes(params.type)) {
    throw fault(400, `invalid 'token_type' value "${params.type}"`);
  }
  if (params.type !== 'batch') return;
  const start = "'token_type' cannot be 'batch' or 'default_batch' when set to generate";
  if (params.periodMs !== 0) throw fault(400, `${start} periodic tokens`);
  if (params.numUses !== 0) throw fault(400, `${start} tokens with limited use count`);
}

/** The fields as a role read shows them; durations in seconds. */
export function shownTokenParams(params: TokenParams): Fields {
  return {
    token_bound_cidrs: params.boundCidrs.map(shownCidr),
    token_explicit_max_ttl: params.explicitMaxTtlMs / 1000,
    token_max_ttl: params.maxTtlMs / 1000,
    token_no_default_policy: params.noDefaultPolicy,
    token_num_uses: params.numUses,
    token_period: params.periodMs / 1000,
    token_policies: [...params.policies],
    token_strictly_bind_ip: params.strictlyBindIp,
    token_ttl: params.ttlMs / 1000,
    token_type: params.type,
  };
}

/** The part of a login's order that the parameters decide. */
export function orderOf(params: TokenParams, remoteAddress: string): Omit<AuthOrder, 'displayName'> {
  return {
    policies: params.policies,
    noDefaultPolicy: params.noDefaultPolicy,
    ttlMs: params.ttlMs,
    maxTtlMs: params.maxTtlMs,
    explicitMaxTtlMs: params.explicitMaxTtlMs,
    periodMs: params.periodMs,
    numUses: params.numUses,
    tokenType: params.type,
    boundCidrs: params.strictlyBindIp ? [remoteAddress] : params.boundCidrs,
  };
}

/** The terms a renewal gets from the parameters as they are now. */
export function termsOf(params: TokenParams): Terms {
  return { ttlMs: params.ttlMs, maxTtlMs: params.maxTtlMs, periodMs: params.periodMs };
}

/** Refuses a login from outside `token_bound_cidrs`: 403 `permission denied`. */
export function checkSource(params: TokenParams, request: BackendRequest): void {
  if (params.boundCidrs.length === 0 || cidrsContain(params.boundCidrs, request.remoteAddress)) return;
  throw fault(403, 'permission denied');
}

/** Refuses the renewal of a token whose owner has other policies by now: 500, as the server does. */
export function checkSamePolicies(params: TokenParams, auth: AuthView): void {
  const wanted = new Set([...params.policies, ...(params.noDefaultPolicy ? [] : ['default'])]);
  const same = auth.policies.length === wanted.size && auth.policies.every((name) => wanted.has(name));
  if (!same) throw fault(500, 'policies have changed, not renewing');
}
