// What one listener serves: edge, router and pipeline put together from plain options. The only entry of this folder.
import type { ApiProxyConfig, CompatConfig, ListenerConfig } from '../contracts/agent-config.js';
import type { Forward, LocalRoute, Stage } from '../contracts/exchange.js';
import type { LeaseCache } from '../contracts/lease-cache.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { Identity } from '../contracts/token-feed.js';
import { instanceId } from '../kernel/ids.js';
import type { Clock, Serve } from '../sdk/index.js';
import { assemble } from './assemble.js';
import { compose } from './compose.js';
import { createEdge } from './edge.js';
import { createFront } from './front/front.js';
import { createRouter } from './router.js';

/** Everything that one listener's requests need. */
export interface ServeOptions {
  readonly listener: Pick<ListenerConfig, 'role' | 'requireRequestHeader' | 'enableQuit' | 'autoAuth'>;
  readonly product: 'agent' | 'proxy';
  readonly identities: ReadonlyMap<string, Identity>;
  readonly cache?: LeaseCache | undefined;
  readonly forward: Forward;
  readonly apiProxy: ApiProxyConfig;
  readonly compat: Pick<CompatConfig, 'upstreamErrors' | 'openControlEndpoints'>;
  /** The configured namespace (`vault.namespace`), for `prepend_configured_namespace`. */
  readonly namespaceDefault: string;
  /** Local endpoints by name (`metrics`, `cache-clear`, `quit` ...); see core/admin/routes.ts. */
  readonly admin: ReadonlyMap<string, LocalRoute>;
  readonly metrics: Metrics;
  readonly log: LogRoot;
  readonly clock: Clock;
  /** Mark against loops; give all listeners of a process the same. Default: a fresh one. */
  readonly instance?: string;
  /** The self-healing stage, once it exists. */
  readonly heal?: Stage | undefined;
}

/** Makes what a listener hands to `createHttpServer`. */
export function createServe(options: ServeOptions): Serve {
  const { listener, product, log, metrics, compat, clock, apiProxy, cache, forward, namespaceDefault, heal } = options;
  const proxyLog = log.named(`${product}.apiproxy`);
  const pipeline = compose(
    assemble({
      requireRequestHeader: listener.requireRequestHeader,
      apiProxy,
      identity: options.identities.get(listener.autoAuth),
      namespaceDefault,
      cache,
      forward,
      instance: options.instance ?? instanceId(),
      heal,
      metrics,
      clock,
      logs: {
        proxy: proxyLog,
        client: log.named(`${product}.apiproxy.client`),
        cache: log.named(`${product}.cache.leasecache`),
      },
    }),
  );
  const handler = createRouter({
    prefix: `/${product}/v1`,
    role: listener.role,
    enableQuit: listener.enableQuit,
    gateControl: listener.requireRequestHeader && !compat.openControlEndpoints,
    routes: options.admin,
    pipeline,
  });
  const identity = apiProxy.useAutoAuthToken === 'never' ? undefined : options.identities.get(listener.autoAuth);
  const front = cache === undefined ? undefined : createFront({ cache, identity, metrics, log: proxyLog });
  return createEdge({ handler, upstreamErrors: compat.upstreamErrors, metrics, log: proxyLog, front });
}
