// The lease cache behind its contract: answers from memory, and who does what. It waits for nothing but renewals and never fails a request.
import { Secret, describeError, type Logger } from '../sdk/index.js';
import type { Exchange, Reply } from '../contracts/exchange.js';
import type {
  BufferedReply,
  ClearRequest,
  EntryView,
  Held,
  LeaseCache,
  Origin,
  Watch,
} from '../contracts/lease-cache.js';
import type { TokenState } from '../contracts/token-feed.js';
import { canonicalNamespace } from '../vault/namespace.js';
import { bypassReason } from './admission.js';
import { ripen } from './age.js';
import { ageLimiter, type LimitAge } from './age-limit.js';
import { headRefusal } from './classify.js';
import type { Criteria } from './criteria.js';
import { criteriaOf } from './entry-facts.js';
import { viewOf, type Entry } from './entry.js';
import { ForeignEntries } from './foreign.js';
import { giveBack, givenBackOf } from './giving-back.js';
import { HeadPool } from './head-pool.js';
import { Holdings } from './holdings.js';
import { IdentityTokens } from './identity-tokens.js';
import { RequestKeys } from './key.js';
import type { Keeper } from './keeper.js';
import { IssueMemory, type Issues } from './issues.js';
import { usedLately } from './life-plan.js';
import { Lookups, orAborted } from './lookups.js';
import { mayMean } from './matches.js';
import type { LeaseCacheCore, LeaseCacheOptions } from './options.js';
import { Pacing } from './pacing.js';
import { policyFinder, type PolicyOf } from './path-policy.js';
import type { EntryRecord } from './record.js';
import { recordOf } from './records.js';
import type { RenewalTarget } from './renewal-request.js';
import { Removing } from './removing.js';
import { Renewals, type Brought } from './renewals.js';
import { Restoring } from './restoring.js';
import { Room } from './room.js';
import type { ForeignNews, SharedRecord } from './shared-answers.js';
import { Storing } from './storing.js';
import { Timeline } from './timeline.js';
import { TokenProofs } from './token-proof.js';
import { Tombstones } from './tombstones.js';
import { watchOver } from './watching.js';

export type { LeaseCacheCore, LeaseCacheOptions, Refetch } from './options.js';

/** Makes a lease cache. Nothing runs before the first answer is stored. */
export function createLeaseCache(options: LeaseCacheOptions): LeaseCacheCore {
  return new MemoryLeaseCache(options);
}

class MemoryLeaseCache implements LeaseCacheCore {
  readonly #options: LeaseCacheOptions;
  readonly #log: Logger;
  readonly #time: Timeline;
  readonly #keys: RequestKeys;
  readonly #heads = new HeadPool();
  readonly #issues = new IssueMemory();
  readonly #stones = new Tombstones<Criteria>(() => this.#time.now());
  readonly #policyOf: PolicyOf;
  readonly #limitAge: LimitAge;
  readonly #hasPolicies: boolean;
  readonly #pacing: Pacing;
  readonly #holdings: Holdings;
  readonly #identities: IdentityTokens;
  readonly #removing: Removing;
  readonly #renewals: Renewals;
  readonly #proofs: TokenProofs;
  readonly #lookups: Lookups;
  readonly #restoring: Restoring;
  readonly #foreign: ForeignEntries;
  readonly #storing: Storing;
  readonly #revalidateAfterMs: number;

  constructor(options: LeaseCacheOptions) {
    const { vault, random, metrics, product = 'agent' } = options;
    const namespace = canonicalNamespace(options.namespace ?? '');
    this.#options = options;
    this.#log = options.log.named(`${product}.cache.leasecache`);
    this.#time = new Timeline(options.clock, (byMs) => this.#jumped(byMs));
    this.#keys = new RequestKeys(options.hasher);
    this.#policyOf = policyFinder(options.paths ?? []);
    this.#limitAge = ageLimiter(this.#policyOf, options.loginMaxAgeMs ?? 0);
    this.#hasPolicies = (options.paths ?? []).length > 0;
    this.#pacing = new Pacing(options.refusedIssueRate ?? 0);
    this.#revalidateAfterMs = options.revalidateAfterMs ?? 0;
    const [log, time] = [this.#log, this.#time];
    const now = (): number => time.now();
    const evict = (entry: Entry, why: string): void => void this.#removing.withSubtree(entry, why);
    const confirmed = (entry: Entry, at: number): void => this.#confirmed(entry, at);
    const share = (list: readonly string[]): readonly string[] => this.#heads.share(list);
    const point = (key: string, entry: Entry): void => this.#point(key, entry);
    this.#holdings = new Holdings({
      room: options.room ?? new Room({ maxEntries: 0, maxBytes: 0 }),
      sharePercent: options.maxSharePerToken ?? 100,
      metrics,
      log,
      forget: (entry) => this.#renewals.forget(entry),
    });
    const holdings = this.#holdings;
    this.#removing = new Removing({
      holdings,
      renewals: () => this.#renewals,
      now,
      onIdentityRevoked: options.onIdentityRevoked,
    });
    this.#identities = new IdentityTokens({
      index: holdings.index,
      now,
      evict: (criteria, why) => this.#removing.evict(criteria, why),
    });
    this.#renewals = new Renewals({
      ...{ vault, time, random, metrics, log, namespace, evict, confirmed },
      changed: (entry) => holdings.changed(entry),
      refetch: options.refetch === undefined ? undefined : (entry) => this.#refetch(entry),
    });
    const renewals = this.#renewals;
    const upkeep = { vault, namespace };
    const proofs = new TokenProofs(upkeep, time);
    this.#proofs = proofs;
    this.#lookups = new Lookups({ upkeep, proofs, renewals, time, log, confirmed, evict });
    this.#foreign = new ForeignEntries({
      ...{ holdings, renewals, now, namespace, share, point, confirmed, evict, limitAge: this.#limitAge },
      shared: options.shared,
      stones: this.#stones,
      lookUpIfSuspect: (entry) => (entry.checkAt <= now() ? this.#lookups.settle(entry) : undefined),
    });
    this.#restoring = new Restoring({
      now,
      share,
      tokenOf: (identity) => this.#identities.current(identity),
      held: ({ kind, lease, token }) =>
        (kind === 'lease' ? holdings.index.byLease(lease) : holdings.index.byToken(token)) !== undefined,
      overtaken: (entry) => this.#stones.raced(0, (criteria) => mayMean(criteria, entry)),
      insert: (entry, keys) => this.#insertRestored(entry, keys),
      drop: (entries, why) => holdings.discarded(entries, why),
    });
    this.#storing = new Storing({
      ...{ holdings, renewals, now, confirmed, point, share, log, vault },
      stones: this.#stones,
      issues: this.#issues,
      pacing: this.#pacing,
      limitAge: this.#limitAge,
      verbatim: options.verbatimHits,
      keyOf: (exchange) => this.keyOf(exchange),
      shared: options.shared,
      usable: (entry) => this.#usable(entry, now()),
      adoptForeign: (record, key) => this.#foreign.adopt(record, key),
      settled: options.settled,
    });
  }

  get size(): number {
    return this.#holdings.size;
  }

  get epoch(): number {
    return this.#stones.epoch;
  }

  bypass(exchange: Exchange): string | undefined {
    if (this.#options.dynamic === false) return 'dynamic-off';
    const reason = bypassReason(exchange);
    if (reason !== undefined || !this.#hasPolicies) return reason;
    return this.#policyOf(exchange.path, exchange.namespace)?.cache === false ? 'path-policy' : undefined;
  }

  keyOf(exchange: Exchange): string | undefined {
    return this.#keys.of(exchange);
  }

  held(key: string): Held {
    const entry = this.#holdings.index.byKey(key);
    if (entry === undefined) return undefined;
    const now = this.#time.now();
    if (entry.checkAt <= now) return 'suspect';
    return this.#usable(entry, now) ? 'fresh' : undefined;
  }

  recall(key: string): ReturnType<LeaseCache['recall']> {
    const entry = this.#holdings.index.byKey(key);
    if (entry === undefined) return undefined;
    const now = this.#time.now();
    if (!this.#usable(entry, now)) return undefined;
    const source = entry.answer!;
    entry.hitAt = now;
    const ageMs = Math.max(0, now - source.storedAt);
    return { reply: ripen(source, entry.life!.expiresAt, now), ageMs, source };
  }

  seek(exchange: Exchange, signal: AbortSignal): Promise<void> | undefined {
    const key = exchange.cacheKey ?? this.keyOf(exchange);
    if (key === undefined) return undefined;
    const entry = this.#holdings.index.byKey(key);
    if (entry !== undefined && entry.checkAt <= this.#time.now()) return orAborted(this.#lookups.settle(entry), signal);
    if (entry !== undefined || exchange.identity === undefined) return undefined;
    const seeking = this.#foreign.seek(exchange, key);
    return seeking && orAborted(seeking, signal);
  }

  issues({ method, path, query }: Exchange): Issues {
    return this.#issues.judge(method, path, query);
  }

  pace({ namespace, path }: Exchange): number | undefined {
    return this.#pacing.size === 0 ? undefined : this.#pacing.wait(`${namespace}${path}`, this.#time.now());
  }

  refusal(reply: Reply): string | undefined {
    return headRefusal(reply.status, reply.headers);
  }

  remember(exchange: Exchange, reply: BufferedReply, epoch: number): string | Promise<string> {
    try {
      return this.refusal(reply) ?? this.#storing.remember(exchange, reply, epoch);
    } catch (error) {
      this.#log.error({ why: describeError(error) }, 'an answer could not be cached');
      return 'error';
    }
  }

  abandon(exchange: Exchange, reply: BufferedReply): void {
    if (headRefusal(reply.status, reply.headers) !== undefined) return;
    const given = givenBackOf(exchange, reply.body);
    const { index } = this.#holdings;
    if (given === undefined) return;
    const held = given.by === 'lease' ? index.byLease(given.lease) : index.byToken(given.token.reveal());
    if (held !== undefined) return;
    void giveBack(given, { vault: this.#options.vault, log: this.#log });
  }

  doubt(exchange: Exchange): void {
    const owner = exchange.token === undefined ? undefined : this.#holdings.index.byToken(exchange.token.reveal());
    if (owner === undefined) return;
    void this.#proofs.of(owner).then((proof) => {
      if (proof === 'dead' && owner.phase !== 'gone') this.#removing.withSubtree(owner, 'token-dead');
    });
  }

  watch(exchange: Exchange): Watch | undefined {
    return watchOver(exchange, {
      stones: this.#stones,
      now: () => this.#time.now(),
      removed: (criteria, surely) => this.#removing.revoked(criteria, surely),
      renewed: (target, brought, sentAt) => this.#renewedByClient(target, brought, sentAt),
      buried: this.#options.buried,
    });
  }

  adopt(state: TokenState, origin: Origin = {}): void {
    const before = this.#identities.current(state.identity);
    const entry = this.#identities.adopt(state, origin);
    if (entry === undefined) return;
    if (before !== undefined && before !== entry) this.#stones.set({ by: 'token', token: before.token });
    this.#restoring.adopted(state.identity);
  }

  clear(request: ClearRequest): number {
    this.#log.debug({ type: request.type }, 'cache-clear received');
    this.#keys.forget();
    const criteria = criteriaOf(request);
    this.#stones.set(criteria);
    this.#restoring.dropWaiting(
      (entry) => mayMean(criteria, entry) || (criteria.by === 'id' && entry.id === criteria.id),
      'cleared',
    );
    return this.#removing.evict(criteria, 'cleared');
  }

  onRemoved(listener: (sources: ReadonlySet<object>) => void): void {
    this.#holdings.onRemoved(listener);
  }

  *entries(): Iterable<EntryView> {
    const now = this.#time.now();
    for (const entry of this.#holdings.index.all)
      if (entry.answer !== undefined) yield viewOf(entry, now, (identity) => this.#identities.nameOf(identity));
  }

  stop(): void {
    this.#renewals.stop();
    this.#keys.forget();
  }

  follow(keeper: Keeper): void {
    this.#holdings.follow(keeper);
  }

  restore(records: readonly EntryRecord[]): number {
    return this.#options.dynamic === false ? 0 : this.#restoring.restore(records);
  }

  record(entry: Entry): EntryRecord {
    return recordOf(entry, (identity) => this.#identities.nameOf(identity));
  }

  adoptForeign(record: SharedRecord, key: string): Entry | undefined {
    return this.#foreign.adopt(record, key);
  }

  takeOver(entry: Entry): void {
    this.#foreign.takeOver(entry);
  }

  updateForeign(id: string, news: ForeignNews): void {
    const entry = this.#holdings.index.byId(id);
    if (entry !== undefined) this.#foreign.update(entry, news);
  }

  parentExpiresAt({ parent }: Entry): number {
    return parent === undefined ? 0 : this.#identities.endOf(parent);
  }

  evictShared(id: string): boolean {
    const entry = this.#holdings.index.byId(id);
    if (entry === undefined) return false;
    // what is on its way to be stored under this lease or token is as dead
    this.#stones.set(
      entry.kind === 'lease' ? { by: 'lease', lease: entry.lease } : { by: 'token', token: entry.token },
    );
    this.#removing.withSubtree(entry, 'shared');
    return true;
  }

  suspectAll(filter: (entry: Entry) => boolean): number {
    const chosen = [...this.#holdings.index.all].filter((entry) => entry.answer !== undefined && filter(entry));
    this.#holdings.doubt(chosen, this.#time.now());
    return chosen.length;
  }

  // with a margin before its own end and that of every token above it. What is over is evicted on the way.
  #usable(entry: Entry, now: number): boolean {
    if (entry.checkAt <= now || entry.staleAt <= now) return false;
    for (let one: Entry | undefined = entry; one !== undefined; one = one.parent) {
      const end = this.#identities.endOf(one);
      if (end === 0 || end - one.marginMs > now) continue;
      if (end <= now) this.#removing.withSubtree(one, one.kind === 'identity' ? 'token-dead' : 'expired');
      return false;
    }
    return true;
  }

  #confirmed(entry: Entry, sentAt: number): void {
    if (entry.proofNeeded && sentAt < entry.doubtedAt) return;
    // the clock may have been set back since it was sent
    const at = Math.min(sentAt, this.#time.now());
    entry.confirmedAt = at;
    entry.checkAt = this.#revalidateAfterMs === 0 ? Infinity : at + this.#revalidateAfterMs;
    entry.proofNeeded = false;
  }

  #jumped(byMs: number): void {
    const { all } = this.#holdings.index;
    this.#log.warn({ byMs }, 'the clock of this machine was set; cached secrets are looked up before their next use');
    this.#renewals.shift(all, byMs);
    for (const entry of all) {
      entry.staleAt += byMs;
      entry.confirmedAt += byMs;
      if (entry.answer !== undefined) entry.answer.storedAt += byMs;
    }
    this.suspectAll(() => true);
  }

  #point(key: string, entry: Entry): void {
    this.#holdings.point(key, entry, (unused) => this.#removing.unused(unused));
  }

  #insertRestored(entry: Entry, keys: readonly string[]): boolean {
    const { index } = this.#holdings;
    if (this.#holdings.add(entry) !== undefined) return false;
    this.#limitAge(entry, entry.answer!.storedAt);
    for (const key of keys) if (index.byKey(key) === undefined) index.point(key, entry);
    this.#renewals.resume(entry);
    return entry.phase !== 'gone';
  }

  #refetch(entry: Entry): void {
    const { request, path, namespace, parent } = entry;
    const key = entry.keys.at(-1);
    if (request === undefined || key === undefined || !usedLately(entry, this.#time.now())) return;
    const { query, headers, identity } = request;
    const token = parent === undefined ? undefined : new Secret(parent.token);
    this.#log.debug({ path }, 'fetching a secret anew before its end');
    this.#options.refetch?.({ method: 'GET', path, query, namespace, headers, identity, token, key });
  }

  #renewedByClient(target: RenewalTarget, brought: Brought, sentAt: number): void {
    const { index } = this.#holdings;
    const { by, value } = target;
    const entry =
      by === 'lease' ? index.byLease(value) : by === 'token' ? index.byToken(value) : index.byAccessor(value);
    if (entry !== undefined && entry.kind !== 'identity') this.#renewals.renewedByClient(entry, brought, sentAt);
  }
}
