// The life of each entry: renewed at about two thirds (D-54), served until its end, then evicted with all that hangs on it (D-8). One queue for
// all entries; when and whether to renew is decided in vault/lifetime.ts.
import type { Clock, Logger, Vault } from '../sdk/index.js';
import type { Metrics, Series } from '../contracts/metrics.js';
import { beginLifetime, nextStep, type LifetimeEvent, type LifetimeTurn, type Random } from '../vault/lifetime.js';
import { DueQueue } from './due-queue.js';
import type { Entry } from './entry.js';
import { ownerOf, renewEntry, tokenLives } from './upkeep.js';
import type { RenewalOutcome } from './renewal-answer.js';

/** What renewals need. `evict` removes an entry and what hangs on it. */
export interface RenewalOptions {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The configured namespace, canonical. */
  readonly namespace: string;
  readonly evict: (entry: Entry, why: string) => void;
}

/** Keeps entries alive. */
export class Renewals {
  readonly #options: RenewalOptions;
  readonly #queue: DueQueue;
  readonly #running = new Set<AbortController>();
  #stopped = false;
  readonly #counters: Readonly<Record<RenewalOutcome['kind'], Series>>;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#queue = new DueQueue(options.clock, (entry) => this.#due(entry));
    const outcome = (name: string): Series => options.metrics.series('agent.cache.renewals', { outcome: name });
    this.#counters = {
      renewed: outcome('success'),
      lost: outcome('lost'),
      refused: outcome('refused'),
      fixed: outcome('not-renewable'),
      failed: outcome('failure'),
    };
  }

  /** Number of entries that wait for a deadline. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Starts the life of a new entry. */
  begin(entry: Entry, ttlMs: number): void {
    const { clock, random } = this.#options;
    entry.phase = 'renewing';
    this.#apply(entry, beginLifetime({ ttlMs, renewable: true, now: clock.now() }, random));
  }

  /** A client renewed the entry through the agent: its expiry moves, and later renewals ask for as much as the client did. */
  renewedByClient(
    entry: Entry,
    granted: { readonly ttlMs: number; readonly renewable: boolean; readonly incrementSeconds: number },
  ): void {
    if (entry.life === undefined || entry.phase === 'gone') return;
    entry.renewals++;
    this.#step(entry, { type: 'renewed', now: this.#options.clock.now(), ...granted });
  }

  /** The entry is gone: it has no deadline any more, and a renewal that is under way or waits for its turn is given up. */
  forget(entry: Entry): void {
    entry.phase = 'gone';
    this.#queue.remove(entry);
    entry.renewal?.abort();
  }

  /** Ends all renewals; entries stay as they are. Safe twice. */
  stop(): void {
    this.#stopped = true;
    for (const running of this.#running) running.abort();
    this.#queue.clear();
  }

  #due(entry: Entry): void {
    if (entry.phase === 'gone') return;
    // a deadline while the last renewal is still under way is the end of the life
    if (entry.renewal !== undefined || entry.phase === 'serving') return this.#options.evict(entry, 'expired');
    this.#step(entry, { type: 'timer', now: this.#options.clock.now() });
  }

  #step(entry: Entry, event: LifetimeEvent): void {
    this.#apply(entry, nextStep(entry.life!, event, this.#options.random));
  }

  #apply(entry: Entry, { state, step }: LifetimeTurn): void {
    entry.life = state;
    const now = this.#options.clock.now();
    switch (step.do) {
      case 'wait':
        entry.phase = 'renewing';
        return this.#queue.set(entry, Math.min(now + step.delayMs, state.expiresAt));
      case 'renew':
        return void this.#renew(entry, step.incrementSeconds);
      case 'rest':
        return this.#queue.remove(entry);
      case 'end':
        return this.#serveToEnd(entry, now);
    }
  }

  // No renewal any more, but what is left of the life is served up to the margin.
  #serveToEnd(entry: Entry, now: number): void {
    const { expiresAt, graceMs } = entry.life!;
    if (expiresAt - graceMs <= now) return this.#options.evict(entry, 'expired');
    entry.phase = 'serving';
    this.#queue.set(entry, expiresAt - graceMs);
  }

  async #renew(entry: Entry, incrementSeconds: number): Promise<void> {
    const { log, vault, namespace } = this.#options;
    // one each: thousands of listeners on a common signal would be one long list
    const renewal = new AbortController();
    const call = { vault, namespace, signal: renewal.signal };
    entry.renewal = renewal;
    this.#running.add(renewal);
    this.#queue.set(entry, entry.life!.expiresAt);
    log.debug({ path: entry.path }, 'starting renewal');
    const outcome = await renewEntry(entry, incrementSeconds, call);
    const lives = outcome.kind === 'refused' && !this.#over(entry) ? await tokenLives(entry, call) : 'unknown';
    entry.renewal = undefined;
    this.#running.delete(renewal);
    if (!this.#over(entry)) this.#settle(entry, outcome, lives);
  }

  #over(entry: Entry): boolean {
    return entry.phase === 'gone' || this.#stopped;
  }

  #settle(entry: Entry, outcome: RenewalOutcome, lives: 'alive' | 'dead' | 'unknown'): void {
    const { log, clock, evict } = this.#options;
    const now = clock.now();
    this.#counters[outcome.kind].add();
    if (outcome.kind === 'renewed') {
      entry.renewals++;
      log.debug({ path: entry.path }, 'secret renewed');
      return this.#step(entry, { type: 'renewed', now, ttlMs: outcome.ttlMs, renewable: outcome.renewable });
    }
    log.debug({ path: entry.path, why: outcome.why }, 'renewal did not succeed');
    if (outcome.kind === 'lost') return evict(entry, 'lost');
    if (outcome.kind === 'refused' && lives === 'dead') return evict(ownerOf(entry) ?? entry, 'token-dead');
    const denied = outcome.kind === 'fixed' || lives === 'alive';
    this.#step(entry, { type: denied ? 'denied' : 'failed', now });
  }
}
