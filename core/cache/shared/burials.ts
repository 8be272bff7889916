// Tombstones for what is dead for all agents: written over its claim, and again after an outage until that has worked.
import type { Claim } from './claim.js';
import type { ClaimsStore } from './claims-store.js';
import type { Holding } from './holding.js';

const TRIES = 3;

/** Buries claims. */
export class Burials {
  readonly #claims: ClaimsStore;
  readonly #instance: string;
  readonly #now: () => number;
  readonly #unburied = new Set<Holding>();
  readonly #digging = new Set<Promise<void>>();

  constructor(claims: ClaimsStore, instance: string, now: () => number) {
    this.#claims = claims;
    this.#instance = instance;
    this.#now = now;
  }

  /** Those for which it has not worked. */
  get unburied(): readonly Holding[] {
    return [...this.#unburied];
  }

  /** What is being buried now; undefined when there is nothing. Never rejects. */
  get pending(): Promise<void> | undefined {
    if (this.#digging.size === 0) return undefined;
    return Promise.allSettled(this.#digging).then(() => undefined);
  }

  /** Buries after `before`. Rejects as the store does. */
  after(before: Promise<void>, holding: Holding): Promise<void> {
    const digging = before.then(() => this.bury(holding)).finally(() => this.#digging.delete(digging));
    this.#digging.add(digging);
    return digging;
  }

  /** Buries the claim, if it still is the one of this entry. Rejects as the store does; then it stays among the unburied. */
  async bury(holding: Holding): Promise<void> {
    this.#unburied.add(holding);
    for (let turn = 0; turn < TRIES; turn++) {
      const { bytes, claim } = await this.#claims.read(holding.shareKey);
      const buried = bytes === undefined || claim?.id !== holding.id || claim.record === undefined;
      if (buried || (await this.#swap(holding, claim, bytes))) break;
    }
    this.#unburied.delete(holding);
  }

  async #swap({ shareKey }: Holding, { fence, id }: Claim, bytes: Uint8Array): Promise<boolean> {
    const tombstone = { owner: this.#instance, fence: fence + 1, claimUntil: 0, id, record: undefined };
    return (await this.#claims.swap(shareKey, bytes, tombstone, this.#now())) !== undefined;
  }
}
