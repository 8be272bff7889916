// Where the record of each key lies, and how many bytes count. It must not know how places are read or written.
import type { Clock } from 'claviger/sdk';
import type { Segment } from './segment.js';

/** Where a value lies. */
export interface Place {
  readonly key: string;
  readonly segment: Segment;
  readonly seq: number;
  readonly valueAt: number;
  readonly valueLength: number;
  readonly valueSum: number;
  /** Bytes of the whole frame. */
  readonly bytes: number;
  /** Ms since 1970; 0: never. */
  readonly expiresAt: number;
}

const SMALLEST_SWEEP = 1024;

/** The index of the store. Records that have expired are gone. */
export class Table {
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();
  #bytes = 0;
  #changes = 0;
  #sweepAtSize = SMALLEST_SWEEP;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes of the frames that count. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Grows with each change: while it stays the same, places that were found still count. */
  get changes(): number {
    return this.#changes;
  }

  get(key: string): Place | undefined {
    const place = this.#places.get(key);
    if (place === undefined || !isOver(place, this.#clock.now())) return place;
    this.delete(key);
    return undefined;
  }

  set(place: Place): void {
    this.#bytes += place.bytes - (this.#places.get(place.key)?.bytes ?? 0);
    this.#places.set(place.key, place);
    this.#changes++;
    if (this.#places.size >= this.#sweepAtSize) this.#sweep();
  }

  delete(key: string): void {
    this.#bytes -= this.#places.get(key)?.bytes ?? 0;
    this.#places.delete(key);
    this.#changes++;
  }

  clear(): void {
    this.#places.clear();
    this.#bytes = 0;
    this.#changes++;
  }

  /** True while this very record counts. */
  holds(place: Place): boolean {
    return this.get(place.key) === place;
  }

  /** The places of all keys with a prefix, in the order in which they lie on disk. */
  placesOf(prefix: string): Place[] {
    const now = this.#clock.now();
    const found: Place[] = [];
    for (const place of this.#places.values())
      if (place.key.startsWith(prefix) && !isOver(place, now)) found.push(place);
    return found.sort((a, b) => a.segment.name.id - b.segment.name.id || a.valueAt - b.valueAt);
  }

  /** Forgets what has expired whenever the table has doubled, so that keys nobody asks for again do not pile up. */
  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, place] of this.#places) if (isOver(place, now)) this.delete(key);
    this.#sweepAtSize = Math.max(SMALLEST_SWEEP, this.#places.size * 2);
  }
}

const isOver = ({ expiresAt }: Place, now: number): boolean => expiresAt !== 0 && expiresAt <= now;
