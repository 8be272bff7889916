// A cache that holds what a test says, for the endpoints.
import type { AdminOptions } from '../../../core/admin/routes.js';
import type { EntryView } from '../../../core/contracts/lease-cache.js';

type Cache = NonNullable<AdminOptions['cache']>;

/** Views of entries, each different from a plain lease by `more`. Times are wall clock ms. */
export function entry(more: Partial<EntryView> = {}): EntryView {
  return {
    id: 'e1',
    kind: 'lease',
    path: '/v1/database/creds/app',
    namespace: '',
    storedAt: 1_000_000,
    expiresAt: 1_600_000,
    renewals: 0,
    state: 'renewing',
    why: 'stored-lease',
    nextAt: 1_400_000,
    parent: 'identity default',
    children: 0,
    keys: 1,
    bytes: 100,
    ...more,
  };
}

/** The cache; everything is a candidate and nothing is held for a key, unless `more` says otherwise. */
export function holding(entries: readonly EntryView[], more: Partial<Cache> = {}): Cache {
  return {
    entries: () => entries,
    size: entries.length,
    clear: () => 0,
    bypass: () => undefined,
    keyOf: ({ method, path, namespace, token }) => `${method} ${namespace}${path} ${token?.reveal() ?? ''}`,
    held: () => undefined,
    ...more,
  };
}
