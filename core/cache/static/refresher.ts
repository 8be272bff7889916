// Fetches answers anew in the background, each once at a time, with the token of one that may have it (D-68). It must not know why.
import type { Metrics, Series } from '../../contracts/metrics.js';
import type { Clock, Logger } from '../../sdk/index.js';
import type { BackgroundFetch } from './fetching.js';
import type { Lane } from './lane.js';
import type { Reader } from './readers.js';
import type { Slot } from './slot.js';
import type { StaticStore } from './store.js';

/** What a refresher is made of. */
export interface RefresherOptions {
  readonly store: StaticStore;
  /** Must not reject. */
  readonly fetch: BackgroundFetch;
  readonly clock: Clock;
  readonly lane: Lane;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** What became of a fetch, as its metric has it. */
export type RefreshOutcome = 'refreshed' | 'raced' | 'refused' | 'gone' | 'failed' | 'unfit';

const RETRY_MS = 5_000;
const KEPT = new Set(['stored-static', 'older', 'raced']);

/** Refreshes slots. */
export class Refresher {
  readonly #options: RefresherOptions;
  readonly #outcomes = new Map<RefreshOutcome, Series>();

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  /** Begins to fetch a slot anew, unless that is under way or has failed a moment ago. `must`: when that fails, the old answer goes. */
  refresh(slot: Slot, reader: Reader, must = false): void {
    const { clock, lane, store } = this.#options;
    if (slot.refreshing || !slot.held) return;
    if (clock.now() < slot.retryAt) return must ? store.shelf.remove(slot) : undefined;
    slot.refreshing = true;
    lane.run(async () => {
      const outcome = await this.#fetch(slot, reader);
      slot.refreshing = false;
      this.#settle(slot, outcome, must);
    });
  }

  async #fetch(slot: Slot, reader: Reader): Promise<RefreshOutcome> {
    const { store, clock, fetch } = this.#options;
    const { name } = slot;
    const sentAt = clock.now();
    const { epoch } = store.tombstones;
    const reply = await fetch({ ...name.target, namespace: name.namespace, token: reader.token });
    if (reply === undefined || reply.status >= 500 || reply.status === 429) return 'failed';
    if (reply.status === 403) {
      store.readers.revoke(reader, slot);
      return 'refused';
    }
    if (reply.status === 404) return 'gone';
    const { token, own } = reader;
    const given = { status: reply.status, headers: [...reply.headers], body: reply.body };
    const { why } = store.accept({ name, ttlMs: slot.content.ttlMs, token, own, reply: given, epoch, sentAt });
    if (!KEPT.has(why)) return 'unfit';
    return why === 'raced' ? 'raced' : 'refreshed';
  }

  #settle(slot: Slot, outcome: RefreshOutcome, must: boolean): void {
    const { clock, log, store } = this.#options;
    this.#count(outcome);
    log.debug({ path: slot.name.target.path, outcome }, 'static secret was fetched anew');
    if (outcome === 'refreshed') slot.refreshes++;
    else slot.retryAt = clock.now() + RETRY_MS;
    if (outcome === 'gone' || outcome === 'unfit' || (must && outcome !== 'refreshed')) store.shelf.remove(slot);
  }

  #count(outcome: RefreshOutcome): void {
    let series = this.#outcomes.get(outcome);
    if (series === undefined) {
      series = this.#options.metrics.series('agent.cache.static.refreshes', { outcome });
      this.#outcomes.set(outcome, series);
    }
    series.add();
  }
}
