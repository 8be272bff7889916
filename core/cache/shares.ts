// What the secrets of each client token take of the room: one client must not fill the cache for all. It must not know what entries are.
import type { RoomLimits } from './room.js';

interface Taken {
  entries: number;
  bytes: number;
}

/** Accounts by payer; the empty payer has none. */
export class Shares {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #taken = new Map<string, Taken>();

  /** `percent` of both limits; 100 and more means no share, a limit of 0 none. */
  constructor({ maxEntries, maxBytes }: RoomLimits, percent: number) {
    const part = (limit: number): number =>
      limit === 0 || percent >= 100 ? Infinity : Math.max(1, Math.floor((limit * percent) / 100));
    this.#maxEntries = part(maxEntries);
    this.#maxBytes = part(maxBytes);
  }

  /** Number of payers that hold something. */
  get payers(): number {
    return this.#taken.size;
  }

  /** False when the payer's share is used up. */
  take(payer: string, bytes: number): boolean {
    if (payer === '') return true;
    const taken = this.#taken.get(payer) ?? { entries: 0, bytes: 0 };
    if (taken.entries + 1 > this.#maxEntries || taken.bytes + bytes > this.#maxBytes) return false;
    taken.entries++;
    taken.bytes += bytes;
    this.#taken.set(payer, taken);
    return true;
  }

  /** Gives back what one entry took. */
  release(payer: string, bytes: number): void {
    const taken = this.#taken.get(payer);
    if (taken === undefined) return;
    taken.entries--;
    taken.bytes -= bytes;
    if (taken.entries <= 0) this.#taken.delete(payer);
  }
}
