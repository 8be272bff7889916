// A bounded memory from the exact bytes of a request head to what answers it. Two generations stand in for "least recently used": what was
// asked for since the last turn survives the next one. Keys hold tokens: they stay in memory and are never shown.

/** Largest head that is remembered, in bytes. */
export const LARGEST_HEAD = 16 * 1024;

/** The memory. */
export class Memo<T> {
  readonly #half: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  /** Holds at most `limit` heads. */
  constructor(limit = 1000) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(head: string): T | undefined {
    const young = this.#young.get(head);
    if (young !== undefined) return young;
    const old = this.#old.get(head);
    if (old !== undefined) {
      this.#old.delete(head);
      this.set(head, old);
    }
    return old;
  }

  set(head: string, value: T): void {
    if (head.length > LARGEST_HEAD) return;
    this.#young.set(head, value);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** Forgets every head whose value is `meant`. */
  deleteWhere(meant: (value: T) => boolean): void {
    for (const half of [this.#young, this.#old]) {
      for (const [head, value] of half) if (meant(value)) half.delete(head);
    }
  }

  delete(head: string): void {
    this.#young.delete(head);
    this.#old.delete(head);
  }
}
