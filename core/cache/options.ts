// What a lease cache is made of, and what it offers beyond the contract to those who start the agent.
import type { Clock, RequestHasher, Secret, Vault } from '../sdk/index.js';
import type { PathPolicy } from '../contracts/agent-config.js';
import type { LeaseCache } from '../contracts/lease-cache.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { Random } from '../vault/lifetime.js';
import type { Entry } from './entry.js';
import type { Keeper } from './keeper.js';
import type { EntryRecord } from './record.js';
import type { Room } from './room.js';
import type { SharedAnswers, SharedCache } from './shared-answers.js';

/** A GET that is to be asked anew in the background; the answer goes to `remember` under `key`, and not through `recall`, which still has the old one. */
export interface Refetch {
  readonly method: 'GET';
  readonly path: string;
  readonly query: string;
  readonly namespace: string;
  /** As received from the client, its token header among them. */
  readonly headers: readonly string[];
  readonly identity: string | undefined;
  readonly token: Secret | undefined;
  readonly key: string;
}

/** What a lease cache is made of. Limits that are left out do not limit. */
export interface LeaseCacheOptions {
  readonly hasher: RequestHasher;
  /** Client for renewals, governed. */
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: LogRoot;
  readonly metrics: Metrics;
  readonly random: Random;
  /** `compat.verbatim_hits`: hits repeat the original seconds. */
  readonly verbatimHits: boolean;
  /** Configured namespace, in which the identities' tokens live; default the root. */
  readonly namespace?: string;
  /** Prefix of logger names: `agent` or `proxy`; default `agent`. */
  readonly product?: string;
  /** A client revoked the token of an identity through the agent: it should log in anew (D-15). */
  readonly onIdentityRevoked?: (token: Secret) => void;
  /** Shared with the cache of static secrets, which gives way. */
  readonly room?: Room;
  /** Percent of the room for the secrets of one client token; default 100. */
  readonly maxSharePerToken?: number;
  /** Requests per second and path after a refused admission; default 0, no limit. */
  readonly refusedIssueRate?: number;
  /** Entries that nothing confirmed for so long are looked up before their next hit; default 0, never. */
  readonly revalidateAfterMs?: number;
  /** Cached logins older than this are not given out; default 0, no bound. */
  readonly loginMaxAgeMs?: number;
  /** False: nothing dynamic is cached. */
  readonly dynamic?: boolean;
  readonly paths?: readonly PathPolicy[];
  readonly refetch?: (request: Refetch) => void;
  readonly shared?: SharedAnswers;
  /** `Journal.settled`: what a client has to wait for before it gets its answer. */
  readonly settled?: () => Promise<void> | undefined;
  /** `Sharing.buried`: what a client that revoked something has to wait for. */
  readonly buried?: () => Promise<void> | undefined;
}

/** The lease cache as boot sees it. */
export interface LeaseCacheCore extends LeaseCache, SharedCache {
  /** From now on `keeper` is told of each change. Entries held already are not told. */
  follow(keeper: Keeper): void;
  /**
   * Takes the records of an earlier run, in any order. What hangs on an identity's token waits for `adopt` of that very token. The result is how many
   * are in or wait; the others are told to the keepers as removed. Everything restored is looked up before its first hit.
   */
  restore(records: readonly EntryRecord[]): number;
  /** What of an entry outlives the process. Secrets are in it. Do not call it for entries of kind `identity`. */
  record(entry: Entry): EntryRecord;
}
