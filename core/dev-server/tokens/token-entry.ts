// What the server knows of one token, and the two ways it is shown: the `auth` block and the answer of a lookup.
import type { Fields, TokenView } from '../backend.js';
import type { Namespace } from '../mounts/namespaces.js';
import type { Mounted } from '../mounts/mounted.js';
import type { AuthBlock, Envelope } from '../wire/envelope.js';
import { moment, wholeSeconds } from '../wire/moment.js';

/** A response that waits behind a wrapping token. */
export interface Wrapped {
  readonly envelope: Envelope;
  readonly text: string;
  readonly creationPath: string;
  readonly ttlMs: number;
}

/** One token. Durations in milliseconds, zero means none. */
export interface TokenEntry {
  readonly id: string;
  readonly accessor: string;
  readonly type: 'service' | 'batch';
  readonly displayName: string;
  readonly policies: readonly string[];
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly entityId: string;
  readonly namespace: Namespace;
  readonly path: string;
  /** Id of the parent; undefined for orphans (revoke-orphan cuts it). */
  parent: string | undefined;
  readonly orphan: boolean;
  readonly role: string | undefined;
  readonly createdAtMs: number;
  readonly creationTtlMs: number;
  /** The lifetime that a renewal without an increment gives. */
  ttlMs: number;
  readonly maxTtlMs: number;
  readonly explicitMaxTtlMs: number;
  readonly periodMs: number;
  readonly renewable: boolean;
  readonly boundCidrs: readonly string[];
  /** 0: unlimited; -1: spent. */
  numUses: number;
  /** Undefined: never. */
  expiresAtMs: number | undefined;
  renewedAtMs: number | undefined;
  /** The auth mount that issued it (renewals ask it). */
  readonly issuer: Mounted | undefined;
  readonly internal: Fields;
  readonly wrapped?: Wrapped | undefined;
  /** The token's own room. */
  readonly cubbyhole: Map<string, Fields>;
}

/** A token as backends see it. */
export function tokenView(entry: TokenEntry): TokenView {
  const { id, accessor, type, displayName, policies, metadata, entityId, path } = entry;
  return { id, accessor, type, displayName, policies, metadata, entityId, path, namespace: entry.namespace.path };
}

/** The `auth` member for a token. `ttlMs` is its lifetime from now on. */
export function authBlock(entry: TokenEntry, ttlMs: number, identityPolicies: readonly string[]): AuthBlock {
  const all = [...new Set([...entry.policies, ...identityPolicies])].sort();
  return {
    client_token: entry.id,
    accessor: entry.accessor,
    policies: all,
    ...(entry.policies.length === 0 ? {} : { token_policies: entry.policies }),
    ...(identityPolicies.length === 0 ? {} : { identity_policies: identityPolicies }),
    metadata: entry.metadata ?? null,
    lease_duration: Math.round(ttlMs / 1000),
    renewable: entry.renewable,
    entity_id: entry.entityId,
    token_type: entry.type,
    orphan: entry.orphan,
    mfa_requirement: null,
    num_uses: Math.max(0, entry.numUses),
  };
}

/** The `auth` member of a login that waits for its second factor: no token. */
export function waitingBlock(requirement: Fields): AuthBlock {
  return {
    client_token: '',
    accessor: '',
    policies: null,
    metadata: null,
    lease_duration: 0,
    renewable: false,
    entity_id: '',
    token_type: 'default',
    orphan: false,
    mfa_requirement: requirement,
    num_uses: 0,
  };
}

/** `data` of the lookups. */
export function lookupData(entry: TokenEntry, nowMs: number, identityPolicies: readonly string[]): Fields {
  const expires = entry.expiresAtMs;
  return {
    accessor: entry.accessor,
    creation_time: wholeSeconds(entry.createdAtMs),
    creation_ttl: wholeSeconds(entry.creationTtlMs),
    display_name: entry.displayName,
    entity_id: entry.entityId,
    expire_time: expires === undefined ? null : moment(expires),
    explicit_max_ttl: wholeSeconds(entry.explicitMaxTtlMs),
    id: entry.id,
    issue_time: moment(entry.createdAtMs),
    meta: entry.metadata ?? null,
    num_uses: entry.numUses,
    orphan: entry.orphan,
    path: entry.path,
    policies: entry.policies,
    renewable: entry.renewable,
    ttl: expires === undefined ? 0 : wholeSeconds(expires - nowMs),
    type: entry.type,
    ...optionalFacts(entry, identityPolicies),
  };
}

function optionalFacts(entry: TokenEntry, identityPolicies: readonly string[]): Fields {
  return {
    ...(entry.namespace.path === '' ? {} : { namespace_path: entry.namespace.path }),
    ...(identityPolicies.length === 0 ? {} : { identity_policies: identityPolicies }),
    ...(entry.periodMs > 0 ? { period: wholeSeconds(entry.periodMs) } : {}),
    ...(entry.role === undefined ? {} : { role: entry.role }),
    ...(entry.boundCidrs.length === 0 ? {} : { bound_cidrs: entry.boundCidrs }),
    ...(entry.renewedAtMs === undefined
      ? {}
      : { last_renewal: moment(entry.renewedAtMs), last_renewal_time: wholeSeconds(entry.renewedAtMs) }),
  };
}
