// The catalog: plugins by kind and name or alias. It refuses duplicates and the shadowing of built-ins.
import type { Catalog, CatalogEntry } from '../contracts/catalog.js';
import type { Problem } from '../contracts/problem.js';
import { agentError, type Kind } from '../sdk/index.js';
import { problemOf } from './problem-of.js';

const keyOf = (kind: Kind, name: string): string => `${kind}/${name.toLowerCase()}`;

/** Puts entries in order; a later one may replace an earlier one only where `mayOverride` says so. */
export function makeCatalog(
  entries: readonly CatalogEntry[],
  mayOverride: (name: string) => boolean,
): { readonly catalog: Catalog; readonly problems: readonly Problem[] } {
  const byKey = new Map<string, CatalogEntry>();
  const problems: Problem[] = [];
  for (const entry of entries) {
    const { kind, name, aliases = [] } = entry.manifest;
    const taken = [name, ...aliases]
      .map((spelling) => byKey.get(keyOf(kind, spelling)))
      .find((other) => other !== undefined);
    if (taken !== undefined && !mayOverride(name)) {
      problems.push(
        problemOf(agentError('PLUGIN_DUPLICATE', { kind, name, other: taken.folder }, { at: entry.folder })),
      );
      continue;
    }
    for (const spelling of [name, ...aliases]) byKey.set(keyOf(kind, spelling), entry);
  }
  const unique = [...new Set(byKey.values())];
  return {
    catalog: {
      find: (kind, name) => byKey.get(keyOf(kind, name)),
      all: (kind) => (kind === undefined ? unique : unique.filter((entry) => entry.manifest.kind === kind)),
    },
    problems,
  };
}
