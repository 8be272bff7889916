// Builds the identities of a plan: auth method, sinks, and the core's machine that joins them.
import type { AgentConfig, IdentityConfig, MethodConfig, SinkConfig } from '../contracts/agent-config.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { TokenFeed, TokenState } from '../contracts/token-feed.js';
import { createIdentity, type RunningIdentity } from '../auto-auth/identity.js';
import type { AuthMethod, Clock, Sink } from '../sdk/index.js';
import type { VaultClient } from '../vault/client.js';
import type { BuiltCaches } from './caches.js';
import { guardAuthMethod } from './guards/auth-method.js';
import { guardSink } from './guards/sink.js';
import type { StatusBoard } from './health.js';
import type { Living } from './lifecycle.js';
import type { PluginFactory } from './plugin-factory.js';

/** What identities are made with. */
export interface IdentityParts {
  readonly config: AgentConfig;
  readonly factory: PluginFactory;
  readonly client: VaultClient;
  readonly caches: BuiltCaches | undefined;
  readonly clock: Clock;
  readonly log: LogRoot;
  readonly metrics: Metrics;
  readonly board: StatusBoard;
  readonly random: () => number;
}

/** An identity and the parts with a life of their own, in start order. */
export interface BuiltIdentity {
  readonly identity: RunningIdentity;
  readonly parts: readonly Living[];
}

/** Builds one identity. Nothing runs yet. */
export async function buildIdentity(parts: IdentityParts, config: IdentityConfig): Promise<BuiltIdentity> {
  const { factory, client, clock, board, config: agent } = parts;
  const { name, method } = config;
  const product = agent.product;
  const made = await factory.make<AuthMethod>({
    kind: 'auth-method',
    name: method.type,
    id: `auth_method.${name}`,
    settings: method.settings,
    mount: method.mountPath,
    logName: `${product}.auth.${method.type}`,
  });
  const guardedMethod = guardAuthMethod(made.guarded, made.instance);
  const sinks = await Promise.all(config.sinks.map((sink, index) => buildSink(parts, config, sink, index)));
  const identity = createIdentity({
    config,
    method: guardedMethod,
    sinks: sinks.map(({ sink, living }, index) => ({ config: config.sinks[index]!, sink, id: living.id })),
    vault: client.vault('auto-auth', { namespace: method.namespace }),
    address: client.address,
    clock,
    log: parts.log,
    metrics: parts.metrics,
    random: parts.random,
    health: board.reporter(`auto_auth.${name}`),
    product,
  });
  join(identity, method, parts.caches);
  const methodLife: Living = {
    id: `auth_method.${name}`,
    label: made.guarded.label,
    start: (signal) => guardedMethod.start!(signal),
    stop: (signal) => guardedMethod.stop!(signal),
  };
  return { identity, parts: [...sinks.map(({ living }) => living), methodLife] };
}

// The caches follow the tokens of the identity, and a token of an earlier run is tried before a login.
function join(identity: RunningIdentity, method: MethodConfig, caches: BuiltCaches | undefined): void {
  if (caches === undefined) return;
  const { leases, keeping } = caches;
  const { feed, name } = identity;
  const home = { namespace: method.namespace, path: `${method.mountPath}/login` };
  if (leases !== undefined) feed.subscribe((state) => leases.adopt(state, { expiresAt: lifeOf(feed, state), home }));
  keeping?.tokens.follow(name, feed, method.namespace);
  const token = keeping?.kept.get(name);
  if (token !== undefined && token.home === method.namespace) identity.preload(token.token);
}

// Renewals move the end of a token and are told to nobody.
function lifeOf(feed: TokenFeed, { token }: TokenState): () => number {
  return () => (feed.current?.token === token ? feed.current.expiresAt : 0);
}

async function buildSink(
  parts: IdentityParts,
  identity: IdentityConfig,
  config: SinkConfig,
  index: number,
): Promise<{ readonly sink: Sink; readonly living: Living }> {
  const id = `sink.${identity.name}.${index + 1}`;
  const { product } = parts.config;
  const made = await parts.factory.make<Sink>({
    kind: 'sink',
    name: config.type,
    id,
    settings: config.settings,
    logName: `${product}.sink.${config.type}`,
  });
  const sink = guardSink(made.guarded, made.instance);
  const mayFail = made.entry.mayFail === true;
  const living: Living = {
    id,
    label: made.guarded.label,
    mayFail,
    start: (signal) => sink.start!(signal),
    stop: (signal) => sink.stop!(signal),
  };
  return { sink, living };
}
