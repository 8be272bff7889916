// The life of each entry: renewed at about two thirds (D-54), served until its end, then evicted with all that hangs on it (D-8). One queue for
// all entries, earliest deadline first; when and whether to renew is decided in vault/lifetime.ts.
import type { Logger, Vault } from '../sdk/index.js';
import type { Metrics, Series } from '../contracts/metrics.js';
import {
  beginLifetime,
  graceOf,
  napOf,
  nextStep,
  type Lifetime,
  type LifetimeEvent,
  type LifetimeTurn,
  type Random,
} from '../vault/lifetime.js';
import { DueQueue } from './due-queue.js';
import type { Entry } from './entry.js';
import { marginOf, refetchAt, resumeAt } from './life-plan.js';
import { ownerOf, renewEntry, tokenLives } from './upkeep.js';
import type { RenewalOutcome } from './renewal-answer.js';
import type { Timeline } from './timeline.js';

/** What renewals need. `evict` removes an entry and what hangs on it. */
export interface RenewalOptions {
  readonly vault: Vault;
  readonly time: Timeline;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The configured namespace, canonical. */
  readonly namespace: string;
  readonly evict: (entry: Entry, why: string) => void;
  /** An answer of the server confirmed the entry at this moment. */
  readonly confirmed: (entry: Entry, at: number) => void;
  /** Its life has changed. */
  readonly changed: (entry: Entry) => void;
  /** Asks for the entry's request anew in the background; undefined when nobody does. */
  readonly refetch?: ((entry: Entry) => void) | undefined;
}

/** What a renewal, of ours or of a client's, brought. */
export interface Brought {
  readonly ttlMs: number;
  readonly renewable: boolean;
  readonly capped: boolean;
  readonly incrementSeconds?: number;
}

/** Renewals under way at once: as many as the governor lets through, so that those that wait go in the order of their deadlines. */
const AT_ONCE = 32;

/** Keeps entries alive. */
export class Renewals {
  readonly #options: RenewalOptions;
  readonly #queue: DueQueue;
  /** Due, but waiting for a place; ordered by the end of the life. */
  readonly #ready: DueQueue;
  readonly #running = new Set<AbortController>();
  #stopped = false;
  readonly #counters: Readonly<Record<RenewalOutcome['kind'], Series>>;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#queue = new DueQueue(options.time, (entry) => this.#due(entry));
    this.#ready = new DueQueue(options.time, (entry) => this.#expired(entry));
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
    return this.#queue.size + this.#ready.size;
  }

  /** Starts the life of a new entry whose request was sent at `sentAt`. */
  begin(entry: Entry, ttlMs: number, sentAt: number): void {
    entry.phase = 'renewing';
    entry.marginMs = marginOf(ttlMs);
    this.#apply(entry, beginLifetime({ ttlMs, renewable: true, now: sentAt }, this.#options.random), sentAt);
  }

  /** Goes on with a life that began before: restored, or taken over. Its next renewal comes at its absolute time; what is late is spread. */
  resume(entry: Entry): void {
    const { time, random } = this.#options;
    if (!entry.life!.renewable) return this.serveToEnd(entry);
    entry.phase = 'renewing';
    this.#queue.set(entry, resumeAt(entry.life!, time.now(), random));
  }

  /** Renews these now, each when the one before has its answer. */
  async renewNow(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      if (this.#over(entry) || entry.renewal !== undefined) continue;
      entry.phase = 'renewing';
      await this.#renew(entry, entry.life!.incrementSeconds);
    }
  }

  /** A client renewed the entry through the agent: its expiry moves, and later renewals ask for as much as the client did. */
  renewedByClient(entry: Entry, brought: Brought, sentAt: number): void {
    if (entry.life === undefined || entry.phase === 'gone') return;
    if (entry.phase === 'foreign') return this.told(entry, brought.ttlMs, sentAt);
    this.#adopt(entry, { ...brought, leastGainMs: -Infinity }, sentAt);
  }

  /** A lookup told the remaining life; 0 for no end. It is adopted, downwards too; a renewal that would come too late is moved forward. */
  told(entry: Entry, ttlMs: number, sentAt: number): void {
    // read first: it moves all lives when the clock was set meanwhile, and back then nothing may be counted from the old time
    const at = Math.min(sentAt, this.#options.time.now());
    const life: Lifetime | undefined = entry.life;
    if (life === undefined || entry.phase === 'gone') return;
    const graceMs = Math.min(life.graceMs, graceOf(ttlMs, this.#options.random));
    entry.life = { ...life, expiresAt: ttlMs === 0 ? 0 : at + ttlMs, priorMs: ttlMs, graceMs };
    entry.marginMs = marginOf(ttlMs);
    this.#options.changed(entry);
    if (entry.phase === 'foreign') return this.follow(entry);
    if (entry.phase === 'serving' || ttlMs === 0) return this.serveToEnd(entry);
    if (entry.renewal === undefined) this.#queue.set(entry, Math.min(entry.dueAt, at + napOf(ttlMs, graceMs)));
  }

  /** No renewal any more, but what is left of the life is served up to the margin. */
  serveToEnd(entry: Entry): void {
    const { expiresAt } = entry.life!;
    const { time, evict, refetch } = this.#options;
    entry.phase = 'serving';
    if (expiresAt === 0) return this.forgetDeadline(entry);
    if (expiresAt - entry.marginMs <= time.now()) return evict(entry, 'expired');
    const again = refetch === undefined || entry.refetched ? undefined : refetchAt(entry);
    this.#queue.set(entry, again === undefined ? expiresAt - entry.marginMs : Math.max(again, time.now()));
  }

  /** Another agent renews it: here it only ends. */
  follow(entry: Entry): void {
    entry.phase = 'foreign';
    if (entry.life!.expiresAt === 0) return this.forgetDeadline(entry);
    this.#queue.set(entry, entry.life!.expiresAt);
  }

  /** The wall clock was set: remaining lives stay what they were; renewals come no later than either clock says. */
  shift(entries: Iterable<Entry>, byMs: number): void {
    for (const entry of entries) {
      const { life } = entry;
      if (life !== undefined && life.expiresAt !== 0) entry.life = { ...life, expiresAt: life.expiresAt + byMs };
    }
    const moved = (entry: Entry): number =>
      byMs < 0 || entry.phase !== 'renewing' || entry.renewal !== undefined ? entry.dueAt + byMs : entry.dueAt;
    this.#queue.rebase(moved);
    this.#ready.rebase((entry) => entry.dueAt + byMs);
  }

  /** Takes the entry out of the queues. */
  forgetDeadline(entry: Entry): void {
    this.#queue.remove(entry);
    this.#ready.remove(entry);
  }

  /** The entry is gone: it has no deadline any more, and a renewal that is under way or waits for its turn is given up. */
  forget(entry: Entry): void {
    entry.phase = 'gone';
    this.forgetDeadline(entry);
    entry.renewal?.abort();
  }

  /** Ends all renewals; entries stay as they are. Safe twice. */
  stop(): void {
    this.#stopped = true;
    for (const running of this.#running) running.abort();
    this.#queue.clear();
    this.#ready.clear();
  }

  #due(entry: Entry): void {
    if (entry.phase === 'gone') return;
    // a deadline while the last renewal is still under way is the end of the life
    if (entry.renewal !== undefined || entry.phase === 'foreign') return this.#expired(entry);
    if (entry.phase === 'serving') return this.#served(entry);
    this.#step(entry, { type: 'timer', now: this.#options.time.now() });
  }

  #expired(entry: Entry): void {
    this.#options.evict(entry, 'expired');
  }

  #served(entry: Entry): void {
    const { expiresAt } = entry.life!;
    const { time, refetch } = this.#options;
    if (refetch === undefined || entry.refetched || expiresAt - entry.marginMs <= time.now())
      return this.#expired(entry);
    entry.refetched = true;
    this.#queue.set(entry, expiresAt - entry.marginMs);
    refetch(entry);
  }

  #step(entry: Entry, event: LifetimeEvent): void {
    this.#apply(entry, nextStep(entry.life!, event, this.#options.random), event.now);
  }

  #apply(entry: Entry, { state, step }: LifetimeTurn, from: number): void {
    entry.life = state;
    switch (step.do) {
      case 'wait':
        entry.phase = 'renewing';
        return this.#queue.set(entry, Math.min(from + step.delayMs, state.expiresAt));
      case 'renew':
        if (this.#running.size >= AT_ONCE) return this.#ready.set(entry, state.expiresAt);
        return void this.#renew(entry, step.incrementSeconds);
      case 'rest':
        return this.forgetDeadline(entry);
      case 'end':
        return this.serveToEnd(entry);
    }
  }

  async #renew(entry: Entry, incrementSeconds: number): Promise<void> {
    const { log, vault, namespace, time } = this.#options;
    // one each: thousands of listeners on a common signal would be one long list
    const renewal = new AbortController();
    const call = { vault, namespace, signal: renewal.signal };
    entry.renewal = renewal;
    this.#running.add(renewal);
    this.forgetDeadline(entry);
    this.#queue.set(entry, entry.life!.expiresAt === 0 ? Infinity : entry.life!.expiresAt);
    log.debug({ path: entry.path }, 'starting renewal');
    const sentAt = time.now();
    const outcome = await renewEntry(entry, incrementSeconds, call);
    const lives = outcome.kind === 'refused' && !this.#over(entry) ? await tokenLives(entry, call) : 'unknown';
    entry.renewal = undefined;
    this.#running.delete(renewal);
    if (!this.#over(entry)) this.#settle(entry, { outcome, lives, sentAt });
    this.#next();
  }

  #next(): void {
    if (this.#stopped || this.#running.size >= AT_ONCE) return;
    const entry = this.#ready.shift();
    if (entry !== undefined) void this.#renew(entry, entry.life!.incrementSeconds);
  }

  #over(entry: Entry): boolean {
    return entry.phase === 'gone' || this.#stopped;
  }

  #settle(
    entry: Entry,
    given: {
      readonly outcome: RenewalOutcome;
      readonly lives: 'alive' | 'dead' | 'unknown';
      readonly sentAt: number;
    },
  ): void {
    const { log, time, evict } = this.#options;
    const { outcome, lives, sentAt } = given;
    this.#counters[outcome.kind].add();
    if (outcome.kind === 'renewed') {
      log.debug({ path: entry.path }, 'secret renewed');
      return this.#adopt(entry, { ...outcome, leastGainMs: marginOf(outcome.ttlMs) }, sentAt);
    }
    log.debug({ path: entry.path, why: outcome.why }, 'renewal did not succeed');
    if (outcome.kind === 'lost') return evict(entry, 'lost');
    if (outcome.kind === 'refused' && lives === 'dead') return evict(ownerOf(entry) ?? entry, 'token-dead');
    if (outcome.kind === 'fixed' || lives === 'alive') {
      entry.life = { ...entry.life!, renewable: false };
      return this.serveToEnd(entry);
    }
    this.#step(entry, { type: 'failed', now: time.now(), spareMs: entry.marginMs });
  }

  // Counted from when it was sent; adopted downwards too. A renewal that worked is proof of life.
  #adopt(entry: Entry, brought: Brought & { readonly leastGainMs: number }, sentAt: number): void {
    entry.renewals++;
    entry.marginMs = marginOf(brought.ttlMs);
    entry.refetched = false;
    this.#options.confirmed(entry, sentAt);
    const now = Math.min(sentAt, this.#options.time.now());
    this.#step(entry, { type: 'renewed', now, ...brought });
    if (!this.#over(entry)) this.#options.changed(entry);
  }
}
