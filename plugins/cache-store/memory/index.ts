// Cache store memory: bytes in a map, gone with the process. Knows keys and bytes and the time, nothing of what they mean.
import { Time, plugin, type CacheStore, type Clock, type StoreWrite } from 'claviger/sdk';

interface Entry {
  readonly value: Uint8Array;
  readonly expiresAt: number;
}

const SMALLEST_SWEEP = 256;

@plugin()
export default class MemoryStore implements CacheStore {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #sweepAtSize = SMALLEST_SWEEP;

  constructor(@Time clock: Clock) {
    this.#clock = clock;
  }

  async stop(): Promise<void> {
    this.#entries.clear();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const value = this.#live(key);
    return value === undefined ? undefined : copyOf(value);
  }

  async put(key: string, value: Uint8Array, expiresAt?: number): Promise<void> {
    this.#set(key, value, expiresAt);
  }

  async delete(key: string): Promise<void> {
    this.#entries.delete(key);
  }

  async *entries(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]> {
    for (const key of [...this.#entries.keys()]) {
      const value = key.startsWith(prefix) ? this.#live(key) : undefined;
      if (value !== undefined) yield [key, copyOf(value)];
    }
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    for (const { key, value, expiresAt } of writes) {
      if (value === undefined) this.#entries.delete(key);
      else this.#set(key, value, expiresAt);
    }
  }

  async clear(): Promise<void> {
    this.#entries.clear();
  }

  #set(key: string, value: Uint8Array, expiresAt = Infinity): void {
    this.#entries.set(key, { value: copyOf(value), expiresAt });
    if (this.#entries.size >= this.#sweepAtSize) this.#sweep();
  }

  #live(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > this.#clock.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Forgets what has expired whenever the map has doubled, so that keys nobody asks for again do not pile up. */
  #sweep(): void {
    for (const key of [...this.#entries.keys()]) this.#live(key);
    this.#sweepAtSize = Math.max(SMALLEST_SWEEP, this.#entries.size * 2);
  }
}

/** A plain copy: `slice` of a Buffer would share its memory. */
function copyOf(value: Uint8Array): Uint8Array {
  return Uint8Array.from(value);
}
