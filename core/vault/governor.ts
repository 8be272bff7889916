// One gate in front of every call that the agent itself originates: how many at once, how many per second, and a pause when the server asks for
// one (architecture 2.17). Requests of clients do not pass it. It must not know what is called.
import { fullJitter } from '../kernel/backoff.js';
import type { Clock } from '../sdk/index.js';

/** Limits of a governor. */
export interface GovernorOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Calls at once in each lane; default 32. */
  readonly concurrency?: number;
  /** VAULT_RATE_LIMIT: calls per second, and how many may come together. */
  readonly rate?: { readonly perSecond: number; readonly burst: number } | undefined;
}

const CONCURRENCY = 32;
const SPREAD_MS = 5_000;
const LONGEST_HOLD_MS = 60_000;

/** Who calls: renewals of leases may be thousands, and a login does not wait behind them. */
export type Lane = 'identity' | 'renewal';

/** So many at once, the others in the order of asking. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  take(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal?.reason as Error);
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

/** The gate. Each lane has places of its own; the rate and a pause hold for both. */
export class Governor {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #rate: GovernorOptions['rate'];
  readonly #lanes: Readonly<Record<Lane, Places>>;
  #heldUntil = 0;
  #due = 0;

  constructor(options: GovernorOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#rate = options.rate;
    const { concurrency = CONCURRENCY } = options;
    this.#lanes = { identity: new Places(concurrency), renewal: new Places(concurrency) };
  }

  /** Runs `task` when it is its turn; rejects with the signal's reason when that comes first. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal, lane: Lane = 'identity'): Promise<T> {
    const places = this.#lanes[lane];
    await places.take(signal);
    try {
      const delayMs = this.#delay();
      if (delayMs > 0) await this.#clock.sleep(delayMs, signal);
      return await task();
    } finally {
      places.release();
    }
  }

  /** The server asked for `pauseMs` of quiet: nothing is sent until then, and those who wait come back spread out. */
  hold(pauseMs: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.#clock.now() + Math.min(pauseMs, LONGEST_HOLD_MS));
  }

  #delay(): number {
    const now = this.#clock.now();
    const held = this.#heldUntil - now;
    const quiet = held > 0 ? held + fullJitter(Math.min(held, SPREAD_MS), this.#random) : 0;
    return Math.max(quiet, this.#pace(now));
  }

  #pace(now: number): number {
    if (this.#rate === undefined || this.#rate.perSecond <= 0) return 0;
    const gapMs = 1000 / this.#rate.perSecond;
    const slackMs = gapMs * Math.max(0, this.#rate.burst - 1);
    const at = Math.max(this.#due, now);
    this.#due = at + gapMs;
    return Math.max(0, at - slackMs - now);
  }
}
