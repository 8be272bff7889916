// Builds and binds the listeners of a plan.
import type { AgentConfig } from '../contracts/agent-config.js';
import type { LocalRoute } from '../contracts/exchange.js';
import type { LeaseCache } from '../contracts/lease-cache.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { Identity } from '../contracts/token-feed.js';
import { instanceId } from '../kernel/ids.js';
import { createServe } from '../proxy/create-serve.js';
import type { Bound, Clock, Listener } from '../sdk/index.js';
import type { VaultClient } from '../vault/client.js';
import { Closing } from './closing.js';
import { guardListener } from './guards/listener.js';
import type { Living } from './lifecycle.js';
import type { PluginFactory } from './plugin-factory.js';

/** What listeners are made with. */
export interface ListenerParts {
  readonly config: AgentConfig;
  readonly factory: PluginFactory;
  readonly client: VaultClient;
  readonly identities: ReadonlyMap<string, Identity>;
  readonly cache: LeaseCache | undefined;
  readonly admin: ReadonlyMap<string, LocalRoute>;
  readonly metrics: Metrics;
  readonly log: LogRoot;
  readonly clock: Clock;
}

/** A listener that can be started, and what it is bound to once it runs. */
export interface BuiltListener {
  readonly living: Living;
  readonly bound: () => Bound | undefined;
}

const GRACE_MS = 5_000;

/** Builds all listeners. Nothing is bound yet. The first that is stopped closes all, so that none takes new requests while another drains. */
export function buildListeners(parts: ListenerParts): Promise<readonly BuiltListener[]> {
  const shared = { instance: instanceId(), closing: new Closing(GRACE_MS) };
  return Promise.all(parts.config.listeners.map((_, index) => buildListener(parts, index, shared)));
}

async function buildListener(
  parts: ListenerParts,
  index: number,
  { instance, closing }: { readonly instance: string; readonly closing: Closing },
): Promise<BuiltListener> {
  const { config, factory } = parts;
  const listener = config.listeners[index]!;
  const id = `listener.${index + 1}`;
  const made = await factory.make<Listener>({
    kind: 'listener',
    name: listener.type,
    id,
    settings: listener.settings,
    logName: `${config.product}.listener.${listener.type}`,
  });
  const guarded = guardListener(made.guarded, made.instance);
  const serve = createServe({
    listener,
    product: config.product,
    identities: parts.identities,
    cache: parts.cache,
    forward: parts.client.forward,
    apiProxy: config.apiProxy,
    compat: config.compat,
    namespaceDefault: config.vault.namespace,
    admin: parts.admin,
    metrics: parts.metrics,
    log: parts.log,
    clock: parts.clock,
    instance,
  });
  let bound: Bound | undefined;
  const living: Living = {
    id,
    label: made.guarded.label,
    start: async (signal) => {
      await guarded.start!(signal);
      bound = await guarded.bind(serve);
      closing.opened(index, bound);
    },
    stop: async (signal) => {
      await closing.closed(index);
      await guarded.stop!(signal);
    },
  };
  return { living, bound: () => bound };
}
