// Sealed state of a plugin under test: one buffer in memory, copied on the way in and out.
import type { State } from '../host.js';

/** Stand-in of the `State` slot. */
export class StateFake implements State {
  #value: Uint8Array | undefined;

  load(): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#value?.slice());
  }

  save(value: Uint8Array): Promise<void> {
    this.#value = value.slice();
    return Promise.resolve();
  }
}
