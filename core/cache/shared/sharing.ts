// Sharing between agents: who has a new answer claims it in the shared store, others adopt it; the owner renews, and when it is gone another takes
// over; revocations travel as tombstones. It decides nothing about lives of entries, and nothing in here rejects: the worst outcome is a cache miss.
import type { CacheStore, Health, Logger, StoreNews } from '../../sdk/index.js';
import type { Exchange } from '../../contracts/exchange.js';
import type { Entry } from '../entry.js';
import type { Keeper } from '../keeper.js';
import type { LeaseCacheCore } from '../options.js';
import type { SharedAnswers, SharedCache, SharedRecord } from '../shared-answers.js';
import { claimUntil, endOf, isAlive, type Claim } from './claim.js';
import { Burials } from './burials.js';
import { ClaimsStore, type Found, type Sealer } from './claims-store.js';
import { HoldingList, type Holding } from './holding.js';
import { Graves, NewsMemory } from './lately.js';
import { Pulse } from './pulse.js';
import { ShareKeys, type ShareKeysOptions } from './share-keys.js';

/** What the sharing needs. */
export interface SharingOptions extends ShareKeysOptions {
  /** With `swap` and `changes` (manifest: `supports.shared`). */
  readonly store: CacheStore;
  /** Undefined while the sealing key is not to be had: nothing is shared until then. */
  readonly sealer: () => Sealer | undefined;
  readonly log: Logger;
  /** A component's own: `ok` and `degraded` are told here. */
  readonly health: Health;
  readonly random: () => number;
  /** Unique among the agents and their runs: two that have the same would both believe they own a lease. */
  readonly instance: string;
  /** `share_bound`. */
  readonly shareBoundMs: number;
  /** After an outage, before anything is read: the store may have lost its data, and with them the sealing key. Rejects as the store does. */
  readonly confirm?: () => Promise<void>;
}

/** What of the cache the sharing uses. */
export type SharingCache = SharedCache & Pick<LeaseCacheCore, 'record'>;

/** Sharing: option `shared` of createLeaseCache, and a keeper of it (`follow`). */
export interface Sharing extends SharedAnswers, Keeper {
  /** Begins; the store must have been started, or be about to be. */
  start(cache: SharingCache): void;
  /** Resolves when the other agents can know of all removals so far, or after a second. Undefined when they can already, or the store is away. */
  buried(): Promise<void> | undefined;
  /** Ends it; claims lapse by themselves. Safe twice. */
  stop(): void;
}

/** Makes the sharing; nothing runs before `start`. */
export function createSharing(options: SharingOptions): Sharing {
  return new StoreSharing(options);
}

// reasons of a removal that are true for every agent
const FOR_ALL = new Set(['revoked', 'unclear', 'cleared', 'token-dead', 'lost']);
const TRIES = 3;
const RETRY_MS = 5000;
const SPREAD_MS = 1000;
const BURIAL_BOUND_MS = 1000;

class StoreSharing implements Sharing {
  readonly #options: SharingOptions;
  readonly #claims: ClaimsStore;
  readonly #keys: ShareKeys;
  readonly #pulse: Pulse;
  readonly #held = new HoldingList();
  readonly #burials: Burials;
  readonly #graves = new Graves();
  readonly #news = new NewsMemory();
  readonly #ended = new AbortController();
  #cache: SharingCache | undefined;

  constructor(options: SharingOptions) {
    const { store, sealer, clock, log, health, shareBoundMs } = options;
    this.#options = options;
    this.#claims = new ClaimsStore(store, sealer);
    this.#keys = new ShareKeys(options);
    this.#burials = new Burials(this.#claims, options.instance, () => clock.now());
    this.#pulse = new Pulse({
      ...{ clock, log, health, boundMs: shareBoundMs },
      silent: () => this.#suspect(),
      back: () => void this.#checkAll(),
    });
  }

  start(cache: SharingCache): void {
    this.#cache = cache;
    this.#pulse.start();
    this.#keys.ask();
    void this.#follow();
  }

  stop(): void {
    this.#ended.abort();
    this.#pulse.stop();
    for (const holding of [...this.#held.all]) this.#held.remove(holding);
  }

  seek(exchange: Exchange, key: string): Promise<SharedRecord | undefined> | undefined {
    const shareKey = this.#pulse.away ? undefined : this.#keyFor(exchange, key);
    if (shareKey === undefined) return undefined;
    return this.#read(shareKey)
      .then((found) => this.#learn(shareKey, found, key))
      .catch((error: unknown) => this.#pulse.failed(error) as undefined);
  }

  async offer(entry: Entry, exchange: Exchange): Promise<SharedRecord | undefined> {
    const shareKey = this.#keyFor(exchange, exchange.cacheKey ?? '');
    const parent = this.#cache?.record(entry).parent;
    if (shareKey === undefined || parent?.on === 'entry') return undefined;
    const holding = holdingOf({ id: entry.id, shareKey, entry, parent, mine: true, since: this.#now });
    if (this.#pulse.away) return void this.#held.add(holding);
    try {
      return await this.#claim(holding, exchange);
    } catch (error) {
      this.#pulse.failed(error);
      // the claim may be there all the same: of what was revoked meanwhile it must go
      if (entry.phase === 'gone') this.#queue(holding, () => this.#burials.bury(holding));
      else this.#held.add(holding);
      return undefined;
    }
  }

  added(_entry: Entry): void {
    // ours come by `offer`, those of others by `seek`
  }

  changed(entry: Entry): void {
    const holding = this.#held.byId(entry.id);
    if (holding?.mine === true) return this.#queue(holding, () => this.#rewrite(holding));
    // a renewal of ours that ended after the claim was lost does not make it ours again
    if (holding !== undefined && entry.phase === 'renewing') this.#demote(holding);
  }

  removed(entries: readonly Entry[], why: string): void {
    for (const { id } of entries) {
      const holding = this.#held.byId(id);
      if (holding === undefined) continue;
      this.#held.remove(holding);
      if (!FOR_ALL.has(why)) continue;
      this.#graves.add(id, holding.end, this.#now);
      holding.busy = this.#burials.after(holding.busy, holding).catch((error: unknown) => this.#pulse.failed(error));
    }
  }

  buried(): Promise<void> | undefined {
    const pending = this.#pulse.away ? undefined : this.#burials.pending;
    if (pending === undefined) return undefined;
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(BURIAL_BOUND_MS, resolve);
      void pending.then(cancel).then(resolve);
    });
  }

  #keyFor(exchange: Exchange, cacheKey: string): string | undefined {
    return this.#claims.open && this.#cache !== undefined ? this.#keys.of(exchange, cacheKey) : undefined;
  }

  // Takes in what another agent offers. Undefined for what is dead, unreadable or buried, or when the cache has no room for it.
  #learn(shareKey: string, { bytes, claim }: Found, cacheKey: string): SharedRecord | undefined {
    const record = claim?.record;
    if (record === undefined || claim === undefined || !isAlive(record, this.#now)) return undefined;
    if (this.#graves.has(record.id)) return undefined;
    if (this.#held.byId(record.id) !== undefined) return record;
    const entry = this.#cache!.adoptForeign(record, cacheKey);
    if (entry?.phase !== 'foreign') return undefined;
    const holding = holdingOf({ id: entry.id, shareKey, entry, parent: record.parent, mine: false, since: this.#now });
    this.#held.add(holding);
    this.#take(holding, claim, bytes);
    // ours from before a new login: nobody renews it but us
    if (holding.mine) this.#cache!.takeOver(entry);
    return record;
  }

  // News that came while it was read may be newer than what was read.
  async #read(shareKey: string): Promise<Found> {
    for (let turn = 1; ; turn++) {
      const since = this.#news.moment;
      const found = await this.#claims.read(shareKey);
      if (turn === TRIES || !this.#news.changed(shareKey, since)) return found;
    }
  }

  async #claim(holding: Holding, { cacheKey = '', sentAt = 0 }: Exchange): Promise<SharedRecord | undefined> {
    let found: Found = { bytes: undefined, claim: undefined };
    for (let turn = 0; turn < TRIES; turn++) {
      if (await this.#put(holding, found)) {
        if (holding.entry.phase === 'gone') await this.#burials.bury(holding);
        else this.#held.add(holding);
        return undefined;
      }
      found = await this.#read(holding.shareKey);
      // what was here before the request was sent could not be given out any more: ours takes its place
      if ((this.#held.byId(found.claim?.id ?? '')?.since ?? Infinity) <= sentAt) continue;
      const winner = this.#learn(holding.shareKey, found, cacheKey);
      if (winner !== undefined) {
        holding.cancel();
        return winner;
      }
    }
    return undefined;
  }

  // Writes our claim over exactly what was found, with the next fencing number when it was another's.
  async #put(holding: Holding, { bytes, claim }: Found): Promise<boolean> {
    const record = this.#recordOf(holding);
    const fence =
      claim?.owner === this.#options.instance ? claim.fence : Math.max(holding.fence, claim?.fence ?? 0) + 1;
    const next: Claim = {
      owner: this.#options.instance,
      fence,
      claimUntil: claimUntil(record, this.#now),
      id: holding.id,
      record,
    };
    const written = await this.#claims.swap(holding.shareKey, bytes, next, this.#now);
    if (written === undefined) return false;
    this.#take(holding, next, written);
    return true;
  }

  #take(holding: Holding, claim: Claim, bytes: Uint8Array | undefined): void {
    holding.mine = claim.owner === this.#options.instance;
    holding.fence = claim.fence;
    holding.claimUntil = claim.claimUntil;
    holding.bytes = bytes;
    holding.end = endOf(claim.record!);
    this.#arm(holding);
  }

  #recordOf({ entry, parent }: Holding): SharedRecord {
    const cache = this.#cache!;
    return {
      ...cache.record(entry),
      keys: [],
      parent,
      parentExpiresAt: cache.parentExpiresAt(entry),
      parentAccessor: entry.parent?.accessor ?? '',
      confirmedAt: entry.confirmedAt,
    };
  }

  // The owner looks again before its claim ends, because its token may have been renewed; the others look when the claim has ended.
  #arm(holding: Holding): void {
    holding.cancel();
    const { mine, end, claimUntil: until } = holding;
    const at = mine ? this.#now + Math.max(SPREAD_MS, 0.75 * (end - this.#now)) : until;
    if (at === Infinity || this.#ended.signal.aborted || (mine && end <= this.#now)) return;
    const work = mine ? () => this.#rewrite(holding) : () => this.#takeOver(holding);
    this.#later(holding, Math.max(0, at - this.#now) + (mine ? 0 : this.#options.random() * SPREAD_MS), work);
  }

  #later(holding: Holding, delayMs: number, work: () => Promise<void>): void {
    holding.cancel();
    holding.cancel = this.#options.clock.after(delayMs, () => this.#queue(holding, work));
  }

  #queue(holding: Holding, work: () => Promise<void>): void {
    holding.busy = holding.busy.then(work).catch((error: unknown) => this.#pulse.failed(error));
  }

  #tracked(holding: Holding): boolean {
    return this.#held.byId(holding.id) === holding && holding.entry.phase !== 'gone';
  }

  async #rewrite(holding: Holding): Promise<void> {
    if (!this.#tracked(holding) || !holding.mine) return;
    if (endOf(this.#recordOf(holding)) === holding.end && holding.bytes !== undefined) return this.#arm(holding);
    const mine: Found = { bytes: holding.bytes, claim: this.#claimNow(holding) };
    if (!(await this.#put(holding, mine))) await this.#check(holding, false);
  }

  #claimNow({ fence, claimUntil: until, id }: Holding): Claim {
    return { owner: this.#options.instance, fence, claimUntil: until, id, record: undefined };
  }

  async #takeOver(holding: Holding): Promise<void> {
    if (!this.#tracked(holding)) return this.#held.remove(holding);
    this.#later(holding, RETRY_MS, () => this.#takeOver(holding));
    const found = await this.#claims.read(holding.shareKey);
    this.#judge(holding, found, false);
    const { claim } = found;
    if (!this.#tracked(holding) || holding.mine || claim?.id !== holding.id || claim.claimUntil > this.#now) return;
    if (claim.record?.renewable !== true || !isAlive(claim.record, this.#now)) return holding.cancel();
    if (!(await this.#put(holding, found))) return;
    this.#options.log.info({ path: holding.entry.path }, 'took over a lease whose agent is gone');
    if (this.#tracked(holding)) this.#cache!.takeOver(holding.entry);
  }

  // `told`: the store said that somebody changed it, so that an absent record means removed; otherwise the store may have lost it.
  async #check(holding: Holding, told: boolean): Promise<void> {
    if (!this.#tracked(holding)) return;
    const found = await this.#claims.read(holding.shareKey);
    this.#judge(holding, found, told);
    if (this.#tracked(holding) && holding.mine && found.claim === undefined) await this.#put(holding, found);
  }

  #judge(holding: Holding, { bytes, claim }: Found, told: boolean): void {
    if (bytes === undefined && !told) return;
    // sealed with a key that is gone
    if (claim === undefined && bytes !== undefined && holding.mine) return;
    const record = claim?.record;
    if (claim === undefined || record === undefined || claim.id !== holding.id) return this.#evict(holding);
    if (claim.owner === this.#options.instance) return this.#take(holding, claim, bytes);
    if (holding.mine) this.#demote(holding);
    this.#take(holding, claim, bytes);
    this.#update(holding, record, told);
  }

  // A claim that was read without being told of it says nothing about revocations that were missed: doubt stays until the server was asked.
  #update({ id, entry }: Holding, record: SharedRecord, told: boolean): void {
    const { checkAt, proofNeeded } = entry;
    this.#cache!.updateForeign(id, record);
    if (told) return;
    entry.checkAt = Math.min(entry.checkAt, checkAt);
    entry.proofNeeded = entry.proofNeeded || proofNeeded;
  }

  #demote(holding: Holding): void {
    holding.mine = false;
    const { entry } = holding;
    if (entry.phase === 'gone') return;
    entry.phase = 'foreign';
    this.#options.log.debug({ path: entry.path }, 'another agent owns this lease now');
  }

  #evict(holding: Holding): void {
    this.#held.remove(holding);
    this.#cache!.evictShared(holding.id);
  }

  async #follow(): Promise<void> {
    const { store, log } = this.#options;
    try {
      for await (const news of store.changes!(this.#ended.signal)) this.#hear(news);
    } catch (error) {
      this.#pulse.failed(error);
      log.warn({}, 'news of the shared store have ended; what is shared is looked up before it is used');
    }
  }

  #hear(news: StoreNews): void {
    if (news.news !== 'heard') this.#news.add(news.news === 'changed' ? news.key : undefined);
    if (news.news === 'changed') {
      const holding = this.#held.byKey(news.key);
      if (holding !== undefined) this.#queue(holding, () => this.#check(holding, true));
      return;
    }
    const away = this.#pulse.away;
    if (news.news === 'gap') this.#suspect();
    this.#pulse.heard();
    if (news.news === 'gap' && !away) void this.#checkAll();
  }

  #suspect(): void {
    this.#cache!.suspectAll(({ id }) => this.#held.byId(id) !== undefined);
  }

  // After a gap or an outage: what was revoked meanwhile is buried, our claims are put back, those of others are read again.
  async #checkAll(): Promise<void> {
    await this.#options.confirm?.().catch((error: unknown) => this.#pulse.failed(error));
    for (const holding of this.#burials.unburied) this.#queue(holding, () => this.#burials.bury(holding));
    for (const holding of [...this.#held.all]) {
      this.#queue(holding, () => this.#check(holding, false));
      if (holding.mine) this.#queue(holding, () => this.#rewrite(holding));
      await holding.busy;
    }
  }

  get #now(): number {
    return this.#options.clock.now();
  }
}

function holdingOf(given: Pick<Holding, 'id' | 'shareKey' | 'entry' | 'parent' | 'mine' | 'since'>): Holding {
  return {
    ...given,
    fence: 0,
    bytes: undefined,
    claimUntil: 0,
    end: 0,
    cancel: () => undefined,
    busy: Promise.resolve(),
  };
}
