// The `State` slot over the journal: small state of each component, sealed with everything else. It must not know what components keep.
import { RECORDS, type Journal } from '../../contracts/journal.js';
import type { StateAccess } from '../../sdk/index.js';

/** State of all components. Make it before the journal starts. */
export class StateShelf {
  readonly #journal: Journal;
  readonly #values = new Map<string, Uint8Array>();

  constructor(journal: Journal) {
    this.#journal = journal;
    journal.onRestored(RECORDS.state, (records) => {
      for (const { key, value } of records) this.#values.set(key.slice(RECORDS.state.length), copyOf(value));
    });
  }

  /**
   * State of one component; the id must be the same after a restart. `load` does not wait for a store that is locked or away: it gives nothing
   * then, because a login may need the component and the store the login. What is saved meanwhile wins over what is restored later.
   */
  access(componentId: string): StateAccess {
    return {
      load: () => {
        const value = this.#values.get(componentId);
        return Promise.resolve(value && copyOf(value));
      },
      save: async (value) => {
        this.#values.set(componentId, copyOf(value));
        this.#journal.mark(RECORDS.state + componentId, () => this.#values.get(componentId));
        await this.#journal.settled();
      },
    };
  }
}

// A plain copy: `slice` of a Buffer would share its memory.
const copyOf = (value: Uint8Array): Uint8Array => Uint8Array.from(value);
