// The running agent: two passes of start (acquire, then run), reload of what the reference reloads, ordered stop (architecture 2.8 - 2.10).
import { hostname } from 'node:os';
import { createAdminRoutes } from '../admin/routes.js';
import type { RunningIdentity } from '../auto-auth/identity.js';
import type { AgentConfig, CacheConfig } from '../contracts/agent-config.js';
import type { Catalog } from '../contracts/catalog.js';
import type { LogRoot } from '../contracts/logging.js';
import { systemClock } from '../kernel/clock.js';
import { AgentError, agentError, describeError, type Clock, type Logger, type Secret } from '../sdk/index.js';
import { BodyBudget } from '../proxy/body-budget.js';
import { LastReasons } from '../proxy/last-reasons.js';
import { MetricRegistry } from '../telemetry/metrics.js';
import { createVaultClient, type VaultClient } from '../vault/client.js';
import { buildCaches, type BuiltCaches, type CacheParts } from './caches.js';
import { rootContainer } from './containers.js';
import { explainer } from './explain.js';
import { StatusBoard, type ComponentStatus } from './health.js';
import { buildIdentity, type BuiltIdentity } from './identities.js';
import { Lifecycle, type Timing } from './lifecycle.js';
import { buildListeners, type BuiltListener } from './listeners.js';
import { PluginFactory } from './plugin-factory.js';
import { revocationOf } from './revocation.js';

/** What an agent is started with. */
export interface AgentOptions {
  readonly config: AgentConfig;
  readonly catalog: Catalog;
  readonly log: LogRoot;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Bound of one component's start; default 10 s. */
  readonly startTimeoutMs?: number;
}

/** Why an agent ended by itself. */
export type Ending = { readonly reason: 'quit' | 'delivered' } | { readonly reason: 'failed'; readonly error: unknown };

const GRACE_MS = 10_000;

/** An agent. `start` once, `stop` as often as you like. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #board: StatusBoard;
  readonly #lifecycle: Lifecycle;
  readonly metrics = new MetricRegistry();
  readonly #reasons = new LastReasons();
  #client: VaultClient | undefined;
  #caches: BuiltCaches | undefined;
  #identities: readonly BuiltIdentity[] = [];
  #byName: ReadonlyMap<string, RunningIdentity> = new Map();
  #listeners: readonly BuiltListener[] = [];
  #end: (ending: Ending) => void = () => undefined;
  #stopping: Promise<readonly unknown[]> | undefined;
  /** Resolves when the agent ends by itself: quit endpoint, exit_after_auth, exit_on_err. */
  readonly ended: Promise<Ending>;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock();
    this.#log = options.log.named(options.config.product);
    this.#board = new StatusBoard(() => this.#clock.now());
    this.#lifecycle = new Lifecycle({
      clock: this.#clock,
      board: this.#board,
      ...(options.startTimeoutMs !== undefined && { startTimeoutMs: options.startTimeoutMs }),
    });
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Starts everything. On any error what was started is stopped again, in reverse, and the error is thrown. */
  async start(): Promise<void> {
    refuseNotBuilt(this.#options.config);
    try {
      await this.#acquire();
      await this.#run();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#log.debug(
      { timings: Object.fromEntries(this.#lifecycle.timings.map(({ id, ms }) => [id, ms])) },
      'boot timings in ms',
    );
  }

  /** Addresses of the bound listeners, in configuration order. */
  get urls(): readonly string[] {
    return this.#listeners.flatMap((listener) => listener.bound()?.url ?? []);
  }

  /** States of all components. */
  status(): readonly ComponentStatus[] {
    return this.#board.view();
  }

  /** How long each part of the start took. */
  get timings(): readonly Timing[] {
    return this.#lifecycle.timings;
  }

  /** Reads listener certificates and upstream TLS files again. What fails keeps its old state and is returned. */
  async reload(): Promise<readonly unknown[]> {
    const attempts = [
      ...this.#listeners.map(async (listener) => listener.bound()?.reload?.()),
      Promise.resolve().then(() => this.#client?.reload()),
    ];
    const results = await Promise.allSettled(attempts);
    return results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  }

  /** Stops everything in reverse order within one grace; nothing is evicted, and tokens are revoked only with `revoke_on_shutdown`. Errors are returned, never thrown. */
  stop(): Promise<readonly unknown[]> {
    this.#stopping ??= this.#lifecycle.stop(GRACE_MS);
    return this.#stopping;
  }

  async #acquire(): Promise<void> {
    const { config, log, version } = this.#options;
    const random = this.#options.random ?? Math.random;
    const shared = { clock: this.#clock, log, metrics: this.metrics, random };
    const client = createVaultClient({
      ...shared,
      config: config.vault,
      keepAlive: keepAliveOf(config),
      userAgent: { version },
    });
    this.#client = client;
    if (config.vault.tlsSkipVerify)
      this.#log.warn({}, 'tls_skip_verify is set: whoever answers as the server gets the tokens');
    await this.#lifecycle.start({ id: 'upstream', label: 'upstream client', stop: () => client.close() });
    const factory = new PluginFactory({
      catalog: this.#options.catalog,
      root: rootContainer({ clock: this.#clock, upstream: client.vault('auto-auth') }),
      log,
      clock: this.#clock,
      board: this.#board,
      env: this.#options.env,
    });
    const common = { ...shared, config, factory, client, board: this.#board, budget: new BodyBudget() };
    const caches = config.cache && (await this.#buildCaches(common, config.cache));
    this.#identities = await Promise.all(
      config.identities.map((identity) => buildIdentity({ ...common, caches }, identity)),
    );
    this.#byName = new Map(this.#identities.map(({ identity }) => [identity.name, identity]));
    this.#listeners = await buildListeners({
      ...common,
      caches,
      identities: this.#byName,
      reasons: this.#reasons,
      admin: this.#adminRoutes(client),
    });
    for (const { parts } of this.#identities) for (const part of parts) await this.#lifecycle.start(part);
    // after the listeners have let go of their last request, before the sinks and the client end
    const revocation = revocationOf(config, [...this.#byName.values()], this.#clock);
    if (revocation) await this.#lifecycle.start(revocation);
    for (const part of caches?.parts ?? []) await this.#lifecycle.start(part);
    for (const { living } of this.#listeners) await this.#lifecycle.start(living);
  }

  async #buildCaches(
    common: Omit<CacheParts, 'env' | 'identities' | 'onIdentityRevoked'>,
    config: CacheConfig,
  ): Promise<BuiltCaches> {
    const caches = await buildCaches(
      {
        ...common,
        env: this.#options.env,
        identities: () => this.#byName,
        onIdentityRevoked: (token) => this.#loginAnew(token),
      },
      config,
    );
    this.#caches = caches;
    // the store is read before the first identity is built and the first request is taken
    for (const part of caches.stores) await this.#lifecycle.start(part);
    return caches;
  }

  #loginAnew(token: Secret): void {
    const { signal } = new AbortController();
    for (const { identity } of this.#identities) {
      const { current } = identity.feed;
      if (current?.token.equals(token)) identity.reauthenticate(current.sequence, signal).catch(() => undefined);
    }
  }

  #adminRoutes(client: VaultClient): ReturnType<typeof createAdminRoutes> {
    const { telemetry } = this.#options.config;
    const caches = this.#caches;
    const journal = caches?.keeping?.journal;
    return createAdminRoutes({
      cache: caches?.leases,
      ...(caches?.statics && { statics: caches.statics }),
      inspect: {
        room: caches?.room,
        ...(journal && { persist: () => ({ state: journal.state, pending: journal.pending }) }),
        upstreams: () => client.upstreams(),
      },
      explain: {
        identify: explainer(this.#options.config, this.#clock, this.#log, () => this.#byName),
        lastReason: (exchange) => this.#reasons.of(exchange),
      },
      metrics: {
        snapshot: () => this.metrics.snapshot(),
        naming: {
          prefix: telemetry?.metricsPrefix ?? 'vault',
          ...(telemetry !== undefined &&
            !telemetry.disableHostname && { host: hostname(), hostAsLabel: telemetry.enableHostnameLabel }),
        },
        prometheus: (telemetry?.prometheusRetentionMs ?? 0) > 0,
        clock: this.#clock,
      },
      status: { components: () => this.#board.view(), ready: () => this.#ready() },
      shutdown: () => this.#end({ reason: 'quit' }),
    });
  }

  #ready(): boolean {
    return this.#board.view().every(({ state }) => state === 'ok' || state === 'degraded');
  }

  async #run(): Promise<void> {
    for (const { identity } of this.#identities) {
      await this.#lifecycle.start({
        id: `auto_auth.${identity.name}`,
        label: `auto_auth "${identity.name}"`,
        start: () => Promise.resolve(identity.start()),
        stop: () => identity.stop(),
      });
    }
    this.#watch(this.#identities.map(({ identity }) => identity));
  }

  #watch(identities: readonly RunningIdentity[]): void {
    for (const identity of identities) {
      void identity.failed.then((error) => {
        this.#log.error({ error, identity: identity.name }, 'auto-auth failed and exit_on_err is set');
        this.#end({ reason: 'failed', error });
      });
    }
    if (!this.#options.config.exitAfterAuth || identities.length === 0) return;
    void Promise.all(identities.map((identity) => identity.delivered)).then(() => {
      this.#log.info({}, 'exit_after_auth is set and all tokens are delivered');
      this.#end({ reason: 'delivered' });
    });
  }
}

function refuseNotBuilt(config: AgentConfig): void {
  const [first, ...others] = config.notBuilt;
  if (first === undefined) return;
  const what = [first, ...others].map((item) => item.what).join(', ');
  throw agentError('CONFIG_NOT_SUPPORTED_YET', { what }, { at: first.at });
}

function keepAliveOf(config: AgentConfig): { idle: boolean; keepAlives: boolean } {
  const both = (list: readonly string[]): boolean => list.includes('auto-auth') || list.includes('proxying');
  return { idle: !both(config.disableIdleConnections), keepAlives: !both(config.disableKeepAlives) };
}

/** One line for an error that ended a start, whatever was thrown. */
export const startFailure = (error: unknown): string =>
  error instanceof AgentError
    ? describeError(error)
    : describeError(agentError('BUG_ILLEGAL_STATE', { what: describeError(error) }));
