// Suspect entries are looked up at the server before they are used again (R-13, D-21): alive, dead, or still in doubt. Equal questions are asked once.
import type { Logger } from '../sdk/index.js';
import type { Entry } from './entry.js';
import { remainingBy } from './life-plan.js';
import type { Renewals } from './renewals.js';
import type { Timeline } from './timeline.js';
import type { TokenProofs } from './token-proof.js';
import { lookUp, ownerOf, renewEntry, type UpkeepOptions } from './upkeep.js';

/** What lookups need. `evict` removes an entry and what hangs on it. */
export interface LookupOptions {
  readonly upkeep: UpkeepOptions;
  readonly proofs: TokenProofs;
  readonly renewals: Renewals;
  readonly time: Timeline;
  readonly log: Logger;
  readonly confirmed: (entry: Entry, at: number) => void;
  readonly evict: (entry: Entry, why: string) => void;
}

/** Looks suspect entries up. */
export class Lookups {
  readonly #options: LookupOptions;
  readonly #asking = new Map<Entry, Promise<void>>();

  constructor(options: LookupOptions) {
    this.#options = options;
  }

  /** Ends the doubt about an entry, and about the tokens it hangs on, when the server tells; otherwise it stays suspect. Never rejects. */
  settle(entry: Entry): Promise<void> {
    const asking = this.#asking.get(entry);
    if (asking !== undefined) return asking;
    const asked = this.#settle(entry).finally(() => this.#asking.delete(entry));
    this.#asking.set(entry, asked);
    return asked;
  }

  async #settle(entry: Entry): Promise<void> {
    const { parent } = entry;
    if (parent !== undefined && parent.kind !== 'identity' && this.#suspect(parent)) {
      await this.settle(parent);
      if (this.#suspect(parent)) return;
    }
    if (gone(entry) || !this.#suspect(entry)) return;
    const { upkeep, time, renewals, confirmed, log } = this.#options;
    const sentAt = time.now();
    const looked = await lookUp(entry, upkeep);
    if (gone(entry)) return;
    log.debug({ path: entry.path, state: looked.kind }, 'looked a cached secret up');
    if (looked.kind === 'dead') return this.#dead(entry);
    if (looked.kind === 'refused') return this.#byOtherProof(entry);
    if (looked.kind !== 'alive') return;
    confirmed(entry, sentAt);
    renewals.told(entry, remainingBy(entry.life!, looked.ttlMs, sentAt), sentAt);
  }

  // The server does not let this token look: is it dead? Then a renewal is the proof. Where that is not allowed either, a living owner is all there is
  // to know, which is enough for the regular check and not after a jump of the clock, a restart or news of another agent.
  async #byOtherProof(entry: Entry): Promise<void> {
    const { proofs, evict, upkeep, time, renewals, confirmed } = this.#options;
    const owner = ownerOf(entry);
    const proof = owner === undefined ? 'unknown' : await proofs.of(owner);
    if (gone(entry) || proof === 'unknown') return;
    if (proof === 'dead') return evict(owner!, 'token-dead');
    const sentAt = time.now();
    const outcome = await renewEntry(entry, entry.life!.incrementSeconds, upkeep);
    if (gone(entry)) return;
    if (outcome.kind === 'lost') return this.#dead(entry);
    if (outcome.kind === 'renewed') {
      confirmed(entry, sentAt);
      return renewals.told(entry, outcome.ttlMs, sentAt);
    }
    const asGoodAsItGets = outcome.kind === 'refused' || outcome.kind === 'fixed';
    if (asGoodAsItGets && (!entry.proofNeeded || entry.kind === 'token')) confirmed(entry, sentAt);
  }

  #dead(entry: Entry): void {
    this.#options.evict(entry, entry.kind === 'lease' ? 'lost' : 'token-dead');
  }

  #suspect(entry: Entry): boolean {
    return !gone(entry) && entry.checkAt <= this.#options.time.now();
  }
}

const gone = ({ phase }: Entry): boolean => phase === 'gone';

/** The promise, or a rejection with the signal's reason when that is aborted first. */
export function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    void promise.then(() => {
      signal.removeEventListener('abort', leave);
      resolve();
    }, reject);
  });
}
