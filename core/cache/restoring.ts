// Records of an earlier run -> entries again (R-15, D-16, D-52, D-66). What hangs on an identity's token waits until that identity has logged in: with
// that very token it comes in, suspect; with another it is dropped. It must not know where records come from.
import type { Entry } from './entry.js';
import { entryOf } from './records.js';
import type { EntryRecord, RecordParent } from './record.js';

/** What restoring needs of the cache. */
export interface RestoringOptions {
  readonly now: () => number;
  readonly share: (head: readonly string[]) => readonly string[];
  /** Text of the identity's present token; undefined before its first login. */
  readonly tokenOf: (identity: string) => Entry | undefined;
  /** True when the lease or the token is held already. */
  readonly held: (entry: Entry) => boolean;
  /** True when something that was removed since the start of the agent may have meant it. Its parent is set. */
  readonly overtaken: (entry: Entry) => boolean;
  /** Puts one in with its keys; false when there is no room. Its parent is in already. */
  readonly insert: (entry: Entry, keys: readonly string[]) => boolean;
  /** These will not come in. */
  readonly drop: (entries: readonly Entry[], why: string) => void;
}

interface Restored {
  readonly entry: Entry;
  readonly parent: RecordParent;
  readonly keys: readonly string[];
  children: Restored[] | undefined;
}

/** Brings records back. */
export class Restoring {
  readonly #options: RestoringOptions;
  readonly #waiting = new Map<string, Restored[]>();

  constructor(options: RestoringOptions) {
    this.#options = options;
  }

  /** Takes records in any order; the result is how many are in or wait for their identity. */
  restore(records: readonly EntryRecord[]): number {
    const all = records.map((record): Restored => {
      const entry = entryOf(record, 'restored', this.#options.share);
      return { entry, parent: record.parent, keys: record.keys, children: undefined };
    });
    return this.#roots(this.#alive(this.#once(all))).reduce((count, root) => count + this.#place(root), 0);
  }

  /** An identity has a token: what waited for it comes in or is dropped. */
  adopted(identity: string): void {
    const waiting = this.#waiting.get(identity);
    if (waiting === undefined) return;
    this.#waiting.delete(identity);
    for (const one of waiting) this.#place(one);
  }

  /** What still waits is dropped when `means` says so (cache-clear, revocations). */
  dropWaiting(means: (entry: Entry) => boolean, why: string): number {
    let count = 0;
    for (const [identity, waiting] of this.#waiting) {
      const gone: Restored[] = [];
      this.#waiting.set(identity, pruned(waiting, means, gone));
      this.#drop(gone, why);
      count += gone.length;
    }
    return count;
  }

  // hangs what hangs on another record under it; what cannot be reached from a root is lost
  #roots(live: readonly Restored[]): readonly Restored[] {
    const roots = live.filter(({ parent }) => parent?.on !== 'entry');
    if (roots.length === live.length) return roots;
    const byId = new Map(live.map((one) => [one.entry.id, one]));
    for (const one of live) {
      const above = one.parent?.on === 'entry' ? byId.get(one.parent.id) : undefined;
      if (above !== undefined) (above.children ??= []).push(one);
    }
    const reached = new Set(roots.flatMap((root) => subtree(root)));
    this.#drop(
      live.filter((one) => !reached.has(one)),
      'lost',
    );
    return roots;
  }

  #place(root: Restored): number {
    const { parent } = root;
    if (parent?.on !== 'identity') return this.#insert(root, undefined);
    const owner = this.#options.tokenOf(parent.identity);
    if (owner === undefined && parent.identity !== '') {
      const waiting = this.#waiting.get(parent.identity);
      if (waiting === undefined) this.#waiting.set(parent.identity, [root]);
      else waiting.push(root);
      return subtree(root).length;
    }
    if (owner?.token === parent.token) return this.#insert(root, owner);
    this.#drop(subtree(root), 'retired');
    return 0;
  }

  #insert(root: Restored, parent: Entry | undefined): number {
    root.entry.parent = parent;
    const { overtaken, held, insert } = this.#options;
    const gone = overtaken(root.entry);
    if (gone || held(root.entry) || !insert(root.entry, root.keys)) {
      this.#drop(subtree(root), gone ? 'revoked' : 'replaced');
      return 0;
    }
    return (root.children ?? []).reduce((count, child) => count + this.#insert(child, root.entry), 1);
  }

  // one lease or token once: the record with the later end is the newer one (D-16)
  #once(all: readonly Restored[]): readonly Restored[] {
    const newest = new Map<string, Restored>();
    for (const one of all) {
      const { kind, lease, token } = one.entry;
      const name = kind === 'lease' ? lease : `${kind} ${token}`;
      const known = newest.get(name);
      if (known === undefined || endOf(known) <= endOf(one)) newest.set(name, one);
    }
    if (newest.size === all.length) return all;
    const kept = new Set(newest.values());
    const keptIds = new Set([...kept].map(({ entry }) => entry.id));
    // of two records with one id only the entry itself is kept: telling it as removed would delete the record that stays
    this.#drop(
      all.filter((one) => !kept.has(one) && !keptIds.has(one.entry.id)),
      'replaced',
    );
    return [...kept];
  }

  #alive(all: readonly Restored[]): readonly Restored[] {
    const now = this.#options.now();
    const dead = (one: Restored): boolean => endOf(one) !== 0 && endOf(one) - one.entry.marginMs <= now;
    const gone = all.filter(dead);
    this.#drop(gone, 'expired');
    return gone.length === 0 ? all : all.filter((one) => !dead(one));
  }

  #drop(gone: readonly Restored[], why: string): void {
    this.#options.drop(
      gone.map(({ entry }) => entry),
      why,
    );
  }
}

function pruned(list: readonly Restored[], means: (entry: Entry) => boolean, gone: Restored[]): Restored[] {
  return list.flatMap((one) => {
    if (!means(one.entry)) return { ...one, children: one.children && pruned(one.children, means, gone) };
    gone.push(...subtree(one));
    return [];
  });
}

function subtree(root: Restored): Restored[] {
  return root.children === undefined ? [root] : [root, ...root.children.flatMap((child) => subtree(child))];
}

const endOf = ({ entry }: Restored): number => entry.life?.expiresAt ?? 0;
