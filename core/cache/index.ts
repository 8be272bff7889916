// The entries in memory with their secondary indexes: request key, lease, token, accessor, parent. One secret is one entry, whatever number of
// request keys points to it (D-7). It decides nothing and waits for nothing.
import type { Entry } from './entry.js';

/** Request keys of one entry. */
const MOST_KEYS = 64;

/** The index. Removing is by identity, so an old entry never takes a new one with it (D-34). */
export class EntryIndex {
  /** Made when it is first asked for: only inspection and sharing do. */
  #byId: Map<string, Entry> | undefined;
  readonly #byKey = new Map<string, Entry>();
  readonly #byLease = new Map<string, Entry>();
  readonly #byToken = new Map<string, Entry>();
  readonly #byAccessor = new Map<string, Entry>();
  readonly #entries = new Set<Entry>();

  /** All entries, identities' tokens among them. */
  get all(): ReadonlySet<Entry> {
    return this.#entries;
  }

  byId(id: string): Entry | undefined {
    this.#byId ??= new Map([...this.#entries].map((entry) => [entry.id, entry]));
    const entry = this.#byId.get(id);
    return entry?.kind === 'identity' ? undefined : entry;
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
    this.#byId?.set(entry.id, entry);
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

  /**
   * Lets a request key point to an entry; the entry it pointed to before loses it and is the result. Of a client that varies its query for one secret
   * only the latest keys are kept.
   */
  point(key: string, entry: Entry): Entry | undefined {
    const before = this.#byKey.get(key);
    if (before === entry) return undefined;
    if (before !== undefined) before.keys = before.keys.filter((other) => other !== key);
    this.#byKey.set(key, entry);
    const { keys } = entry;
    const dropped = keys.length >= MOST_KEYS ? keys[0] : undefined;
    entry.keys = [...keys.slice(1 - MOST_KEYS), key];
    if (dropped !== undefined) forget(this.#byKey, dropped, entry);
    return before;
  }

  /** Takes all request keys of an entry away. */
  unpoint(entry: Entry): void {
    for (const key of entry.keys) forget(this.#byKey, key, entry);
    entry.keys = [];
  }

  /** Cuts the child tokens of a token loose: they live on when it is revoked as an orphan (corrections). */
  releaseTokens(token: string): Entry[] {
    const parent = this.byToken(token);
    const released = [...(parent?.children ?? [])].filter(({ kind }) => kind === 'token');
    for (const child of released) {
      parent!.children!.delete(child);
      child.parent = undefined;
    }
    return released;
  }

  /** Takes one entry out; its children are left without a parent. */
  remove(entry: Entry): void {
    if (!this.#entries.delete(entry)) return;
    for (const key of entry.keys) forget(this.#byKey, key, entry);
    this.#byId?.delete(entry.id);
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
