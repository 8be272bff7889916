// What the caches may ask of the journal: records that outlive the process. Nobody waits for it unless `sync = "always"`.

/** One record as it was read at start, unsealed. */
export interface JournalRecord {
  readonly key: string;
  readonly value: Uint8Array;
  /** What `early` made of the bytes, which are not here then. */
  readonly made?: object | undefined;
}

/** Prefixes of record keys, so that nobody takes another's: leases and tokens, static secrets, identities' tokens, state of components. */
export const RECORDS = { entry: 'e/', static: 's/', identity: 'i/', state: 'p/' } as const;

/**
 * The journal of one agent. It may open late: a store that is away, or one whose key needs a login. Until then marks are kept in memory, and
 * records are handed over once, when they have been read. It never throws.
 */
export interface Journal {
  /**
   * A record has changed. `encode` is called when it is written, some time later, at most once for many marks; undefined means that the record
   * is deleted.
   */
  mark(key: string, encode: () => Uint8Array | undefined, expiresAt?: number): void;
  /** With `sync = "always"`: resolves when everything marked so far is on disk, or when that is given up. Otherwise undefined. */
  settled(): Promise<void> | undefined;
  /**
   * `take` gets the records below a prefix once, when they have been read. Register before the start. `early` may look at each record while the store
   * is still being read, perhaps more than once; what it makes of a record is handed over instead of its bytes, so that they need not be kept.
   */
  onRestored(
    prefix: string,
    take: (records: readonly JournalRecord[]) => void,
    early?: (record: JournalRecord) => object | undefined,
  ): void;
  /** Everything below a prefix is to go (cache-clear `all`). */
  clear(prefix: string): void;
}
