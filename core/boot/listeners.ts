// Builds and binds the listeners of a plan.
import type { AgentConfig } from '../contracts/agent-config.js';
import type { LocalRoute } from '../contracts/exchange.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { Identity } from '../contracts/token-feed.js';
import type { BodyBudget } from '../proxy/body-budget.js';
import { createServe, type ServeOptions } from '../proxy/create-serve.js';
import type { LastReasons } from '../proxy/last-reasons.js';
import { createTokenProof } from '../proxy/token-proof.js';
import type { Bound, Clock, Listener } from '../sdk/index.js';
import type { VaultClient } from '../vault/client.js';
import type { BuiltCaches } from './caches.js';
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
  readonly caches: BuiltCaches | undefined;
  readonly admin: ReadonlyMap<string, LocalRoute>;
  readonly budget: BodyBudget;
  readonly metrics: Metrics;
  readonly reasons: LastReasons;
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
  const shared = { closing: new Closing(GRACE_MS), budget: parts.budget, proofs: proofsOf(parts) };
  return Promise.all(parts.config.listeners.map((_, index) => buildListener(parts, index, shared)));
}

// One proof per identity, in the namespace its tokens live in.
function proofsOf({ config, client, clock }: ListenerParts): NonNullable<ServeOptions['proofs']> {
  return new Map(
    config.identities.map(({ name, method }) => [
      name,
      createTokenProof({ vault: client.vault('auto-auth', { namespace: method.namespace }), clock }),
    ]),
  );
}

async function buildListener(
  parts: ListenerParts,
  index: number,
  { closing, ...once }: Pick<ServeOptions, 'budget' | 'proofs'> & { readonly closing: Closing },
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
    cache: parts.caches?.leases,
    statics: parts.caches?.statics,
    forward: parts.client.forward,
    tunnel: parts.client.tunnel,
    apiProxy: config.apiProxy,
    compat: config.compat,
    namespaceDefault: config.vault.namespace,
    admin: parts.admin,
    metrics: parts.metrics,
    reasons: parts.reasons,
    log: parts.log,
    clock: parts.clock,
    instance: parts.client.instance,
    ...once,
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
