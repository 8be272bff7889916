// A value that changes, and those who follow it: a slow follower skips what is outdated and never sees an old value after a new one.
// It must not know what the value means.

/** The current value with push and pull followers. */
export class Latest<T> {
  #current: T | undefined;
  #version = 0;
  readonly #listeners = new Set<(value: T) => void>();

  /** The value set last; undefined before the first. */
  get current(): T | undefined {
    return this.#current;
  }

  /** Replaces the value and tells every listener at once; a listener that throws does not keep the others from hearing. */
  set(value: T): void {
    this.#current = value;
    this.#version += 1;
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch {
        continue;
      }
    }
  }

  /** Calls `listener` with each new value, not with the present one. The result ends it and may be called twice. */
  subscribe(listener: (value: T) => void): () => void {
    const own = (value: T): void => listener(value);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** The present value, if any, then each newer one that is still the newest when the consumer asks. Ends when `signal` is aborted. */
  async *updates(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    let seen = 0;
    while (!signal.aborted) {
      if (this.#version === seen) await this.#changed(signal);
      else {
        seen = this.#version;
        yield this.#current as T;
      }
    }
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        stop();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const stop = this.subscribe(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
