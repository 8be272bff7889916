// Whether a token lives, proven by one question at a time per token; "alive" is believed for a while (R-6, D-21). It must not know what hangs on it.
import type { Entry } from './entry.js';
import type { Timeline } from './timeline.js';
import { tokenLives, type UpkeepOptions } from './upkeep.js';

/** What is known about a token. */
export type Proof = 'alive' | 'dead' | 'unknown';

const BELIEVED_MS = 5_000;
const MOST_BELIEVED = 1_000;

/** Proves tokens of entries. */
export class TokenProofs {
  readonly #upkeep: UpkeepOptions;
  readonly #time: Timeline;
  readonly #asking = new Map<Entry, Promise<Proof>>();
  readonly #alive = new Map<Entry, number>();

  constructor(upkeep: UpkeepOptions, time: Timeline) {
    this.#upkeep = upkeep;
    this.#time = time;
  }

  /** Asks the server, unless the token was found alive a moment ago. `owner` is the entry of the token. Never rejects. */
  of(owner: Entry): Promise<Proof> {
    const since = this.#alive.get(owner);
    if (since !== undefined && this.#time.now() - since < BELIEVED_MS) return Promise.resolve('alive');
    const asking = this.#asking.get(owner);
    if (asking !== undefined) return asking;
    const asked = tokenLives(owner, this.#upkeep).then((proof) => {
      this.#asking.delete(owner);
      if (proof === 'alive') this.#believe(owner);
      return proof;
    });
    this.#asking.set(owner, asked);
    return asked;
  }

  #believe(owner: Entry): void {
    if (this.#alive.size >= MOST_BELIEVED) this.#alive.clear();
    this.#alive.set(owner, this.#time.now());
  }
}
