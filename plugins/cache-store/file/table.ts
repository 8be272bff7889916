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
  #sweepAtSize = SMALLEST_SWEEP;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes of the frames that count. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Place | undefined {
    const place = this.#places.get(key);
    if (place === undefined || place.expiresAt === 0 || place.expiresAt > this.#clock.now()) return place;
    this.delete(key);
    return undefined;
  }

  set(place: Place): void {
    this.#bytes += place.bytes - (this.#places.get(place.key)?.bytes ?? 0);
    this.#places.set(place.key, place);
    if (this.#places.size >= this.#sweepAtSize) this.#sweep();
  }

  delete(key: string): void {
    this.#bytes -= this.#places.get(key)?.bytes ?? 0;
    this.#places.delete(key);
  }

  clear(): void {
    this.#places.clear();
    this.#bytes = 0;
  }

  /** True while this very record counts. */
  holds(place: Place): boolean {
    return this.get(place.key) === place;
  }

  /** The places of all keys with a prefix, in the order in which they lie on disk. */
  placesOf(prefix: string): Place[] {
    const found: Place[] = [];
    for (const key of [...this.#places.keys()]) {
      const place = key.startsWith(prefix) ? this.get(key) : undefined;
      if (place !== undefined) found.push(place);
    }
    return found.sort((a, b) => a.segment.name.id - b.segment.name.id || a.valueAt - b.valueAt);
  }

  /** Forgets what has expired whenever the table has doubled, so that keys nobody asks for again do not pile up. */
  #sweep(): void {
    for (const key of [...this.#places.keys()]) this.get(key);
    this.#sweepAtSize = Math.max(SMALLEST_SWEEP, this.#places.size * 2);
  }
}
