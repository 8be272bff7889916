// What one listener serves: edge, router and pipeline put together from plain options. The only entry of this folder.
import type { ApiProxyConfig, CompatConfig, ListenerConfig } from '../contracts/agent-config.js';
import type { Forward, Handler, LocalRoute, Tunnel } from '../contracts/exchange.js';
import type { LeaseCache } from '../contracts/lease-cache.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { StaticCache } from '../contracts/static-cache.js';
import type { Identity } from '../contracts/token-feed.js';
import { instanceId } from '../kernel/ids.js';
import type { Clock, Serve } from '../sdk/index.js';
import { assemble } from './assemble.js';
import { BodyBudget } from './body-budget.js';
import { compose } from './compose.js';
import { createEdge } from './edge.js';
import { createFront } from './front/front.js';
import type { LastReasons } from './last-reasons.js';
import { createRouter } from './router.js';
import type { TokenProof } from './token-proof.js';
import { createUpgrade } from './upgrade.js';

/** Everything that one listener's requests need. */
export interface ServeOptions {
  readonly listener: Pick<ListenerConfig, 'role' | 'requireRequestHeader' | 'enableQuit' | 'autoAuth'>;
  readonly product: 'agent' | 'proxy';
  readonly identities: ReadonlyMap<string, Identity>;
  /** Undefined without caching, and with `disable_caching_dynamic_secrets`. */
  readonly cache?: LeaseCache | undefined;
  readonly statics?: StaticCache | undefined;
  /** One proof per identity, the same for all listeners; an identity without one is not healed. */
  readonly proofs?: ReadonlyMap<string, TokenProof> | undefined;
  /** Give all listeners of a process the same. Default: a fresh one. */
  readonly budget?: BodyBudget | undefined;
  readonly forward: Forward;
  /** Carries WebSocket connections; without it requests for one are answered as usual. */
  readonly tunnel?: Tunnel | undefined;
  readonly apiProxy: ApiProxyConfig;
  readonly compat: Pick<CompatConfig, 'upstreamErrors' | 'openControlEndpoints'>;
  /** The configured namespace (`vault.namespace`), for `prepend_configured_namespace`. */
  readonly namespaceDefault: string;
  /** Local endpoints by name (`metrics`, `cache-clear`, `quit` ...); see core/admin/routes.ts. */
  readonly admin: ReadonlyMap<string, LocalRoute>;
  readonly metrics: Metrics;
  /** Remembers for inspection why requests were no hits; give all listeners of a process the same. */
  readonly reasons?: LastReasons | undefined;
  readonly log: LogRoot;
  readonly clock: Clock;
  /** Mark against loops; give all listeners of a process the same. Default: a fresh one. */
  readonly instance?: string;
}

/** Makes what a listener hands to `createHttpServer`. */
export function createServe(options: ServeOptions): Serve {
  const { listener, product, log, metrics, compat, clock, apiProxy, cache, statics, forward, namespaceDefault } =
    options;
  const { budget = new BodyBudget(), instance = instanceId(), tunnel } = options;
  const proxyLog = log.named(`${product}.apiproxy`);
  const pipeline = compose(
    assemble({
      requireRequestHeader: listener.requireRequestHeader,
      apiProxy,
      identity: options.identities.get(listener.autoAuth),
      namespaceDefault,
      cache,
      statics,
      budget,
      proof: options.proofs?.get(listener.autoAuth),
      forward,
      instance,
      metrics,
      reasons: options.reasons,
      clock,
      logs: {
        proxy: proxyLog,
        client: log.named(`${product}.apiproxy.client`),
        cache: log.named(`${product}.cache.leasecache`),
      },
    }),
  );
  const route = (rest: Handler): Handler =>
    createRouter({
      prefix: `/${product}/v1`,
      role: listener.role,
      enableQuit: listener.enableQuit,
      gateControl: listener.requireRequestHeader && !compat.openControlEndpoints,
      routes: options.admin,
      pipeline: rest,
    });
  const identity = apiProxy.useAutoAuthToken === 'never' ? undefined : options.identities.get(listener.autoAuth);
  const front = cache === undefined ? undefined : createFront({ cache, identity, clock, metrics, log: proxyLog });
  const { upstreamErrors } = compat;
  const serve = createEdge({ handler: route(pipeline), upstreamErrors, metrics, log: proxyLog, front, budget });
  if (tunnel === undefined) return serve;
  const logs = { proxy: proxyLog, client: log.named(`${product}.apiproxy.client`) };
  const { requireRequestHeader } = listener;
  return {
    ...serve,
    upgrade: createUpgrade({
      tunnel,
      route,
      requireRequestHeader,
      apiProxy,
      namespaceDefault,
      instance,
      upstreamErrors,
      metrics,
      clock,
      logs,
      identity: options.identities.get(listener.autoAuth),
    }),
  };
}
