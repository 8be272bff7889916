// Equal heads of stored answers are kept once: thousands of entries of one server share a handful. It must not know what a header means.

const MOST_HEADS = 256;

/** Interns header lists. */
export class HeadPool {
  readonly #heads = new Map<string, readonly string[]>();

  /** The shared list that equals this one. */
  share(head: readonly string[]): readonly string[] {
    const key = head.join('\n');
    const known = this.#heads.get(key);
    if (known !== undefined) return known;
    if (this.#heads.size >= MOST_HEADS) this.#heads.clear();
    this.#heads.set(key, head);
    return head;
  }
}
