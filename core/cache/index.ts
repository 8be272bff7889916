// The entries in memory with their secondary indexes: request key, lease, token, accessor, parent. One secret is one entry, whatever number of
// request keys points to it (D-7). It decides nothing and waits for nothing.
import type { Entry } from './entry.js';

/** The index. Removing is by identity, so an old entry never takes a new one with it (D-34). */
export class EntryIndex {
  readonly #byKey = new Map<string, Entry>();
  readonly #byLease = new Map<string, Entry>();
  readonly #byToken = new Map<string, Entry>();
  readonly #byAccessor = new Map<string, Entry>();
  readonly #entries = new Set<Entry>();

  /** All entries, identities' tokens among them. */
  get all(): ReadonlySet<Entry> {
    return this.#entries;
  }

  byKey(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  byLease(lease: string): Entry | undefined {
    return this.#byLease.get(lease);
  }

  byToken(token: string): Entry | undefined {
    return this.#byToken.get(token);
  }

  byAccessor(accessor: string): Entry | undefined {
    return this.#byAccessor.get(accessor);
  }

  /** Puts an entry in and hangs it under its parent. */
  add(entry: Entry): void {
    this.#entries.add(entry);
    if (entry.lease !== '') this.#byLease.set(entry.lease, entry);
    if (entry.token !== '') this.#byToken.set(entry.token, entry);
    this.setAccessor(entry, entry.accessor);
    if (entry.parent !== undefined) (entry.parent.children ??= new Set()).add(entry);
  }

  /** Tells the accessor of an entry, when it became known. */
  setAccessor(entry: Entry, accessor: string): void {
    if (this.#byAccessor.get(entry.accessor) === entry) this.#byAccessor.delete(entry.accessor);
    entry.accessor = accessor;
    if (accessor !== '') this.#byAccessor.set(accessor, entry);
  }

  /** Lets a request key point to an entry; the entry it pointed to before loses it. */
  point(key: string, entry: Entry): void {
    const before = this.#byKey.get(key);
    if (before === entry) return;
    if (before !== undefined) before.keys = before.keys.filter((other) => other !== key);
    this.#byKey.set(key, entry);
    entry.keys.push(key);
  }

  /** Cuts the child tokens of a token loose: they live on when it is revoked as an orphan (corrections). */
  releaseTokens(token: string): void {
    const parent = this.byToken(token);
    for (const child of parent?.children ?? []) {
      if (child.kind === 'lease') continue;
      parent!.children!.delete(child);
      child.parent = undefined;
    }
  }

  /** Takes one entry out; its children are left without a parent. */
  remove(entry: Entry): void {
    if (!this.#entries.delete(entry)) return;
    for (const key of entry.keys) forget(this.#byKey, key, entry);
    forget(this.#byLease, entry.lease, entry);
    forget(this.#byToken, entry.token, entry);
    forget(this.#byAccessor, entry.accessor, entry);
    entry.parent?.children?.delete(entry);
    for (const child of entry.children ?? []) child.parent = undefined;
    entry.children = undefined;
    entry.parent = undefined;
  }
}

function forget(map: Map<string, Entry>, key: string, entry: Entry): void {
  if (map.get(key) === entry) map.delete(key);
}
