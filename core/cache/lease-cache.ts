// The lease cache behind its contract: answers from memory, stores, renews, evicts. It waits for nothing but renewals and never fails a request.
import { Secret, type Clock, type Logger, type RequestHasher, type Vault } from '../sdk/index.js';
import type { Exchange, Reply } from '../contracts/exchange.js';
import type { BufferedReply, ClearRequest, EntryView, LeaseCache, Origin } from '../contracts/lease-cache.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics, Series } from '../contracts/metrics.js';
import type { TokenState } from '../contracts/token-feed.js';
import type { Random } from '../vault/lifetime.js';
import { canonicalNamespace } from '../vault/namespace.js';
import { bypassReason } from './admission.js';
import { keptHead, ripen } from './age.js';
import { classify, headRefusal, saysRenewable } from './classify.js';
import type { Criteria } from './criteria.js';
import { criteriaOf, factsOf, type Storable } from './entry-facts.js';
import { Entry, viewOf } from './entry.js';
import { entriesFor, identitiesIn, reachesAnswersUnderWay } from './eviction.js';
import { HeadPool } from './head-pool.js';
import { IdentityTokens } from './identity-tokens.js';
import { EntryIndex } from './index.js';
import { RequestKeys } from './key.js';
import { IssueMemory, type Issues } from './issues.js';
import { grantedByBytes, mayRenew, renewalOf } from './renewal-request.js';
import { Renewals } from './renewals.js';
import { mayRevoke, revocationOf, revoked, type SentRequest } from './revocation.js';

/** What a lease cache is made of. */
export interface LeaseCacheOptions {
  readonly hasher: RequestHasher;
  /** Client for renewals, governed. */
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: LogRoot;
  readonly metrics: Metrics;
  readonly random: Random;
  /** `compat.verbatim_hits`: hits repeat the original seconds. */
  readonly verbatimHits: boolean;
  /** Configured namespace, in which the identities' tokens live; default the root. */
  readonly namespace?: string;
  /** Prefix of logger names: `agent` or `proxy`; default `agent`. */
  readonly product?: string;
  /** A client revoked the token of an identity through the agent: it should log in anew (D-15). */
  readonly onIdentityRevoked?: (token: Secret) => void;
}

/** Makes a lease cache. Nothing runs before the first answer is stored. */
export function createLeaseCache(options: LeaseCacheOptions): LeaseCache {
  return new MemoryLeaseCache(options);
}

// reasons of classify after which the answer did hold a secret of its own
const HELD_A_SECRET = new Set([
  'not-renewable',
  'no-ttl',
  'token-not-managed',
  'parent-not-managed',
  'use-limited',
  'batch-token',
  'wrapped',
]);

class MemoryLeaseCache implements LeaseCache {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #verbatim: boolean;
  readonly #keys: RequestKeys;
  readonly #index = new EntryIndex();
  readonly #heads = new HeadPool();
  readonly #issues = new IssueMemory();
  readonly #identities: IdentityTokens;
  readonly #renewals: Renewals;
  readonly #held: Series;
  readonly #onIdentityRevoked: LeaseCacheOptions['onIdentityRevoked'];
  readonly #onRemoved: ((sources: ReadonlySet<object>) => void)[] = [];
  #epoch = 0;
  #size = 0;

  constructor(options: LeaseCacheOptions) {
    const { clock, metrics, vault, random, namespace = '', product = 'agent' } = options;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#verbatim = options.verbatimHits;
    this.#onIdentityRevoked = options.onIdentityRevoked;
    this.#log = options.log.named(`${product}.cache.leasecache`);
    this.#keys = new RequestKeys(options.hasher);
    this.#held = metrics.series('agent.cache.entries');
    this.#identities = new IdentityTokens(this.#index, (criteria, why) => this.#evict(criteria, why));
    this.#renewals = new Renewals({
      vault,
      clock,
      random,
      metrics,
      log: this.#log,
      namespace: canonicalNamespace(namespace),
      evict: (entry, why) => void this.#evictWithSubtree(entry, why),
    });
  }

  get size(): number {
    return this.#size;
  }

  get epoch(): number {
    return this.#epoch;
  }

  bypass(exchange: Exchange): string | undefined {
    return bypassReason(exchange);
  }

  keyOf(exchange: Exchange): string | undefined {
    return this.#keys.of(exchange);
  }

  has(key: string): boolean {
    return this.#live(key) !== undefined;
  }

  recall(key: string): ReturnType<LeaseCache['recall']> {
    const entry = this.#live(key);
    const source = entry?.answer;
    if (source === undefined) return undefined;
    const now = this.#clock.now();
    const ageMs = Math.max(0, now - source.storedAt);
    return { reply: ripen(source, entry!.life!.expiresAt, now), ageMs, source };
  }

  issues({ method, path, query }: Exchange): Issues {
    return this.#issues.judge(method, path, query);
  }

  refusal(reply: Reply): string | undefined {
    return headRefusal(reply.status, reply.headers);
  }

  remember(exchange: Exchange, reply: BufferedReply, epoch: number): string {
    const refusal = this.refusal(reply);
    if (refusal !== undefined) return refusal;
    // plain reads are most of the traffic; a path that has begun to issue leases is noticed all the same
    if (this.issues(exchange) === 'never' && !saysRenewable(reply.body)) return 'no-lease';
    const parent = exchange.token === undefined ? undefined : this.#index.byToken(exchange.token.reveal());
    const verdict = classify(reply.body, parent !== undefined);
    const issued = verdict.kind !== 'none' || HELD_A_SECRET.has(verdict.why);
    this.#issues.learn(exchange.method, exchange.path, issued);
    if (verdict.kind === 'none') return verdict.why;
    if (epoch !== this.#epoch) return 'cleared-meanwhile';
    exchange.cacheKey ??= this.keyOf(exchange);
    if (exchange.cacheKey === undefined) return 'no-key';
    this.#store(exchange, reply, verdict, parent);
    return `stored-${verdict.kind}`;
  }

  onRemoved(listener: (sources: ReadonlySet<object>) => void): void {
    this.#onRemoved.push(listener);
  }

  watches({ method, path }: Exchange): boolean {
    return mayRevoke(method, path) || mayRenew(method, path);
  }

  observe(exchange: Exchange, status: number, replyBody: Uint8Array | undefined): void {
    if (!revoked(status)) return;
    const { method, path, query, namespace, body } = exchange;
    const token = exchange.token?.reveal() ?? '';
    const sent: SentRequest = {
      method,
      path,
      query,
      namespace,
      token,
      body: body instanceof Uint8Array ? body : EMPTY,
    };
    const criteria = revocationOf(sent);
    if (criteria !== undefined) return this.#revoke(criteria);
    this.#observeRenewal(sent, replyBody);
  }

  adopt(state: TokenState, origin: Origin = {}): void {
    this.#identities.adopt(state, origin);
  }

  clear(request: ClearRequest): number {
    this.#log.debug({ type: request.type }, 'cache-clear received');
    this.#keys.forget();
    return this.#evict(criteriaOf(request), 'cleared');
  }

  *entries(): Iterable<EntryView> {
    for (const entry of this.#index.all) if (entry.kind !== 'identity') yield viewOf(entry);
  }

  stop(): void {
    this.#renewals.stop();
    this.#keys.forget();
  }

  #live(key: string): Entry | undefined {
    const entry = this.#index.byKey(key);
    if (entry === undefined) return undefined;
    const now = this.#clock.now();
    const ended = this.#identities.endedAbove(entry, now);
    if (ended === undefined && entry.life!.expiresAt > now) return entry;
    this.#evictWithSubtree(ended ?? entry, ended === undefined ? 'expired' : 'token-dead');
    return undefined;
  }

  #revoke(criteria: Criteria): void {
    this.#evict(criteria, 'revoked');
    for (const { token } of identitiesIn(criteria, this.#index)) this.#onIdentityRevoked?.(new Secret(token));
  }

  #store(exchange: Exchange, reply: BufferedReply, verdict: Storable, parent: Entry | undefined): void {
    const known =
      verdict.kind === 'lease' ? this.#index.byLease(verdict.leaseId) : this.#index.byToken(verdict.auth.token);
    if (known?.answer !== undefined) return this.#index.point(exchange.cacheKey!, known);
    if (known !== undefined) return;
    const head = this.#heads.share(keptHead(reply.headers));
    const now = this.#clock.now();
    const entry = new Entry(factsOf({ exchange, reply, verdict, parent, head, now, verbatim: this.#verbatim }));
    this.#index.add(entry);
    this.#index.point(exchange.cacheKey!, entry);
    this.#size++;
    this.#held.set(this.#size);
    this.#log.debug({ method: exchange.method, path: exchange.path }, 'storing response into the cache');
    this.#renewals.begin(entry, verdict.kind === 'lease' ? verdict.ttlMs : verdict.auth.ttlMs);
  }

  #observeRenewal(sent: SentRequest, replyBody: Uint8Array | undefined): void {
    const target = renewalOf(sent);
    if (target === undefined) return;
    const granted = grantedByBytes(target.by === 'lease' ? 'lease' : 'token', replyBody);
    const entry = this.#find(target.by, target.value);
    if (granted === undefined || entry === undefined) return;
    this.#renewals.renewedByClient(entry, { ...granted, incrementSeconds: target.incrementSeconds });
  }

  #find(by: 'lease' | 'token' | 'accessor', value: string): Entry | undefined {
    if (by === 'lease') return this.#index.byLease(value);
    return by === 'token' ? this.#index.byToken(value) : this.#index.byAccessor(value);
  }

  #evict(criteria: Criteria, why: string): number {
    const chosen = entriesFor(criteria, this.#index);
    if (reachesAnswersUnderWay(criteria, this.#index)) this.#epoch++;
    if (criteria.by === 'orphan') this.#index.releaseTokens(criteria.token);
    return this.#remove(chosen, why);
  }

  #evictWithSubtree(entry: Entry, why: string): number {
    if (entry.kind === 'lease') return this.#remove([entry], why);
    return this.#remove(entriesFor({ by: 'token', token: entry.token }, this.#index), why);
  }

  #remove(entries: readonly Entry[], why: string): number {
    if (entries.length === 0) return 0;
    for (const entry of entries) {
      this.#renewals.forget(entry);
      this.#index.remove(entry);
      this.#log.debug({ path: entry.path, why }, 'evicting index from cache');
    }
    const sources = new Set(entries.flatMap(({ answer }) => answer ?? []));
    for (const listener of this.#onRemoved) listener(sources);
    this.#size -= entries.length;
    this.#held.set(this.#size);
    this.#metrics.series('agent.cache.evictions', { reason: why }).add(entries.length);
    return entries.length;
  }
}

const EMPTY = new Uint8Array(0);
