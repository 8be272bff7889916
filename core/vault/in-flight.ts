// Requests under way: bounds their wait for an answer and notices clients that left. Both are looked at a few times per second for all requests
// together, so that a request that is answered quickly pays for neither a timer nor an abort signal (its exchange makes one only when asked).
import type { Clock } from '../sdk/index.js';
import type { Attempt } from './attempt.js';
import { cancelled, timedOut } from './failure.js';

const LOOK_EVERY_MS = 25;

/** What may end an attempt from outside. */
export interface Watched {
  readonly attempt: Attempt;
  /** Wall clock, ms: without a head until then the attempt fails with UPSTREAM_TIMEOUT. */
  readonly deadline: number;
  /** The whole bound, for the message. */
  readonly timeoutMs: number;
  /** Where the signal is, read late on purpose. */
  readonly source: { readonly signal?: AbortSignal | undefined };
  /** Also the body must be there by the deadline. */
  readonly whole: boolean;
}

/** The set of attempts under way. */
export class InFlight {
  readonly #clock: Clock;
  readonly #address: string;
  readonly #entries = new Map<Attempt, Watched>();
  readonly #unsubscribe = new Map<Attempt, () => void>();
  #stopLooking: (() => void) | undefined;

  constructor(clock: Clock, address: string) {
    this.#clock = clock;
    this.#address = address;
  }

  add(entry: Watched): void {
    this.#entries.set(entry.attempt, entry);
    if (this.#stopLooking === undefined) this.#lookLater();
  }

  /** To be called when an attempt has ended; safe at any time. */
  remove(attempt: Attempt): void {
    this.#entries.delete(attempt);
    const unsubscribe = this.#unsubscribe.get(attempt);
    if (unsubscribe === undefined) return;
    unsubscribe();
    this.#unsubscribe.delete(attempt);
  }

  get size(): number {
    return this.#entries.size;
  }

  #lookLater(): void {
    this.#stopLooking = this.#clock.after(LOOK_EVERY_MS, () => {
      this.#stopLooking = undefined;
      if (this.#look()) this.#lookLater();
    });
  }

  /** True when somebody must be looked at again: a stream that flows needs its signal only. */
  #look(): boolean {
    const now = this.#clock.now();
    let again = false;
    for (const entry of [...this.#entries.values()]) {
      const bounded = entry.whole || !entry.attempt.answered;
      if (bounded && now >= entry.deadline) entry.attempt.fail(timedOut(this.#address, entry.timeoutMs));
      else if (!this.#unsubscribe.has(entry.attempt)) this.#listen(entry);
      again ||= bounded && !entry.attempt.ended;
    }
    return again;
  }

  #listen({ attempt, source }: Watched): void {
    const signal = source.signal;
    if (signal === undefined) return;
    if (signal.aborted) return attempt.fail(cancelled());
    const leave = (): void => attempt.fail(cancelled());
    signal.addEventListener('abort', leave, { once: true });
    this.#unsubscribe.set(attempt, () => signal.removeEventListener('abort', leave));
  }

  /** Ends everything (stop of the agent). */
  stop(): void {
    this.#stopLooking?.();
    this.#stopLooking = undefined;
    for (const attempt of [...this.#entries.keys()]) attempt.fail(cancelled());
  }
}
