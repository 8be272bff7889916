// The store without its life in the agent: records in segments, found by a table in memory, rewritten when more than half is dead.
// It must not know settings or locks.
import { failureText, type Clock, type Logger, type StoreWrite } from 'claviger/sdk';
import { compact, removeSegments } from './compaction.js';
import type { Disk } from './disk.js';
import type { Outcome } from './draft.js';
import { readFault, writeFault } from './faults.js';
import { markerFrame } from './frame.js';
import { openFolder, type Opened } from './opening.js';
import { readGroups, readPlace } from './reading.js';
import type { Segment } from './segment.js';
import { Table, type Place } from './table.js';
import { Writer } from './writer.js';

/** Below so many dead bytes the store is not rewritten, unless told otherwise. */
const LEAST_DEAD_BYTES = 1024 * 1024;
/** Time, in ms, until a rewrite that failed is tried again. */
const COMPACT_AGAIN_MS = 60_000;

/** What the journal works with. */
export interface JournalParts {
  readonly disk: Disk;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects while nothing may be written. */
  readonly mayWrite: () => Promise<void>;
  /** Below so many dead bytes nothing is rewritten; default 1 MiB. */
  readonly leastDeadBytes?: number;
}

/** An open journal. Methods reject with CACHE_STORE_FULL, CACHE_STORE_UNAVAILABLE or what `mayWrite` rejects with. */
export class Journal {
  readonly #parts: JournalParts;
  readonly #table: Table;
  readonly #segments: Segment[];
  readonly #writer: Writer;
  #compaction: Promise<void> | undefined;
  #stopCompaction = new AbortController();
  #mustCompact = false;
  #notBefore = -Infinity;
  #closing = false;

  private constructor(parts: JournalParts, { segments, places, stand }: Opened) {
    this.#parts = parts;
    this.#segments = [...segments];
    this.#table = new Table(parts.clock);
    for (const place of places) this.#table.set(place);
    const { clock, mayWrite } = parts;
    const written = (outcomes: readonly Outcome[]): void => this.#written(outcomes);
    const syncFailed = (error: unknown): void => this.#syncFailed(error);
    this.#writer = new Writer({ clock, mayWrite, written, syncFailed }, segments.at(-1)!, stand);
  }

  /** Opens the journal in a folder that nobody else uses. */
  static async open(parts: JournalParts): Promise<Journal> {
    return new Journal(parts, await openFolder(parts.disk, parts.folder, parts.log));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const place = this.#table.get(key);
    if (place === undefined) return undefined;
    const value = await this.#reading(readPlace(place));
    if (value === undefined) this.#drop(place);
    return value;
  }

  async *entries(prefix: string): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    const places = this.#table.placesOf(prefix);
    const { changes } = this.#table;
    const held = [...this.#segments];
    for (const segment of held) segment.hold();
    try {
      const groups = readGroups(places);
      for (let group = await this.#reading(groups.next()); !group.done; group = await this.#reading(groups.next())) {
        for (const [place, value] of group.value) {
          const now = this.#table.changes === changes ? place : this.#table.get(place.key);
          if (now === undefined) continue;
          const current = now.seq === place.seq ? value : await this.get(place.key);
          if (current !== undefined) yield [place.key, current];
          else this.#drop(place);
        }
      }
    } finally {
      for (const segment of held) await segment.drop();
    }
  }

  async write(writes: readonly StoreWrite[], durable: boolean): Promise<void> {
    await this.#writer.write(writes, durable).catch((error: unknown) => this.#refuse(error));
  }

  /** Removes everything; needs no room on the disk. */
  async clear(): Promise<void> {
    await this.#endCompaction();
    await this.#writer.alone(() => this.#clearNow()).catch((error: unknown) => this.#refuse(error));
  }

  /** Waits for a rewrite that is under way. */
  async compacted(): Promise<void> {
    await this.#compaction;
  }

  /** Writes and syncs the rest and closes all files. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#endCompaction();
    await this.#writer
      .alone(() => this.#writer.settle())
      .catch((error: unknown) => this.#warn(error, 'the store could not be synced'));
    await this.#writer.end();
    for (const segment of this.#segments) await segment.end();
  }

  async #clearNow(): Promise<void> {
    await this.#parts.mayWrite();
    const active = this.#writer.segment;
    await removeSegments(this.#parts.disk, this.#segments.splice(0, this.#segments.length - 1));
    this.#table.clear();
    await active.file.truncate(0);
    active.size = 0;
    await active.append(markerFrame(this.#writer.stand, active.name.salt));
    await active.file.sync();
    this.#writer.moveTo(active);
  }

  #written(outcomes: readonly Outcome[]): void {
    for (const { key, place } of outcomes) {
      if (place === undefined) this.#table.delete(key);
      else this.#table.set(place);
    }
    this.#compactIfWorthwhile();
  }

  #compactIfWorthwhile(): void {
    const live = this.#table.bytes;
    const dead = this.#segments.reduce((sum, { size }) => sum + size, 0) - live;
    const isWorthwhile = this.#mustCompact || (dead > live && dead > (this.#parts.leastDeadBytes ?? LEAST_DEAD_BYTES));
    if (!isWorthwhile || this.#closing || this.#compaction !== undefined) return;
    if (this.#parts.clock.now() < this.#notBefore) return;
    this.#stopCompaction = new AbortController();
    this.#compaction = this.#compact(this.#stopCompaction.signal).finally(() => (this.#compaction = undefined));
  }

  async #compact(signal: AbortSignal): Promise<void> {
    const { disk, folder, clock } = this.#parts;
    try {
      await compact({ disk, folder, table: this.#table, writer: this.#writer, segments: this.#segments }, signal);
      this.#mustCompact = false;
    } catch (error) {
      this.#notBefore = clock.now() + COMPACT_AGAIN_MS;
      if (!signal.aborted) this.#warn(error, 'the store could not be rewritten; it goes on as it is');
    }
  }

  async #endCompaction(): Promise<void> {
    this.#stopCompaction.abort();
    await this.#compaction;
  }

  /** What the failed sync should have written may be gone for good, though it can still be read: it is written anew elsewhere. */
  #syncFailed(error: unknown): void {
    this.#warn(error, 'the store could not be synced');
    this.#mustCompact = true;
    this.#compactIfWorthwhile();
  }

  #drop(place: Place): void {
    if (!this.#table.holds(place)) return;
    this.#table.delete(place.key);
    this.#parts.log.warn(
      { path: place.segment.path, at: place.valueAt },
      'a record of the store is damaged and dropped',
    );
  }

  async #reading<T>(read: Promise<T>): Promise<T> {
    return read.catch((error: unknown) => {
      throw readFault(error, this.#parts.folder);
    });
  }

  #refuse(error: unknown): never {
    throw writeFault(error, this.#parts.folder);
  }

  #warn(error: unknown, message: string): void {
    this.#parts.log.warn({ path: this.#parts.folder, error: failureText(error) }, message);
  }
}
