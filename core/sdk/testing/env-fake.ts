// Environment of a plugin under test: a map. It holds only what the test put there.
import type { Env } from '../host.js';

/** Stand-in of the `Env` slot. */
export class EnvFake implements Env {
  readonly #values = new Map<string, string>();

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Sets a variable; undefined removes it. */
  set(name: string, value: string | undefined): void {
    if (value === undefined) this.#values.delete(name);
    else this.#values.set(name, value);
  }
}
