// Criteria -> the entries they mean (spec cache sections 7 and 8). Pure: it reads the index and removes nothing. A token takes all that hangs
// on it along (D-8); identities' tokens are never among the result, so that later leases stay managed (D-15).
import type { Criteria } from './criteria.js';
import type { Entry } from './entry.js';
import type { EntryIndex } from './index.js';
import { underPrefix } from './request-path.js';

/** The entries to remove, each once, parents before their children. */
export function entriesFor(criteria: Criteria, index: EntryIndex): Entry[] {
  const chosen = new Set<Entry>();
  if (criteria.by === 'orphan') {
    const token = index.byToken(criteria.token);
    if (token !== undefined) addWithOwnLeases(token, chosen);
  } else {
    for (const entry of rootsFor(criteria, index)) addWithSubtree(entry, chosen);
  }
  return [...chosen].filter((entry) => entry.kind !== 'identity');
}

/**
 * True when an answer that is still on its way may be of what is removed here, so that it must not be stored. Where the entry of its token goes,
 * the answer is unmanaged anyway; entries of identities' tokens stay, hence the look at them.
 */
export function reachesAnswersUnderWay(criteria: Criteria, index: EntryIndex): boolean {
  switch (criteria.by) {
    case 'lease':
      return false;
    case 'token':
    case 'orphan':
    case 'accessor':
      return identitiesIn(criteria, index).length > 0;
    default:
      return true;
  }
}

/** The identities whose own tokens these criteria mean: revoking them ends those tokens. */
export function identitiesIn(criteria: Criteria, index: EntryIndex): Entry[] {
  const roots = criteria.by === 'orphan' ? listOf(index.byToken(criteria.token)) : rootsFor(criteria, index);
  return [...roots].filter((entry) => entry.kind === 'identity');
}

function rootsFor(criteria: Exclude<Criteria, { by: 'orphan' }>, index: EntryIndex): Iterable<Entry> {
  switch (criteria.by) {
    case 'all':
      return index.all;
    case 'lease':
      return listOf(index.byLease(criteria.lease));
    case 'token':
      return listOf(index.byToken(criteria.token));
    case 'accessor':
      return listOf(index.byAccessor(criteria.accessor));
    case 'prefix':
    case 'namespace':
      return [...index.all].filter((entry) => entry.home.path !== '' && matches(entry, criteria));
    case 'request-path':
      return [...index.all].filter((entry) => entry.kind !== 'identity' && matches(entry, criteria));
  }
}

type Pattern = Extract<Criteria, { by: 'prefix' | 'namespace' | 'request-path' }>;

function matches(entry: Entry, pattern: Pattern): boolean {
  if (pattern.by === 'namespace') return entry.home.namespace.startsWith(pattern.namespace);
  if (pattern.by === 'request-path') return requestedUnder(entry, pattern);
  if (entry.home.namespace !== pattern.namespace) return false;
  return underPrefix(entry.lease === '' ? entry.home.path : entry.lease, pattern.prefix);
}

// As it was requested, or with a namespace that was written in the path told apart from it (D-57).
function requestedUnder({ namespace, path, home }: Entry, pattern: Extract<Pattern, { by: 'request-path' }>): boolean {
  if (namespace === pattern.namespace && path.startsWith(pattern.path)) return true;
  return home.namespace === pattern.namespace && `/v1/${home.path}`.startsWith(pattern.path);
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
