// The keeper that writes the lease cache's entries to the journal, and hands them back at start. One record per entry, however often it is renewed
// (D-16); a change of the tree is marked in the turn it happens, so that it reaches the store as one batch (D-52).
import { RECORDS, type Journal, type JournalRecord } from '../../contracts/journal.js';
import type { Logger } from '../../sdk/index.js';
import { agentError, describeError } from '../../sdk/index.js';
import type { Entry } from '../entry.js';
import type { Keeper } from '../keeper.js';
import type { EntryRecord } from '../record.js';
import { encodeEntry, EntryDecoder } from './entry-codec.js';

/** The cache, as far as it is needed here. */
export interface RecordedCache {
  record(entry: Entry): EntryRecord;
  /** Takes all records in one call, in any order; those that do not come in are told to the keepers as removed. */
  restore(records: readonly EntryRecord[]): unknown;
}

const GONE = (): undefined => undefined;

/** What the keeper leaves out: with sharing, what was made with an identity's own token is in the shared records, which know more. */
export interface LeaseJournalOptions {
  readonly log: Logger;
  readonly sharesIdentities: boolean;
}

/** The keeper. Registers for the records of entries, so it must be made, and follow the cache, before the journal starts. */
export function leaseJournal(
  journal: Journal,
  cache: RecordedCache,
  { log, sharesIdentities }: LeaseJournalOptions,
): Keeper {
  const keyOf = ({ id }: Entry): string => RECORDS.entry + id;
  const mark = (entry: Entry): void => {
    if (entry.kind === 'identity' || (sharesIdentities && entry.parent?.kind === 'identity')) return;
    journal.mark(keyOf(entry), () => encodeEntry(cache.record(entry)), entry.life?.expiresAt);
  };
  let decoder = new EntryDecoder();
  const take = (records: readonly JournalRecord[]): void => {
    const read: EntryRecord[] = [];
    let odd = 0;
    for (const { key, value, made } of records) {
      const record = made === undefined ? decoder.decode(value) : (made as EntryRecord);
      const known = record !== undefined && key === RECORDS.entry + record.id;
      if (known && !(sharesIdentities && record.parent?.on === 'identity')) read.push(record);
      else journal.mark(key, GONE);
      if (!known) odd++;
    }
    decoder = new EntryDecoder();
    cache.restore(read);
    if (odd > 0) warnOdd(log, odd);
  };
  // decoded as they are read: the bytes of 100,000 at once would be the larger part of a restart's memory
  journal.onRestored(RECORDS.entry, take, ({ value }) => decoder.decode(value));
  return {
    added: mark,
    changed: mark,
    removed: (entries) => {
      for (const entry of entries) if (entry.kind !== 'identity') journal.mark(keyOf(entry), GONE);
    },
  };
}

function warnOdd(log: Logger, records: number): void {
  const error = agentError('CACHE_RESTORE_FAILED', { records, why: 'they are not entries of this version' });
  log.warn({ error: describeError(error) }, 'records of the cache store were skipped');
}
