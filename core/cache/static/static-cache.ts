// The cache of static secrets behind its contract: answers by path and by what each token has proven it may read (R-10, D-40 to D-43, D-67 to D-69).
// It waits for nothing and never fails a request.
import type { PathPolicy, StaticConfig } from '../../contracts/agent-config.js';
import type { Exchange, Reply } from '../../contracts/exchange.js';
import type { Journal } from '../../contracts/journal.js';
import type { BufferedReply, ClearRequest, EntryView, Watch } from '../../contracts/lease-cache.js';
import type { LogRoot } from '../../contracts/logging.js';
import type { Metrics, Series } from '../../contracts/metrics.js';
import type { StaticCache, StaticHit } from '../../contracts/static-cache.js';
import type { Identity } from '../../contracts/token-feed.js';
import type { Clock, Logger, Secret, Vault } from '../../sdk/index.js';
import type { Random } from '../../vault/lifetime.js';
import { canonicalNamespace } from '../../vault/namespace.js';
import { ripen } from '../age.js';
import { canonicalPath } from '../request-path.js';
import type { Room } from '../room.js';
import { digestOf, digestOfText } from './digest.js';
import { quiet, type BackgroundFetch } from './fetching.js';
import { Lane } from './lane.js';
import { MountBook } from './mount-book.js';
import { headerReason, nameOf, type NamedRequest, type StaticName } from './name.js';
import { NameMemo } from './name-memo.js';
import { firstFit } from './path-glob.js';
import { Polling } from './polling.js';
import { Prefetch } from './prefetch.js';
import type { Reader } from './readers.js';
import { Refresher } from './refresher.js';
import type { Scope } from './scope.js';
import { viewOf, type Slot } from './slot.js';
import { StaticStore, refusalOf, type Fetched, type Taken } from './store.js';
import { Vetting, mayUse } from './vetting.js';
import { changeKind, changesOf } from './watching.js';

/** What a cache of static secrets is made of. */
export interface StaticCacheOptions {
  readonly config: StaticConfig;
  /** `path` blocks of `cache`: what is not cached there is not cached here (D-55). */
  readonly paths?: readonly PathPolicy[];
  /** Shared with the leases; static answers give way first. */
  readonly room: Room;
  /** Client for lookups, capability checks and polls, governed. */
  readonly vault: Vault;
  /** Sends a GET and gives the server's own bytes. */
  readonly fetch: BackgroundFetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogRoot;
  readonly metrics: Metrics;
  /** Configured namespace, in which the identities' tokens live; default the root. */
  readonly namespace?: string;
  readonly journal?: Journal | undefined;
  /** Whose token reads the `prefetch` list. */
  readonly identity?: Pick<Identity, 'name' | 'feed'> | undefined;
  /** Prefix of logger names: `agent` or `proxy`; default `agent`. */
  readonly product?: string;
}

/** Makes the cache. Nothing runs on its own before `start`; give it the journal before that is started. */
export function createStaticCache(options: StaticCacheOptions): StaticCache {
  return new MemoryStaticCache(options);
}

interface Judged {
  readonly name: StaticName;
  readonly ttlMs: number;
}

const SWEEP_MS = 60_000;
const JUMP_MS = 2_000;

class MemoryStaticCache implements StaticCache {
  readonly #options: StaticCacheOptions;
  readonly #store: StaticStore;
  readonly #mounts: MountBook;
  readonly #vetting: Vetting;
  readonly #refresher: Refresher;
  readonly #polling: Polling;
  readonly #prefetch: Prefetch;
  readonly #lane = new Lane();
  readonly #log: Logger;
  readonly #held: Series;
  readonly #stale: Series;
  readonly #rescued: Series;
  readonly #stopping = new AbortController();
  readonly #names = new NameMemo((request) => this.#named(request));
  readonly #sentAt = new WeakMap<Exchange, number>();
  // a request is judged once, though it is asked about several times
  #lastExchange: Exchange | undefined;
  #lastJudged: Judged | string = '';
  #cancelSweep: (() => void) | undefined;
  #latest = 0;

  constructor(options: StaticCacheOptions) {
    const { config, room, vault, clock, random, metrics, product = 'agent' } = options;
    const namespace = canonicalNamespace(options.namespace ?? '');
    const { signal } = this.#stopping;
    const lane = this.#lane;
    const fetch = quiet(options.fetch);
    this.#options = options;
    this.#log = options.log.named(`${product}.cache.staticsecretcache`);
    this.#held = metrics.series('agent.cache.static.entries');
    this.#stale = metrics.series('agent.cache.static.stale', { why: 'revalidate' });
    this.#rescued = metrics.series('agent.cache.static.stale', { why: 'error' });
    const log = this.#log;
    const onLearned = (mount: string, kv: boolean): void => this.#store.learned(mount, kv);
    this.#mounts = new MountBook({ vault, clock, lane, signal, onLearned });
    this.#store = new StaticStore({
      config,
      room,
      clock,
      journal: options.journal,
      kv: (absolute) => this.#mounts.kv(absolute),
      onSize: (size) => this.#held.set(size),
    });
    const { readers, shelf } = this.#store;
    this.#vetting = new Vetting({ config, readers, vault, clock, random, lane, log, namespace, signal });
    this.#refresher = new Refresher({ store: this.#store, fetch, clock, lane, metrics, log });
    this.#polling = new Polling({
      ...{ shelf, vault, clock, lane, signal },
      refresher: this.#refresher,
      pollMs: config.versionPollMs,
      readerOf: readerFor,
    });
    this.#prefetch = new Prefetch({
      ...{ namespace, clock, random, log },
      paths: config.prefetch,
      identity: options.identity,
      read: (name, token) => this.#read(name, token, fetch),
    });
  }

  get size(): number {
    return this.#store.shelf.size;
  }

  get epoch(): number {
    return this.#store.tombstones.epoch;
  }

  bypass(exchange: Exchange): string | undefined {
    const judged = this.#judge(exchange);
    return typeof judged === 'string' ? judged : undefined;
  }

  recall(exchange: Exchange): StaticHit | undefined {
    const judged = this.#judge(exchange);
    if (typeof judged === 'string') return undefined;
    const now = this.#now();
    const hit = this.#hit(judged.name, exchange.token!, now);
    if (hit === undefined) this.#sentAt.set(exchange, now);
    return hit;
  }

  keyOf(exchange: Exchange): string {
    const judged = this.#judge(exchange);
    const token = exchange.token === undefined ? '' : digestOf(exchange.token);
    return typeof judged === 'string' ? '' : `${token}:${judged.name.key}`;
  }

  refusal(reply: Reply): string | undefined {
    return refusalOf(reply);
  }

  remember(exchange: Exchange, reply: BufferedReply, epoch: number): string {
    const judged = this.#judge(exchange);
    if (typeof judged === 'string') return judged;
    const now = this.#now();
    const sentAt = this.#sentAt.get(exchange) ?? now;
    const own = exchange.identity !== undefined;
    return this.#take({ ...judged, token: exchange.token!, own, reply, epoch, sentAt }).why;
  }

  rescue(exchange: Exchange): StaticHit | undefined {
    const judged = this.#judge(exchange);
    if (typeof judged === 'string') return undefined;
    const slot = this.#store.shelf.get(judged.name.key);
    const now = this.#now();
    if (slot === undefined || !slot.kv || now >= slot.content.life.rescueUntil) return undefined;
    const reader = slot.readers.get(digestOf(exchange.token!));
    const grant = reader?.slots.get(slot);
    if (reader === undefined || grant === undefined || grant.kind === 'remembered') return undefined;
    // no longer than the permission was going to be believed
    if (now >= grant.at + this.#options.config.capabilityRefreshMs) return undefined;
    if (!this.#vetting.usable(reader, now)) return undefined;
    const stale = slot.content.restored || now >= slot.content.life.freshUntil;
    if (stale) this.#rescued.add();
    return hitOf(slot, now, stale);
  }

  refused(exchange: Exchange, status: number): void {
    const judged = this.#judge(exchange);
    const slot = typeof judged === 'string' ? undefined : this.#store.shelf.get(judged.name.key);
    if (slot === undefined) return;
    if (status === 404) return this.#store.shelf.remove(slot);
    if (status !== 403) return;
    const reader = slot.readers.get(digestOf(exchange.token!));
    if (reader !== undefined) this.#store.readers.revoke(reader, slot);
  }

  watch(exchange: Exchange): Watch | undefined {
    const kind = changeKind(exchange);
    if (kind === undefined) return undefined;
    const { tombstones } = this.#store;
    let stones: ReturnType<typeof tombstones.begin>[] = [];
    return {
      bodies: kind === 'revokes',
      sent: (sent) => {
        stones = changesOf(sent).map((scope) => tombstones.begin(scope));
      },
      ended: (status) => {
        // a refusal changed nothing; everything else may have
        const refused = status !== undefined && status >= 400 && status < 500;
        for (const stone of stones) {
          if (!refused) this.#apply(stone.scope);
          tombstones.end(stone);
        }
        stones = [];
      },
    };
  }

  clear(request: ClearRequest): number {
    const scope = scopeOf(request);
    if (scope === undefined) return 0;
    this.#store.tombstones.set(scope);
    return this.#apply(scope);
  }

  *entries(): Iterable<EntryView> {
    const now = this.#options.clock.now();
    for (const slot of this.#store.shelf.all) yield viewOf(slot, now);
  }

  start(): void {
    this.#vetting.start();
    this.#polling.start();
    this.#prefetch.start();
    this.#sweepLater();
  }

  stop(): void {
    this.#cancelSweep?.();
    this.#prefetch.stop();
    this.#polling.stop();
    this.#vetting.stop();
    this.#lane.stop();
    this.#stopping.abort();
    this.#lastExchange = undefined;
    this.#names.forget();
  }

  #judge(exchange: Exchange): Judged | string {
    if (exchange === this.#lastExchange) return this.#lastJudged;
    this.#lastJudged = this.#judgeAnew(exchange);
    this.#lastExchange = exchange;
    return this.#lastJudged;
  }

  #judgeAnew(exchange: Exchange): Judged | string {
    const judged = this.#names.of(exchange);
    if (typeof judged === 'string') return judged;
    if (exchange.token === undefined) return 'no-token';
    if (!(exchange.body instanceof Uint8Array) || exchange.body.length > 0) return 'body';
    return headerReason(exchange.headers) ?? judged;
  }

  #named(request: NamedRequest): Judged | string {
    const name = nameOf(request);
    if (typeof name === 'string') return name;
    const ttlMs = this.#ttlOf(name);
    return ttlMs > 0 ? { name, ttlMs } : 'policy';
  }

  #ttlOf(name: StaticName): number {
    const { config, paths = [] } = this.#options;
    const policy = paths.length === 0 ? undefined : firstFit(paths, name);
    if (policy?.cache === false) return 0;
    const own = config.paths.length === 0 ? undefined : firstFit(config.paths, name);
    const ttlMs = own?.ttlMs ?? config.ttlMs;
    return policy !== undefined && policy.maxAgeMs > 0 ? Math.min(ttlMs, policy.maxAgeMs) : ttlMs;
  }

  #hit(name: StaticName, token: Secret, now: number): StaticHit | undefined {
    const slot = this.#store.shelf.get(name.key);
    if (slot === undefined || slot.content.restored || now >= slot.content.life.staleUntil) return undefined;
    const reader = slot.readers.get(digestOf(token));
    if (reader?.slots.get(slot)?.kind !== 'read') return undefined;
    const usable = this.#vetting.usable(reader, now);
    if (!slot.kv) this.#mounts.ask(name, token);
    if (!usable || !slot.kv) return undefined;
    this.#store.shelf.touch(slot, now);
    slot.hits++;
    const stale = now >= slot.content.life.freshUntil;
    if (stale) {
      this.#stale.add();
      this.#refresher.refresh(slot, reader);
    }
    return hitOf(slot, now, stale);
  }

  #take(fetched: Fetched): Taken {
    const taken = this.#store.accept(fetched);
    const { slot, reader } = taken;
    if (slot === undefined || reader === undefined) return taken;
    if (!slot.kv) this.#mounts.ask(fetched.name, fetched.token);
    this.#vetting.proven(reader, this.#options.clock.now());
    return taken;
  }

  async #read(name: StaticName, token: Secret, fetch: BackgroundFetch): ReturnType<PrefetchRead> {
    const sentAt = this.#options.clock.now();
    const { epoch } = this;
    const reply = await fetch({ ...name.target, namespace: name.namespace, token });
    if (reply === undefined) return undefined;
    const buffered = { status: reply.status, headers: [...reply.headers], body: reply.body };
    const ttlMs = this.#ttlOf(name);
    if (ttlMs <= 0) return { reply, why: 'policy' };
    return { reply, why: this.#take({ name, ttlMs, token, own: true, reply: buffered, epoch, sentAt }).why };
  }

  #apply(scope: Scope): number {
    const count = this.#store.apply(scope);
    if (scope.by === 'below' || scope.by === 'all') this.#mounts.forget();
    this.#log.debug({ by: scope.by, count }, 'static secrets or permissions were dropped');
    return count;
  }

  #sweepLater(): void {
    const { clock } = this.#options;
    this.#cancelSweep = clock.after(SWEEP_MS, () => {
      this.#store.sweep(this.#now());
      this.#sweepLater();
    });
  }

  #now(): number {
    const now = this.#options.clock.now();
    if (now + JUMP_MS < this.#latest) this.#store.distrust();
    this.#latest = now;
    return now;
  }
}

type PrefetchRead = ConstructorParameters<typeof Prefetch>[0]['read'];

function readerFor(slot: Slot, now: number): Reader | undefined {
  for (const reader of slot.readers.values()) {
    if (reader.slots.get(slot)?.kind !== 'remembered' && mayUse(reader, now)) return reader;
  }
  return undefined;
}

function hitOf(slot: Slot, now: number, stale: boolean): StaticHit {
  const { answer } = slot.content;
  return { reply: ripen(answer, 0, now), ageMs: Math.max(0, now - answer.storedAt), stale };
}

// Paths come in both spellings, with `/v1/` and without (D-60).
function scopeOf(request: ClearRequest): Scope | undefined {
  switch (request.type) {
    case 'all':
      return { by: 'all' };
    case 'id':
      return { by: 'id', id: request.value };
    case 'token':
      return { by: 'token', digest: digestOfText(request.value), children: true };
    case 'token_accessor':
      return { by: 'accessor', accessor: request.value, children: true };
    case 'lease':
      return undefined;
    case 'request_path': {
      const path = canonicalPath(request.value).replace(/^\/?(?:v1\/)?/, '');
      return { by: 'text', prefix: canonicalNamespace(request.namespace) + path };
    }
  }
}
