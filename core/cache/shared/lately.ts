// What happened lately in a shared store, so that what was read before it happened is not taken for the present state. Knows no store and no clock.

const MOST = 1000;

/** Which keys have changed since a moment. */
export class NewsMemory {
  readonly #changed = new Map<string, number>();
  #moment = 0;
  #allAt = 0;

  /** Take it before reading. */
  get moment(): number {
    return this.#moment;
  }

  /** A key changed, or any may have. */
  add(key: string | undefined): void {
    this.#moment++;
    if (key !== undefined && this.#changed.size < MOST) return void this.#changed.set(key, this.#moment);
    this.#changed.clear();
    this.#allAt = this.#moment;
  }

  /** True when the key may have changed after `since`. */
  changed(key: string, since: number): boolean {
    return this.#allAt > since || (this.#changed.get(key) ?? 0) > since;
  }
}

/** Ids of what this agent has removed for all: a record of it that still lies in the store is not taken back. */
export class Graves {
  readonly #until = new Map<string, number>();

  /** `end` is when the record ends by itself (wall clock ms; Infinity for never). */
  add(id: string, end: number, now: number): void {
    this.#until.set(id, end);
    if (this.#until.size <= MOST) return;
    for (const [old, until] of this.#until) if (until <= now) this.#until.delete(old);
    for (const old of this.#until.keys()) if (this.#until.size > MOST) this.#until.delete(old);
  }

  has(id: string): boolean {
    return this.#until.has(id);
  }
}
