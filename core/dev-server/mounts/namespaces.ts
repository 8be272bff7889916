// The tree of namespaces. Each has mounts and policies of its own. The root's path is empty; others end in `/`.
import type { Fields } from '../backend.js';
import { randomText } from '../chance.js';
import type { PolicyStore } from '../policy/policy-store.js';
import type { MountTable } from './mount-table.js';

/** One namespace. */
export interface Namespace {
  readonly path: string;
  /** `root`, or six letters that end the ids of its tokens and leases. */
  readonly id: string;
  readonly uuid: string;
  readonly mounts: MountTable;
  readonly policies: PolicyStore;
  customMetadata: Readonly<Record<string, string>>;
}

/** A path split at its namespace. */
export interface Placed {
  readonly namespace: Namespace;
  readonly path: string;
}

/** `/team//` and `team` become `team/`; the empty path and `root` the root. */
export function canonicalNamespace(text: string): string {
  const trimmed = text.replace(/^\/+|\/+$/g, '');
  return trimmed === '' || trimmed === 'root' ? '' : `${trimmed}/`;
}

/** What goes behind a token or a lease id of a namespace. */
export function idSuffix(namespace: Namespace): string {
  return namespace.path === '' ? '' : `.${namespace.id}`;
}

/** All namespaces of a server. */
export class NamespaceTree {
  readonly #all = new Map<string, Namespace>();
  readonly #furnish: (path: string, id: string) => Namespace;

  /** `furnish` makes a namespace with its built-in mounts and policies. */
  constructor(furnish: (path: string, id: string) => Namespace) {
    this.#furnish = furnish;
  }

  /** Makes the root; call it once, when everything that `furnish` needs is there. */
  open(): void {
    this.#all.set('', this.#furnish('', 'root'));
  }

  get root(): Namespace {
    return this.#all.get('') ?? this.create('');
  }

  get(path: string): Namespace | undefined {
    return this.#all.get(path);
  }

  /** Makes a namespace; an existing one stays as it is. */
  create(path: string): Namespace {
    const existing = this.#all.get(path);
    if (existing !== undefined) return existing;
    const made = this.#furnish(path, randomText(6));
    this.#all.set(path, made);
    return made;
  }

  remove(path: string): void {
    this.#all.delete(path);
  }

  /** Direct children, or all descendants, sorted by path. */
  below(path: string, deep: boolean): Namespace[] {
    return [...this.#all.values()]
      .filter((other) => other.path !== path && other.path.startsWith(path))
      .filter((other) => deep || !other.path.slice(path.length, -1).includes('/'))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Follows the namespaces that start a path: `team/secret/x` is `secret/x` in `team/`. Undefined for an unknown header namespace. */
  place(header: string, path: string): Placed | undefined {
    const start = this.#all.get(canonicalNamespace(header));
    if (start === undefined) return undefined;
    let namespace: Namespace = start;
    let rest = path;
    for (;;) {
      const slash = rest.indexOf('/');
      const next: Namespace | undefined =
        slash < 0 ? undefined : this.#all.get(namespace.path + rest.slice(0, slash + 1));
      if (next === undefined) return { namespace, path: rest };
      namespace = next;
      rest = rest.slice(slash + 1);
    }
  }
}

/** A namespace as `sys/namespaces` shows it. */
export function describeNamespace(namespace: Namespace): Fields {
  return {
    custom_metadata: namespace.customMetadata,
    id: namespace.id,
    locked: false,
    path: namespace.path,
    tainted: false,
    uuid: namespace.uuid,
  };
}
