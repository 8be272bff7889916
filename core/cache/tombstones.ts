// The order of sendings and removals. What was sent before a removal ended, or while it was under way, must not be stored when the removal may
// mean it. It must not know what scopes mean.

/** A removal that may still be under way. */
export interface Stone<S> {
  readonly scope: S;
  /** Moment of its end; Infinity while it is under way. */
  until: number;
  /** The same by the clock, ms. */
  endedAt: number;
}

const MOST = 1000;

/** Removals, newest last. Bounded: what is older than the oldest one kept counts as overtaken. */
export class Tombstones<S> {
  readonly #stones: Stone<S>[] = [];
  readonly #now: () => number;
  #moment = 0;
  #forgotten = 0;

  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  /** The present moment. Take it before a request is sent. */
  get epoch(): number {
    return this.#moment;
  }

  /** A removal of `scope` begins, for example because its request is sent. */
  begin(scope: S): Stone<S> {
    const stone: Stone<S> = { scope, until: Infinity, endedAt: Infinity };
    this.#moment++;
    this.#stones.push(stone);
    if (this.#stones.length > MOST) this.#forget();
    return stone;
  }

  /** It has ended; what is sent from now on is not touched by it. */
  end(stone: Stone<S>): void {
    this.#moment++;
    stone.until = this.#moment;
    stone.endedAt = this.#now();
    // it had to be forgotten while it was under way: whatever was sent before this moment counts as overtaken
    if (this.#forgotten > 0 && !this.#stones.includes(stone)) this.#forgotten = this.#moment;
  }

  /** A removal that is over at once. */
  set(scope: S): void {
    this.end(this.begin(scope));
  }

  /** True when what was sent at `epoch` may have been overtaken by a removal whose scope `means` it. */
  raced(epoch: number, means: (scope: S) => boolean): boolean {
    if (epoch < this.#forgotten) return true;
    return this.#stones.some(({ scope, until }) => until > epoch && means(scope));
  }

  /** True when a removal that is remembered ended after `since` (by the clock, ms) and `means` it. */
  overtook(since: number, means: (scope: S) => boolean): boolean {
    return this.#stones.some(({ scope, endedAt }) => endedAt > since && means(scope));
  }

  #forget(): void {
    const at = this.#stones.findIndex(({ until }) => until !== Infinity);
    const [gone] = this.#stones.splice(at < 0 ? 0 : at, 1);
    this.#forgotten = Math.max(this.#forgotten, gone!.until === Infinity ? this.#moment : gone!.until);
  }
}
