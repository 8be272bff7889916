// What a `jwt` role asks of proven claims: bound claims, the user claim, mapped metadata. Pure; error texts are the server's.
import { audiencesOf } from './jwt-claims.js';
import type { Claims } from './jwt-claims.js';
import type { JwtRole } from './jwt-role.js';

/** The value of a claim by name or, with a leading slash, by JSON pointer (RFC 6901). */
export function claimAt(claims: Claims, name: string): unknown {
  if (!name.startsWith('/')) return claims[name];
  const steps = name.slice(1).split('/');
  return steps.reduce<unknown>((value, step) => below(value, step.replaceAll('~1', '/').replaceAll('~0', '~')), claims);
}

function below(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return value[Number(step)] as unknown;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
}

/** The first bound of the role that the claims break; undefined when they keep all. */
export function boundProblem(role: JwtRole, claims: Claims): string | undefined {
  if (role.boundAudiences.length === 0 && audiencesOf(claims).length > 0) {
    return 'audience claim found in JWT but no audiences bound to the role';
  }
  for (const [name, wanted] of Object.entries(role.boundClaims)) {
    const actual = claimAt(claims, name);
    if (actual === undefined) return `claim "${name}" is missing`;
    if (!meets(listOf(actual), listOf(wanted), role.boundClaimsType === 'glob')) {
      return `claim "${name}" does not match any associated bound claim values`;
    }
  }
  return undefined;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function meets(actual: readonly unknown[], wanted: readonly unknown[], glob: boolean): boolean {
  return actual.some((value) => wanted.some((want) => (glob ? globMatch(want, value) : want === value)));
}

function globMatch(pattern: unknown, value: unknown): boolean {
  if (typeof pattern !== 'string' || typeof value !== 'string') return false;
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value);
}

/** The text of the user claim, or what is wrong with it. */
export function userOf(role: JwtRole, claims: Claims): { user: string } | { problem: string } {
  const name = role.userClaim;
  const value = role.userClaimJsonPointer ? claimAt(claims, name) : claims[name];
  if (value === undefined) return { problem: `claim "${name}" not found in token` };
  return typeof value === 'string' ? { user: value } : { problem: `claim "${name}" could not be converted to string` };
}

/** What is wrong with the groups claim; undefined when none is asked for or it is a list. */
export function groupsProblem(role: JwtRole, claims: Claims): string | undefined {
  if (role.groupsClaim === '') return undefined;
  const groups = claimAt(claims, role.groupsClaim);
  if (groups === undefined) return `"${role.groupsClaim}" claim not found in token`;
  const texts = listOf(groups).every((group) => typeof group === 'string');
  return texts ? undefined : `"${role.groupsClaim}" claim could not be converted to string list`;
}

/** Metadata from `claim_mappings`; claims that are not there are left out. */
export function mappedMetadata(role: JwtRole, claims: Claims): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [claim, key] of Object.entries(role.claimMappings)) {
    const value = claimAt(claims, claim);
    if (value !== undefined && value !== null) out[key] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return out;
}
