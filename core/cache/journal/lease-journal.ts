// The keeper that writes the lease cache's entries to the journal, and hands them back at start. One record per entry, however often it is renewed
// (D-16); a change of the tree is marked in the turn it happens, so that it reaches the store as one batch (D-52).
import { RECORDS, type Journal } from '../../contracts/journal.js';
import type { Logger } from '../../sdk/index.js';
import { agentError, describeError } from '../../sdk/index.js';
import type { Entry } from '../entry.js';
import type { Keeper } from '../keeper.js';
import type { EntryRecord } from '../record.js';
import { decodeEntry, encodeEntry } from './entry-codec.js';

/** The cache, as far as it is needed here. */
export interface RecordedCache {
  record(entry: Entry): EntryRecord;
  /** Takes all records in one call, in any order; those that do not come in are told to the keepers as removed. */
  restore(records: readonly EntryRecord[]): unknown;
}

const GONE = (): undefined => undefined;

/** The keeper. Registers for the records of entries, so it must be made, and follow the cache, before the journal starts. */
export function leaseJournal(journal: Journal, cache: RecordedCache, log: Logger): Keeper {
  const keyOf = ({ id }: Entry): string => RECORDS.entry + id;
  const mark = (entry: Entry): void => {
    if (entry.kind === 'identity') return;
    journal.mark(keyOf(entry), () => encodeEntry(cache.record(entry)), entry.life?.expiresAt);
  };
  journal.onRestored(RECORDS.entry, (records) => {
    const read: EntryRecord[] = [];
    for (const { key, value } of records) {
      const record = decodeEntry(value);
      if (record !== undefined && key === RECORDS.entry + record.id) read.push(record);
      else journal.mark(key, GONE);
    }
    cache.restore(read);
    if (read.length < records.length) warnOdd(log, records.length - read.length);
  });
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
