// Claims in the shared store: sealed on the way out, opened on the way in. What cannot be opened counts as nobody's.
import type { CacheStore } from '../../sdk/index.js';
import { decodeClaim, encodeClaim, endOf, type Claim } from './claim.js';

/** Seals records; core/cache/keys/sealer.ts has one. */
export interface Sealer {
  seal(record: string, plain: Uint8Array): Uint8Array;
  open(record: string, sealed: Uint8Array): Uint8Array;
}

/** What lies under a key. `bytes` are what a swap must expect. */
export interface Found {
  readonly bytes: Uint8Array | undefined;
  readonly claim: Claim | undefined;
}

/** How long a tombstone stays: longer than any write of an old owner can be on its way, and than a restart takes. */
const TOMBSTONE_MS = 3_600_000;

/** Reads and swaps claims. Rejects as the store does. */
export class ClaimsStore {
  readonly #store: CacheStore;
  readonly #sealer: () => Sealer | undefined;

  constructor(store: CacheStore, sealer: () => Sealer | undefined) {
    this.#store = store;
    this.#sealer = sealer;
  }

  /** False while the sealing key is not to be had. */
  get open(): boolean {
    return this.#sealer() !== undefined;
  }

  async read(key: string): Promise<Found> {
    const bytes = await this.#store.get(key);
    return { bytes, claim: bytes === undefined ? undefined : this.#opened(key, bytes) };
  }

  /** Writes `claim` only over exactly these bytes; the new bytes, or undefined when somebody else was faster. */
  async swap(
    key: string,
    expected: Uint8Array | undefined,
    claim: Claim,
    now: number,
  ): Promise<Uint8Array | undefined> {
    const sealed = this.#sealer()!.seal(key, encodeClaim(claim));
    const end = claim.record === undefined ? now + TOMBSTONE_MS : endOf(claim.record);
    const won = await this.#store.swap!(key, expected, sealed, end === Infinity ? undefined : end);
    return won ? sealed : undefined;
  }

  #opened(key: string, bytes: Uint8Array): Claim | undefined {
    try {
      return decodeClaim(this.#sealer()!.open(key, bytes));
    } catch {
      return undefined;
    }
  }
}
