// What the cache holds: the index together with the room it takes, those who follow it, and its metrics. It decides nothing about lives.
import type { Metrics, Series } from '../contracts/metrics.js';
import type { Logger } from '../sdk/index.js';
import type { Entry } from './entry.js';
import { EntryIndex } from './index.js';
import type { Keeper } from './keeper.js';
import type { Room } from './room.js';
import { Shares } from './shares.js';

/** What holdings are made of. */
export interface HoldingsOptions {
  readonly room: Room;
  /** `max_share_per_token`, percent. */
  readonly sharePercent: number;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Ends the life of an entry that is removed. */
  readonly forget: (entry: Entry) => void;
}

type Listener = (sources: ReadonlySet<object>) => void;

/** Entries and their bookkeeping. */
export class Holdings {
  readonly index = new EntryIndex();
  readonly #options: HoldingsOptions;
  readonly #shares: Shares;
  readonly #keepers: Keeper[] = [];
  readonly #listeners: Listener[] = [];
  readonly #entries: Series;
  readonly #bytes: Series;
  #size = 0;
  #held = 0;

  constructor(options: HoldingsOptions) {
    this.#options = options;
    this.#shares = new Shares(options.room.limits, options.sharePercent);
    this.#entries = options.metrics.series('agent.cache.entries');
    this.#bytes = options.metrics.series('agent.cache.bytes');
  }

  /** Number of answers. */
  get size(): number {
    return this.#size;
  }

  follow(keeper: Keeper): void {
    this.#keepers.push(keeper);
  }

  onRemoved(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Puts an entry in when there is room for it; the reason code when there is none. Keepers are told by `announce`. */
  add(entry: Entry): 'full' | 'share-full' | undefined {
    if (entry.answer !== undefined) {
      const refused = this.#take(entry);
      if (refused !== undefined) {
        this.#options.metrics.series('agent.cache.refused', { reason: refused }).add();
        return refused;
      }
    }
    this.index.add(entry);
    return undefined;
  }

  /** Tells the keepers of a new entry. */
  announce(entry: Entry): void {
    if (isOurs(entry)) for (const keeper of this.#keepers) keeper.added(entry);
  }

  /** Tells the keepers that an entry has changed. */
  changed(entry: Entry): void {
    if (isOurs(entry)) for (const keeper of this.#keepers) keeper.changed(entry);
  }

  /** Lets a key point to an entry; an older one that answers nothing any more is handed to `unused`. */
  point(key: string, entry: Entry, unused: (before: Entry) => void): void {
    const before = this.index.point(key, entry);
    if (before === undefined) return;
    if (before.keys.length === 0) unused(before);
    else this.changed(before);
  }

  /** Takes entries out. Keepers and listeners are told once. */
  remove(entries: readonly Entry[], why: string): number {
    const { log, metrics, forget } = this.#options;
    if (entries.length === 0) return 0;
    const parents = new Set<Entry>();
    for (const entry of entries) {
      if (entry.parent !== undefined) parents.add(entry.parent);
      forget(entry);
      this.index.remove(entry);
      this.#release(entry);
      log.debug({ path: entry.path, why }, 'evicting index from cache');
    }
    const held = entries.filter(({ answer }) => answer !== undefined);
    this.told(held);
    for (const keeper of this.#keepers) keeper.removed(entries, why);
    metrics.series('agent.cache.evictions', { reason: why }).add(held.length);
    this.#dropIdle(parents);
    return held.length;
  }

  /** Entries that never got in are told as removed, so that nobody keeps a record of them. */
  discarded(entries: readonly Entry[], why: string): void {
    if (entries.length > 0) for (const keeper of this.#keepers) keeper.removed(entries, why);
  }

  /** These are looked up at the server before their next use: only a proof of the very secret that was asked for later than `at` ends the doubt. */
  doubt(entries: readonly Entry[], at: number): void {
    for (const entry of entries) {
      entry.checkAt = 0;
      entry.proofNeeded = true;
      entry.doubtedAt = at;
    }
    this.told(entries);
  }

  /** Nobody may keep these answers: removed, or in doubt. */
  told(entries: readonly Entry[]): void {
    const sources = new Set(entries.flatMap(({ answer }) => answer ?? []));
    if (sources.size > 0) for (const listener of this.#listeners) listener(sources);
  }

  #take(entry: Entry): 'full' | 'share-full' | undefined {
    if (!this.#shares.take(entry.payer, entry.bytes)) return 'share-full';
    if (!this.#options.room.take(entry.bytes)) {
      this.#shares.release(entry.payer, entry.bytes);
      return 'full';
    }
    this.#count(1, entry.bytes);
    return undefined;
  }

  #release(entry: Entry): void {
    if (entry.answer === undefined) return;
    this.#shares.release(entry.payer, entry.bytes);
    this.#options.room.release(entry.bytes);
    this.#count(-1, -entry.bytes);
  }

  #count(entries: number, bytes: number): void {
    this.#size += entries;
    this.#held += bytes;
    this.#entries.set(this.#size);
    this.#bytes.set(this.#held);
  }

  // the token of another agent is held only for what hangs on it
  #dropIdle(parents: ReadonlySet<Entry>): void {
    for (const parent of parents) {
      if (parent.kind !== 'token' || parent.answer !== undefined || (parent.children?.size ?? 0) > 0) continue;
      this.#options.forget(parent);
      this.index.remove(parent);
    }
  }
}

// Another agent's entry is kept by that agent: keepers hear of it when it is taken over, and when it is removed.
const isOurs = ({ phase, answer }: Entry): boolean => phase !== 'foreign' && answer !== undefined;
