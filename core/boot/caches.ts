// Builds the caches of a plan: leases and tokens, static secrets, and what makes them outlive the process or shared between agents.
import { identityJournal, type IdentityJournal, type KeptToken } from '../cache/journal/identity-journal.js';
import { leaseJournal } from '../cache/journal/lease-journal.js';
import { StateShelf } from '../cache/journal/state-shelf.js';
import { createLeaseCache, type LeaseCacheCore } from '../cache/lease-cache.js';
import { Room } from '../cache/room.js';
import { readClusterId } from '../cache/shared/cluster-id.js';
import { createSharing, type Sharing } from '../cache/shared/sharing.js';
import { createStaticCache } from '../cache/static/static-cache.js';
import type { AgentConfig, CacheConfig } from '../contracts/agent-config.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { StaticCache } from '../contracts/static-cache.js';
import type { Identity } from '../contracts/token-feed.js';
import { instanceId } from '../kernel/ids.js';
import { describeError, type Clock, type RequestHasher, type Secret } from '../sdk/index.js';
import type { BodyBudget } from '../proxy/body-budget.js';
import { createBackground, type Background } from '../proxy/background.js';
import type { VaultClient } from '../vault/client.js';
import { guardHasher } from './guards/request-hasher.js';
import type { StatusBoard } from './health.js';
import type { Living } from './lifecycle.js';
import { buildPersistence, type Persistence } from './persistence.js';
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
  readonly persistence: Persistence | undefined;
  readonly tokens: IdentityJournal | undefined;
  /** Tokens that identities held when the agent last ran. */
  readonly kept: ReadonlyMap<string, KeptToken>;
  readonly parts: readonly Living[];
}

/** Builds the caches. Nothing runs yet. */
export async function buildCaches(parts: CacheParts, config: CacheConfig): Promise<BuiltCaches> {
  const { metrics } = parts;
  const room = new Room({ maxEntries: config.maxEntries, maxBytes: config.maxBytes });
  const persistence =
    config.persist && (await buildPersistence({ ...parts, token: () => firstToken(parts) }, config.persist));
  const shelf = persistence && new StateShelf(persistence.journal);
  if (shelf !== undefined) parts.factory.keepState((component) => shelf.access(component));
  const kept = new Map<string, KeptToken>();
  const tokens = persistence && identityJournal(persistence.journal, (token) => kept.set(token.identity, token));
  const sharing = persistence?.persist.share === true ? buildSharing(parts, persistence) : undefined;
  const leases = config.dynamic ? await buildLeases(parts, { config, room, persistence, sharing }) : undefined;
  const statics = config.statics && buildStatics(parts, { config, room, persistence });
  metrics.series('agent.cache.entries').set(0);
  const living = [
    persistence && storeLife(persistence),
    leases && { id: 'cache', label: 'lease cache', stop: () => Promise.resolve(leases.stop()) },
    statics && runs('static_secrets', 'static secrets', statics),
    sharing &&
      leases &&
      runs('cache_sharing', 'sharing', { start: () => sharing.start(leases), stop: () => sharing.stop() }),
  ];
  return { room, leases, statics, persistence, tokens, kept, parts: living.filter((part) => part !== undefined) };
}

const storeLife = ({ journal, label }: Persistence): Living => ({
  id: 'cache_store',
  label,
  start: (signal) => journal.start(signal),
  stop: (signal) => journal.stop(signal),
});

const runs = (id: string, label: string, part: { start(): void; stop(): void }): Living => ({
  id,
  label,
  start: () => Promise.resolve(part.start()),
  stop: () => Promise.resolve(part.stop()),
});

interface Build {
  readonly config: CacheConfig;
  readonly room: Room;
  readonly persistence: Persistence | undefined;
  readonly sharing?: Sharing | undefined;
}

async function buildLeases(parts: CacheParts, { config, room, persistence, sharing }: Build): Promise<LeaseCacheCore> {
  const { client, clock, log, metrics, random, config: agent } = parts;
  const { product } = agent;
  const reads = background(parts);
  const journal = persistence?.journal;
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
    ...(journal !== undefined && { settled: () => journal.settled() }),
    ...(sharing !== undefined && { shared: sharing }),
  });
  if (journal !== undefined) leases.follow(leaseJournal(journal, leases, log.named(`${product}.cache.journal`)));
  if (sharing !== undefined) leases.follow(sharing);
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

function buildStatics(parts: CacheParts, { config, room, persistence }: Build): StaticCache {
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
    journal: persistence?.journal,
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

function buildSharing(parts: CacheParts, { journal, store, persist }: Persistence): Sharing {
  const { client, clock, log, board, random, config, identities } = parts;
  let opened: Parameters<Parameters<typeof journal.onOpen>[0]>[0] | undefined;
  journal.onOpen((now) => (opened = now));
  const shareLog = log.named(`${config.product}.cache.sharing`);
  return createSharing({
    ...{ store, clock, random },
    sealer: () => opened?.sealer,
    log: shareLog,
    health: board.reporter('cache_sharing'),
    instance: `${persist.instance}/${instanceId()}`,
    shareBoundMs: persist.shareBoundMs,
    clusterId: () => readClusterId(client.vault('renewal')),
    identity: (name) => {
      const state = identities().get(name)?.feed.current;
      const method = config.identities.find((one) => one.name === name)?.method;
      return state && method && { state, mount: `${method.namespace}${method.mountPath}` };
    },
  });
}

// The key provider `transit` works with the agent's own token, as soon as there is one.
async function firstToken({ identities, config, log }: CacheParts): Promise<Secret> {
  const { signal } = new AbortController();
  const feed = identities().get(config.identities[0]!.name)?.feed;
  try {
    for await (const state of feed?.updates(signal) ?? []) if (state.form === 'plain') return state.token;
  } catch (error) {
    log.named(`${config.product}.cache.key`).warn({ error: describeError(error) }, 'waiting for a token failed');
  }
  throw new Error('there is no token');
}
