// GET cache: what both caches hold, with no secret in it. Paths tell much, so it stands behind the same gate as the control endpoints (D-24, D-25).
import type { Exchange, Handler, Reply } from '../contracts/exchange.js';
import type { EntryView, LeaseCache } from '../contracts/lease-cache.js';
import type { StaticCache } from '../contracts/static-cache.js';
import { errorReply, jsonReply } from '../kernel/local-reply.js';
import type { Clock } from '../sdk/index.js';
import { onlyMethods } from './answers.js';
import { barePath, entryJson, type EntryJson } from './cache-view.js';

/** What is asked; each part may be missing. */
export interface CacheListOptions {
  readonly cache: Pick<LeaseCache, 'entries' | 'size'> | undefined;
  readonly statics?: Pick<StaticCache, 'entries' | 'size'> | undefined;
  /** How full the caches are together, and their limits; 0 means no limit. */
  readonly room?:
    | {
        readonly bytes: number;
        readonly limits: { readonly maxEntries: number; readonly maxBytes: number };
      }
    | undefined;
  /** State of the store: plain data, no secret. */
  readonly persist?: (() => object) | undefined;
  /** Addresses of the server and how they fare: plain data, no secret. */
  readonly upstreams?: (() => object) | undefined;
  readonly clock: Clock;
}

const DEFAULT_LIMIT = 1000;
const KINDS: ReadonlySet<string> = new Set(['lease', 'token', 'static']);

/** Makes the endpoint. Query: `kind`, `path` (prefix, with or without /v1/), `namespace`, `id`, `limit` (default 1000, 0 shows counts only). */
export function cacheList(options: CacheListOptions): Handler {
  return onlyMethods(['GET'], (exchange) => {
    const filter = filterOf(exchange);
    return typeof filter === 'string' ? errorReply(400, filter) : listed(options, filter);
  });
}

interface Filter {
  readonly limit: number;
  readonly fits: (view: EntryView) => boolean;
}

/** The filter, or what is wrong with it. */
function filterOf({ query }: Exchange): Filter | string {
  const asked = new URLSearchParams(query);
  const kind = asked.get('kind') ?? '';
  if (kind !== '' && !KINDS.has(kind)) return 'kind is one of lease, token, static';
  const limit = asked.get('limit') ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,9}$/.test(limit)) return 'limit is a whole number';
  const id = asked.get('id') ?? '';
  const path = barePath(asked.get('path') ?? '');
  const namespace = asked.has('namespace') ? bareNamespace(asked.get('namespace')!) : undefined;
  return {
    limit: Number(limit),
    fits: (view) =>
      (kind === '' || view.kind === kind) &&
      (id === '' || view.id === id) &&
      (path === '' || barePath(view.path).startsWith(path)) &&
      (namespace === undefined || bareNamespace(view.namespace) === namespace),
  };
}

const bareNamespace = (text: string): string => text.replace(/^\/+|\/+$/g, '').replace(/^root$/, '');

function listed({ cache, statics, room, persist, upstreams, clock }: CacheListOptions, filter: Filter): Reply {
  const now = clock.now();
  const entries: EntryJson[] = [];
  let matched = 0;
  let bytes = 0;
  for (const part of [cache, statics]) {
    for (const view of part?.entries() ?? []) {
      bytes += view.bytes;
      if (filter.fits(view) && ++matched <= filter.limit) entries.push(entryJson(view, now));
    }
  }
  return jsonReply(200, {
    entries,
    matched,
    size: (cache?.size ?? 0) + (statics?.size ?? 0),
    bytes: room?.bytes ?? bytes,
    max_entries: room?.limits.maxEntries ?? 0,
    max_bytes: room?.limits.maxBytes ?? 0,
    ...(persist !== undefined && { persist: persist() }),
    ...(upstreams !== undefined && { upstreams: upstreams() }),
  });
}
