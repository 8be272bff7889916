// Policies by name: the `users/` and `groups/` (or `map/...`) tables that the methods with an outside directory keep beside their configuration.
// It promises the routes and the lookups; it knows no directory.
import type { Fields } from '../backend.js';
import { optionalList } from '../fields.js';
import { listReply } from '../route-table.js';
import type { Call, Route } from '../route-table.js';

/** What a name stands for. */
export interface Mapping {
  readonly policies: readonly string[];
  /** Groups that a user is in besides those of the directory. */
  readonly groups: readonly string[];
}

const clean = (names: readonly string[]): string[] =>
  [...new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))].sort();

/** One table. Keys are looked for as they are written, then in any case. */
export class MappedPolicies {
  readonly #entries = new Map<string, Mapping>();

  get(name: string): Mapping | undefined {
    const exact = this.#entries.get(name);
    if (exact !== undefined) return exact;
    const key = [...this.#entries.keys()].find((known) => known.toLowerCase() === name.toLowerCase());
    return key === undefined ? undefined : this.#entries.get(key);
  }

  /** The policies of all these names together. */
  of(names: readonly string[]): string[] {
    return [...new Set(names.flatMap((name) => this.get(name)?.policies ?? []))];
  }

  /** Routes of a table such as `users`: list, read, write, delete. `shown` makes the answer to a read. */
  routes(folder: string, shown: (mapping: Mapping, name: string) => Fields): Route[] {
    return [
      { path: folder, on: { list: () => listReply([...this.#entries.keys()].sort()) } },
      {
        path: `${folder}/*name`,
        exists: (call) => this.#entries.has(call.param('name')),
        on: {
          list: () => listReply([...this.#entries.keys()].sort()),
          read: (call) => {
            const found = this.#entries.get(call.param('name'));
            return found === undefined ? undefined : { data: shown(found, call.param('name')) };
          },
          write: (call) => this.#write(call),
          delete: (call) => {
            this.#entries.delete(call.param('name'));
            return undefined;
          },
        },
      },
    ];
  }

  #write(call: Call): undefined {
    const { body } = call;
    const name = call.param('name');
    const before = this.#entries.get(name);
    const policies = optionalList(body, 'policies') ?? optionalList(body, 'value');
    this.#entries.set(name, {
      policies: policies === undefined ? (before?.policies ?? []) : clean(policies),
      groups: optionalList(body, 'groups') ?? before?.groups ?? [],
    });
    return undefined;
  }
}

/** Merged and without doubles, as a login gets them. */
export const joined = (...lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort();
