// Requests under way: bounds their wait for an answer and notices clients that left. Both are looked at a few times per second for all requests
// together, so that a request that is answered quickly pays for neither a timer nor an abort signal (its exchange makes one only when asked).
import type { Clock } from '../sdk/index.js';
import type { Attempt } from './attempt.js';
import { cancelled, timedOut } from './failure.js';

const LOOK_EVERY_MS = 25;

/** What may end an attempt from outside. */
export interface Watched {
  readonly attempt: Attempt;
  /**
   * Wall clock, ms. Without a head until then the attempt fails with UPSTREAM_TIMEOUT; so does a body that is collected or discarded and stops in
   * the middle, which would hold its connection, and whoever waits for the same answer, for ever.
   */
  readonly deadline: number;
  /** The whole bound, for the message. */
  readonly timeoutMs: number;
  /** Where the signal is, read late on purpose. */
  readonly source: { readonly signal?: AbortSignal | undefined };
}

/**
 * The set of attempts under way. It is an array of slots that are used again: a Map with an insertion and a deletion per request replaces its table all
 * the time, and each replaced table, once old, keeps what was under way then alive until a full collection, which cost a tenth of the time.
 */
export class InFlight {
  readonly #clock: Clock;
  readonly #slots: (Watched | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #unsubscribe = new Map<Attempt, () => void>();
  #stopLooking: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(entry: Watched): void {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = entry;
    entry.attempt.slot = slot;
    if (this.#stopLooking === undefined) this.#lookLater();
  }

  /** To be called when an attempt has ended; safe at any time. */
  remove(attempt: Attempt): void {
    const { slot } = attempt;
    if (this.#slots[slot]?.attempt !== attempt) return;
    this.#slots[slot] = undefined;
    this.#free.push(slot);
    if (this.#unsubscribe.size === 0) return;
    const unsubscribe = this.#unsubscribe.get(attempt);
    if (unsubscribe === undefined) return;
    unsubscribe();
    this.#unsubscribe.delete(attempt);
  }

  get size(): number {
    return this.#slots.length - this.#free.length;
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
    for (const entry of [...this.#slots]) {
      if (entry === undefined) continue;
      const bounded = !entry.attempt.flowing;
      if (bounded && now >= entry.deadline) entry.attempt.fail(timedOut(entry.attempt.address, entry.timeoutMs));
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
    for (const entry of [...this.#slots]) entry?.attempt.fail(cancelled());
  }
}
