// Closes all listeners together when the first of them is stopped, so that none takes new requests while another drains. It must not know what
// they serve.
import type { Bound } from '../sdk/index.js';

/** The listeners that are bound; each is closed once. */
export class Closing {
  readonly #graceMs: number;
  readonly #open = new Map<number, Bound>();
  readonly #closed = new Map<number, Promise<void>>();

  /** Each gets `graceMs` for the answers under way. */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Listener number `index` is bound. */
  opened(index: number, bound: Bound): void {
    this.#open.set(index, bound);
  }

  /** Begins to close all that are open and waits for one. Rejects with what closing that one threw. */
  async closed(index: number): Promise<void> {
    for (const [each, bound] of this.#open) {
      const work = bound.close(this.#graceMs);
      // it is awaited when the turn of that listener comes
      work.catch(() => undefined);
      this.#closed.set(each, work);
    }
    this.#open.clear();
    await this.#closed.get(index);
  }
}
