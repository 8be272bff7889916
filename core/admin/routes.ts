// The local endpoints by name. Control endpoints change something and stand behind the request-header gate; the others are open for scrapers and
// orchestrators (corrections, D-24). Which listener serves which is decided in core/proxy/router.ts.
import type { LocalRoute } from '../contracts/exchange.js';
import type { LeaseCache } from '../contracts/lease-cache.js';
import { cacheClear } from './cache-clear.js';
import { health, livez, readyz, type StatusView } from './health.js';
import { metrics, type MetricsOptions } from './metrics.js';
import { quit } from './quit.js';

/** What the endpoints need. */
export interface AdminOptions {
  readonly cache: Pick<LeaseCache, 'clear'> | undefined;
  readonly metrics: MetricsOptions;
  readonly status: StatusView;
  /** Starts the orderly shutdown; called at most once. */
  readonly shutdown: () => void;
}

/** Makes the endpoints: `metrics`, `cache-clear`, `quit`, `health`, `livez`, `readyz`. One set serves all listeners. */
export function createAdminRoutes(options: AdminOptions): ReadonlyMap<string, LocalRoute> {
  return new Map<string, LocalRoute>([
    ['metrics', { control: false, handle: metrics(options.metrics) }],
    ['cache-clear', { control: true, handle: cacheClear(options.cache) }],
    ['quit', { control: true, handle: quit(options.shutdown) }],
    ['health', { control: false, handle: health(options.status) }],
    ['livez', { control: false, handle: livez }],
    ['readyz', { control: false, handle: readyz(options.status) }],
  ]);
}
