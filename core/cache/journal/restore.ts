// Reads and unseals the records of a store, once. One bad record costs one record (D-50). It must not know what records mean.
import type { JournalRecord } from '../../contracts/journal.js';
import { AgentError, type CacheStore } from '../../sdk/index.js';
import type { Sealer } from '../keys/sealer.js';

/** What was found below the prefixes. */
export interface Restored {
  readonly records: ReadonlyMap<string, readonly JournalRecord[]>;
  /** Keys of records that could not be unsealed. */
  readonly bad: readonly string[];
  /** The store reported damage while it was read; there may be more than what was found. */
  readonly damage: AgentError | undefined;
}

/** What wants to look at a record before all are read: what it makes of it, so that the bytes are not needed any more. */
export type Early = (record: JournalRecord) => object | undefined;

const BREATH = 2_048;
const NO_BYTES = new Uint8Array(0);

/**
 * All records below `prefixes`, keys without the scope. Damage in the store ends the reading early with what was found; throws what else the store
 * throws, so that it can be read anew.
 */
export async function readRecords(
  { store, scope, sealer }: { readonly store: CacheStore; readonly scope: string; readonly sealer: Sealer },
  prefixes: Iterable<readonly [prefix: string, early?: Early | undefined]>,
): Promise<Restored> {
  const records = new Map<string, JournalRecord[]>();
  const bad: string[] = [];
  let damage: AgentError | undefined;
  let count = 0;
  for (const [prefix, early] of prefixes) {
    const found: JournalRecord[] = [];
    records.set(prefix, found);
    try {
      for await (const [stored, sealed] of store.entries(scope + prefix)) {
        const key = stored.slice(scope.length);
        const value = opened(sealer, stored, sealed);
        if (value === undefined) bad.push(key);
        else found.push(foundOf({ key, value }, early));
        // The agent may be serving meanwhile, when the store was locked or away at first.
        if (++count % BREATH === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'CACHE_STORE_CORRUPT') throw error;
      damage ??= error;
    }
  }
  return { records, bad, damage };
}

function foundOf(record: JournalRecord, early: Early | undefined): JournalRecord {
  const made = early?.(record);
  return made === undefined ? record : { key: record.key, value: NO_BYTES, made };
}

function opened(sealer: Sealer, key: string, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return sealer.open(key, sealed);
  } catch {
    return undefined;
  }
}
