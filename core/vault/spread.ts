// Long answers must not hold the connections of all others: a pool of which half carries answers that flow is left to them, and new requests go to
// the next pool. Pure bookkeeping; it must not know what a pool is.

/** How many answers flow through one pool at present. */
export interface Share {
  held: number;
}

/** A pool and its share. */
export type Shared<Pool> = Share & { readonly pool: Pool };

/** Bounds of a spread. */
export interface SpreadLimits {
  /** Flowing answers after which a pool gets no new requests. */
  readonly mostHeld: number;
  readonly mostPools: number;
}

/** Pools that are opened as they are needed; with few long answers it is one. */
export class Spread<Pool> {
  readonly #open: () => Pool;
  readonly #limits: SpreadLimits;
  readonly #all: [Shared<Pool>, ...Shared<Pool>[]];

  constructor(open: () => Pool, limits: SpreadLimits) {
    this.#open = open;
    this.#limits = limits;
    this.#all = [{ held: 0, pool: open() }];
  }

  /** The pool for the next request: the first with room, a new one, or the one with the fewest long answers. */
  pick(): Shared<Pool> {
    const [first] = this.#all;
    return first.held < this.#limits.mostHeld ? first : this.#another();
  }

  /** All pools that were opened. */
  get pools(): readonly Pool[] {
    return this.#all.map(({ pool }) => pool);
  }

  #another(): Shared<Pool> {
    const { mostHeld, mostPools } = this.#limits;
    const free = this.#all.find(({ held }) => held < mostHeld);
    if (free !== undefined) return free;
    if (this.#all.length >= mostPools)
      return this.#all.reduce((least, each) => (each.held < least.held ? each : least));
    const made = { held: 0, pool: this.#open() };
    this.#all.push(made);
    return made;
  }
}
