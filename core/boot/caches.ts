// Builds the caches of a plan: leases and tokens, static secrets, and what makes them outlive the process or shared between agents. What only some
// configurations need is loaded only for them.
import { createLeaseCache, type LeaseCacheCore } from '../cache/lease-cache.js';
import { Room } from '../cache/room.js';
import type { AgentConfig, CacheConfig } from '../contracts/agent-config.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { StaticCache } from '../contracts/static-cache.js';
import type { Identity } from '../contracts/token-feed.js';
import { createBackground, type Background } from '../proxy/background.js';
import type { BodyBudget } from '../proxy/body-budget.js';
import type { Clock, RequestHasher, Secret } from '../sdk/index.js';
import type { VaultClient } from '../vault/client.js';
import { guardHasher } from './guards/request-hasher.js';
import type { StatusBoard } from './health.js';
import type { Keeping } from './keeping.js';
import type { Living } from './lifecycle.js';
import type { PluginFactory } from './plugin-factory.js';

/** What caches are made with. */
export interface CacheParts {
  readonly config: AgentConfig;
  readonly factory: PluginFactory;
  readonly client: VaultClient;
  readonly clock: Clock;
  readonly log: LogRoot;
  readonly metrics: Metrics;
  readonly board: StatusBoard;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly random: () => number;
  /** Of all bodies in memory. */
  readonly budget: BodyBudget;
  /** The identities, which are built after the caches. */
  readonly identities: () => ReadonlyMap<string, Identity>;
  readonly onIdentityRevoked: (token: Secret) => void;
}

/** The caches and the parts of them that have a life of their own, in start order. */
export interface BuiltCaches {
  readonly room: Room;
  /** Undefined with `disable_caching_dynamic_secrets`. */
  readonly leases: LeaseCacheCore | undefined;
  readonly statics: StaticCache | undefined;
  /** Undefined without a `persist` block. */
  readonly keeping: Keeping | undefined;
  /** The store and its journal: they are read before anything else starts. */
  readonly stores: readonly Living[];
  readonly parts: readonly Living[];
}

/** Builds the caches. Nothing runs yet. */
export async function buildCaches(parts: CacheParts, config: CacheConfig): Promise<BuiltCaches> {
  const room = new Room({ maxEntries: config.maxEntries, maxBytes: config.maxBytes });
  const keeping = config.persist && (await (await import('./keeping.js')).buildKeeping(parts, config.persist));
  const build = { config, room, keeping };
  const leases = config.dynamic ? await buildLeases(parts, build) : undefined;
  const statics = config.statics && (await buildStatics(parts, build));
  const sharing = keeping?.sharing;
  const living = [
    leases && { id: 'cache', label: 'lease cache', stop: () => Promise.resolve(leases.stop()) },
    statics && runs('static_secrets', 'static secrets', statics),
    sharing &&
      leases &&
      runs('cache_sharing', 'sharing', { start: () => sharing.start(leases), stop: () => sharing.stop() }),
  ];
  const stores = keeping === undefined ? [] : storeLives(keeping);
  return { room, leases, statics, keeping, stores, parts: living.filter((part) => part !== undefined) };
}

// The journal starts and stops the store, which has a state of its own: it may be well while its content cannot be opened yet.
const storeLives = ({ journal, label, persist }: Keeping): Living[] => [
  { id: 'cache_store', label, stop: () => Promise.resolve() },
  {
    id: 'cache_journal',
    label,
    mustStart: persist.exitOnErr,
    start: (signal) => journal.start(signal),
    stop: (signal) => journal.stop(signal),
  },
];

const runs = (id: string, label: string, part: { start(): void; stop(): void }): Living => ({
  id,
  label,
  start: () => Promise.resolve(part.start()),
  stop: () => Promise.resolve(part.stop()),
});

interface Build {
  readonly config: CacheConfig;
  readonly room: Room;
  readonly keeping: Keeping | undefined;
}

async function buildLeases(parts: CacheParts, { config, room, keeping }: Build): Promise<LeaseCacheCore> {
  const { client, clock, log, metrics, random, config: agent } = parts;
  const { product } = agent;
  const reads = background(parts);
  const leases: LeaseCacheCore = createLeaseCache({
    ...{ clock, log, metrics, random, room, product },
    hasher: await buildHasher(parts, config),
    vault: client.vault('renewal'),
    verbatimHits: agent.compat.verbatimHits,
    namespace: agent.vault.namespace,
    onIdentityRevoked: parts.onIdentityRevoked,
    maxSharePerToken: config.maxSharePerToken,
    refusedIssueRate: config.refusedIssueRate,
    revalidateAfterMs: config.revalidateAfterMs,
    loginMaxAgeMs: config.loginMaxAgeMs,
    paths: config.paths,
    refetch: (request) => void reads.refetch(leases, request),
    ...(keeping !== undefined && { settled: () => keeping.journal.settled() }),
    ...(keeping?.sharing !== undefined && { shared: keeping.sharing, buried: () => keeping.sharing?.buried() }),
  });
  keeping?.keep(leases);
  return leases;
}

// What the caches read on their own takes its turn with renewals.
function background({ client, clock, budget }: CacheParts): Background {
  return createBackground({
    forward: (exchange) => client.governor.run(() => client.forward(exchange), exchange.signal, 'renewal'),
    ...{ instance: client.instance, clock, budget },
  });
}

async function buildHasher({ config, factory, log }: CacheParts, cache: CacheConfig): Promise<RequestHasher> {
  const logName = `${config.product}.cache.hasher`;
  const { name, settings } = cache.hasher;
  const made = await factory.make<RequestHasher>({
    ...{ kind: 'request-hasher' as const, name, settings, logName },
    id: 'request_hasher',
  });
  const hasherLog = log.named(logName);
  return guardHasher(made.instance, (why) =>
    hasherLog.warn({ hasher: made.guarded.label, why }, 'the request hasher failed; the request is not cached'),
  );
}

async function buildStatics(parts: CacheParts, { config, room, keeping }: Build): Promise<StaticCache> {
  const { createStaticCache } = await import('../cache/static/static-cache.js');
  const { client, clock, log, metrics, random, config: agent } = parts;
  const [identity] = agent.identities;
  const reads = background(parts);
  return createStaticCache({
    ...{ clock, log, metrics, random, room },
    config: config.statics!,
    paths: config.paths,
    vault: client.vault('renewal'),
    fetch: (get) => reads.get(get),
    namespace: agent.vault.namespace,
    journal: keeping?.journal,
    identity: identity && lazily(parts, identity.name),
    product: agent.product,
  });
}

// The identity by its name: it is built later, and asked for when the cache starts.
const lazily = ({ identities }: CacheParts, name: string): Pick<Identity, 'name' | 'feed'> => ({
  name,
  get feed() {
    return identities().get(name)!.feed;
  },
});
