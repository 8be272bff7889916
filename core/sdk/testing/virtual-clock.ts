// Time that tests own: nothing happens until `advance` is called.
import type { Clock } from '../host.js';

interface Waiting {
  readonly at: number;
  readonly order: number;
  task: (() => void) | undefined;
}

/** A clock that stands still. Starts at 2026-01-01T00:00:00Z unless told otherwise. */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  /** How far the wall clock was set away from the monotonic one. */
  #jumpedMs = 0;
  #now = 0;
  #order = 0;
  #waiting: Waiting[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#jumpedMs + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Sets the wall clock forward (or back) by `ms`; what waits is not touched, as with a real clock that somebody sets. */
  jump(ms: number): void {
    this.#jumpedMs += ms;
  }

  /** Number of tasks that wait for their time. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Milliseconds until the next task, or undefined when none waits. */
  get nextInMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.at - this.#now;
  }

  after(delayMs: number, task: () => void): () => void {
    const waiting: Waiting = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#waiting.push(waiting);
    return () => {
      waiting.task = undefined;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const stop = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.after(delayMs, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Moves on by `ms`, running what becomes due in order; between tasks, pending promises get their turn. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      this.#now = Math.max(this.#now, next.at);
      this.#waiting = this.#waiting.filter((other) => other !== next);
      const task = next.task;
      next.task = undefined;
      task?.();
      await settle();
    }
    this.#now = until;
    await settle();
  }

  #next(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (first === undefined || waiting.at < first.at || (waiting.at === first.at && waiting.order < first.order)) {
        first = waiting;
      }
    }
    return first;
  }
}

/** Lets promises and I/O callbacks that are ready run: several turns of the event loop. */
export async function settle(turns = 8): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
