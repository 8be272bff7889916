// How the lease cache and the sharing between agents work together: what the cache asks on a miss and before it gives a new answer out, and
// what the sharing may do with entries. It must not know which store is behind it.
import type { Exchange } from '../contracts/exchange.js';
import type { Entry } from './entry.js';
import type { EntryRecord } from './record.js';

/** A record that another agent issued. Its `keys` mean nothing here; `parent.token` is the other agent's, so that a new owner can renew it. */
export interface SharedRecord extends EntryRecord {
  /** When the parent token ends, as last told (wall clock ms); 0 for never or no parent. Nothing is served after that. */
  readonly parentExpiresAt: number;
  /** The parent token's accessor, so that a revocation by it is understood everywhere; absent or empty when it is not known. */
  readonly parentAccessor?: string;
  /** When an answer of the server last proved it to its owner (wall clock ms); absent: when it was stored. */
  readonly confirmedAt?: number;
}

/** Answers of other agents; option `shared` of createLeaseCache. Nothing in here rejects or throws. */
export interface SharedAnswers {
  /**
   * Asked on a miss, for requests with an identity's token only; equal requests ask once. `key` is the cache's own (first 43 characters: token and
   * namespace, see digestOfKey in key.ts: the rest is the hasher's digest, which tells requests apart). The cache adopts what comes as `foreign`.
   * Undefined at once when there is nothing to wait for.
   */
  seek(exchange: Exchange, key: string): Promise<SharedRecord | undefined> | undefined;
  /**
   * Called with an entry that has just been stored for an injected identity, before its answer is given out; `exchange.cacheKey` is set. Undefined:
   * ours stands (or the store is away). A record: another agent won the race; the cache adopts that one under the same key and revokes ours.
   */
  offer(entry: Entry, exchange: Exchange): Promise<SharedRecord | undefined>;
}

/** What another agent's renewal brought. */
export interface ForeignNews {
  readonly expiresAt: number;
  readonly parentExpiresAt?: number;
  readonly confirmedAt?: number;
  readonly renewable?: boolean;
  readonly incrementSeconds?: number;
  readonly renewals?: number;
}

/** What the sharing may do with the cache; LeaseCacheCore has it. Entries are named by the id of their record (Entry.id). */
export interface SharedCache {
  /**
   * Puts another agent's entry in (phase `foreign`: served, never renewed from here) and lets `key` point to it. Undefined when it has ended, or there
   * is no room. An entry with the same id, lease or token is updated instead.
   */
  adoptForeign(record: SharedRecord, key: string): Entry | undefined;
  /** The entry is ours from now on: its parent token is renewed first, when that is no identity's own here, then the lease, earliest deadline first. */
  takeOver(entry: Entry): void;
  /** The owner renewed it. Harmless when the entry is not here or not foreign. The entry is no longer suspect. */
  updateForeign(id: string, news: ForeignNews): void;
  /** When the token that an entry hangs on ends (wall clock ms); 0 for never, or when it hangs on none. */
  parentExpiresAt(entry: Entry): number;
  /** The entry was revoked or ended elsewhere: removed here with what hangs on it (metric reason `shared`). True when it was here. */
  evictShared(id: string): boolean;
  /** Entries that `filter` chooses are looked up at the server before their next hit. The result is how many. */
  suspectAll(filter: (entry: Entry) => boolean): number;
}
