// The local endpoints by name. Control endpoints change something, or tell what the caches hold; they stand behind the request-header gate; the others are open for scrapers and
// orchestrators (corrections, D-24). Which listener serves which is decided in core/proxy/router.ts.
import type { LocalRoute } from '../contracts/exchange.js';
import type { LeaseCache } from '../contracts/lease-cache.js';
import type { StaticCache } from '../contracts/static-cache.js';
import { cacheClear } from './cache-clear.js';
import { cacheExplain, type CacheExplainOptions } from './cache-explain.js';
import { cacheList, type CacheListOptions } from './cache-list.js';
import { health, livez, readyz, type StatusView } from './health.js';
import { metrics, type MetricsOptions } from './metrics.js';
import { quit } from './quit.js';

/** What the endpoints need. */
export interface AdminOptions {
  readonly cache: Pick<LeaseCache, 'clear' | 'entries' | 'size' | 'bypass' | 'keyOf' | 'held'> | undefined;
  readonly statics?: Pick<StaticCache, 'clear' | 'entries' | 'size' | 'bypass'> | undefined;
  /** What else inspection shows: limits, store, addresses of the server. */
  readonly inspect?: Pick<CacheListOptions, 'room' | 'persist' | 'upstreams'>;
  /** What explaining needs besides the caches. */
  readonly explain?: Pick<CacheExplainOptions, 'identify' | 'lastReason'>;
  readonly metrics: MetricsOptions;
  readonly status: StatusView;
  /** Starts the orderly shutdown; called at most once. */
  readonly shutdown: () => void;
}

/** Makes the endpoints: `metrics`, `cache`, `cache/explain`, `cache-clear`, `quit`, `health`, `livez`, `readyz`. One set serves all listeners. */
export function createAdminRoutes(options: AdminOptions): ReadonlyMap<string, LocalRoute> {
  const { cache, statics } = options;
  const { clock } = options.metrics;
  return new Map<string, LocalRoute>([
    ['metrics', { control: false, handle: metrics(options.metrics) }],
    ['cache-clear', { control: true, handle: cacheClear(cache, statics) }],
    ['cache', { control: true, handle: cacheList({ cache, statics, ...options.inspect, clock }) }],
    ['cache/explain', { control: true, handle: cacheExplain({ cache, statics, ...options.explain, clock }) }],
    ['quit', { control: true, handle: quit(options.shutdown) }],
    ['health', { control: false, handle: health(options.status) }],
    ['livez', { control: false, handle: livez }],
    ['readyz', { control: false, handle: readyz(options.status) }],
  ]);
}
