// The roles of `auth/token/roles`: what they hold, how they are shown, and which policies they let a token have.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalFlag, optionalList, optionalNumber, optionalText } from '../fields.js';
import { wholeSeconds } from '../wire/moment.js';
import { cleanPolicies } from './issue-token.js';

/** One role. Durations in milliseconds. */
export interface TokenRole {
  readonly name: string;
  readonly allowedPolicies: readonly string[];
  readonly disallowedPolicies: readonly string[];
  readonly allowedGlobs: readonly string[];
  readonly disallowedGlobs: readonly string[];
  readonly orphan: boolean;
  readonly renewable: boolean;
  readonly periodMs: number;
  readonly explicitMaxTtlMs: number;
  readonly numUses: number;
  readonly pathSuffix: string;
  readonly type: string;
  readonly boundCidrs: readonly string[];
  readonly noDefaultPolicy: boolean;
}

/** The role after a write; what the body leaves out stays. */
export function readRole(name: string, body: Fields, old: TokenRole | undefined): TokenRole {
  const list = (field: string, before: readonly string[] | undefined): readonly string[] =>
    optionalList(body, field) ?? before ?? [];
  return {
    name,
    allowedPolicies: list('allowed_policies', old?.allowedPolicies),
    disallowedPolicies: list('disallowed_policies', old?.disallowedPolicies),
    allowedGlobs: list('allowed_policies_glob', old?.allowedGlobs),
    disallowedGlobs: list('disallowed_policies_glob', old?.disallowedGlobs),
    orphan: optionalFlag(body, 'orphan') ?? old?.orphan ?? false,
    renewable: optionalFlag(body, 'renewable') ?? old?.renewable ?? true,
    periodMs: optionalDuration(body, 'token_period') ?? optionalDuration(body, 'period') ?? old?.periodMs ?? 0,
    explicitMaxTtlMs:
      optionalDuration(body, 'token_explicit_max_ttl') ??
      optionalDuration(body, 'explicit_max_ttl') ??
      old?.explicitMaxTtlMs ??
      0,
    numUses: optionalNumber(body, 'token_num_uses') ?? old?.numUses ?? 0,
    pathSuffix: optionalText(body, 'path_suffix') ?? old?.pathSuffix ?? '',
    type: optionalText(body, 'token_type') ?? old?.type ?? 'default-service',
    boundCidrs: list('token_bound_cidrs', old?.boundCidrs),
    noDefaultPolicy: optionalFlag(body, 'token_no_default_policy') ?? old?.noDefaultPolicy ?? false,
  };
}

/** A role as a read shows it. */
export function describeRole(role: TokenRole): Fields {
  return {
    allowed_entity_aliases: null,
    allowed_policies: role.allowedPolicies,
    allowed_policies_glob: role.allowedGlobs,
    disallowed_policies: role.disallowedPolicies,
    disallowed_policies_glob: role.disallowedGlobs,
    explicit_max_ttl: wholeSeconds(role.explicitMaxTtlMs),
    name: role.name,
    orphan: role.orphan,
    path_suffix: role.pathSuffix,
    period: wholeSeconds(role.periodMs),
    renewable: role.renewable,
    token_bound_cidrs: role.boundCidrs,
    token_explicit_max_ttl: wholeSeconds(role.explicitMaxTtlMs),
    token_no_default_policy: role.noDefaultPolicy,
    token_num_uses: role.numUses,
    token_period: wholeSeconds(role.periodMs),
    token_type: role.type,
  };
}

/** Policies of a token made by a role. Throws 400 for policies that the role does not let it have. */
export function policiesByRole(role: TokenRole, wanted: readonly string[], parent: readonly string[]): string[] {
  const listed = role.allowedPolicies.length > 0 || role.allowedGlobs.length > 0;
  const chosen = wanted.length > 0 ? wanted : listed ? role.allowedPolicies : parent;
  const policies = cleanPolicies(chosen, !role.noDefaultPolicy);
  for (const name of policies) {
    const allowed = name === 'default' || !listed || inList(name, role.allowedPolicies, role.allowedGlobs);
    if (!allowed || inList(name, role.disallowedPolicies, role.disallowedGlobs)) {
      throw fault(400, allowed ? `token policy "${name}" is disallowed by this role` : notSubset(policies));
    }
  }
  return policies;
}

function notSubset(policies: readonly string[]): string {
  return `token policies (${JSON.stringify(policies)}) must be subset of the role's allowed policies`;
}

function inList(name: string, names: readonly string[], globs: readonly string[]): boolean {
  return (
    names.includes(name) ||
    globs.some((glob) => {
      const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
      return new RegExp(`^${parts.join('.*')}$`).test(name);
    })
  );
}
