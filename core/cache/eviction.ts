// Criteria -> the entries they mean (spec cache sections 7 and 8). Pure: it reads the index and removes nothing. A token takes all that hangs
// on it along (D-8); identities' tokens are never among the result, so that later leases stay managed (D-15).
import type { Criteria } from './criteria.js';
import type { Entry } from './entry.js';
import type { EntryIndex } from './index.js';
import { fits } from './matches.js';

/** The entries to remove, each once, parents before their children. `logins` removes nothing: see loginsFor. */
export function entriesFor(criteria: Criteria, index: EntryIndex): Entry[] {
  const chosen = new Set<Entry>();
  if (criteria.by === 'orphan') {
    const token = index.byToken(criteria.token);
    if (token !== undefined) addWithOwnLeases(token, chosen);
  } else if (criteria.by !== 'logins') {
    for (const entry of rootsFor(criteria, index)) addWithSubtree(entry, chosen);
  }
  return [...chosen].filter((entry) => entry.kind !== 'identity');
}

/** The cached logins that these criteria mean. */
export function loginsFor(criteria: Criteria, index: EntryIndex): Entry[] {
  return criteria.by === 'logins' ? [...index.all].filter((entry) => fits(entry, criteria)) : [];
}

/** The identities whose own tokens these criteria mean: revoking them ends those tokens. */
export function identitiesIn(criteria: Criteria, index: EntryIndex): Entry[] {
  if (criteria.by === 'logins') return [];
  const roots = criteria.by === 'orphan' ? listOf(index.byToken(criteria.token)) : rootsFor(criteria, index);
  return [...roots].filter((entry) => entry.kind === 'identity');
}

function rootsFor(criteria: Exclude<Criteria, { by: 'orphan' | 'logins' }>, index: EntryIndex): Iterable<Entry> {
  switch (criteria.by) {
    case 'all':
      return index.all;
    case 'id':
      return listOf(index.byId(criteria.id));
    case 'lease':
      return listOf(index.byLease(criteria.lease));
    case 'token':
      return listOf(index.byToken(criteria.token));
    case 'accessor':
      return listOf(index.byAccessor(criteria.accessor));
    case 'prefix':
    case 'namespace':
    case 'request-path':
      return [...index.all].filter((entry) => fits(entry, criteria));
  }
}

const listOf = (entry: Entry | undefined): Entry[] => (entry === undefined ? [] : [entry]);

function addWithSubtree(entry: Entry, chosen: Set<Entry>): void {
  const waiting = [entry];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (chosen.has(next)) continue;
    chosen.add(next);
    if (next.children !== undefined) waiting.push(...next.children);
  }
}

function addWithOwnLeases(token: Entry, chosen: Set<Entry>): void {
  chosen.add(token);
  for (const child of token.children ?? []) if (child.kind === 'lease') chosen.add(child);
}
