// Entries that other agents own: served here, renewed there, until the owner is gone and this agent takes over.
import type { Exchange } from '../contracts/exchange.js';
import type { LimitAge } from './age-limit.js';
import type { Criteria } from './criteria.js';
import { Entry } from './entry.js';
import type { Holdings } from './holdings.js';
import { marginOf } from './life-plan.js';
import { mayMean } from './matches.js';
import type { EntryRecord } from './record.js';
import { keptBytes } from './kept-bytes.js';
import { entryOf } from './records.js';
import type { Renewals } from './renewals.js';
import type { ForeignNews, SharedAnswers, SharedRecord } from './shared-answers.js';
import type { Tombstones } from './tombstones.js';

/** What foreign entries need of the cache. */
export interface ForeignOptions {
  readonly holdings: Holdings;
  readonly renewals: Renewals;
  readonly now: () => number;
  /** The configured namespace, where identities' tokens live. */
  readonly namespace: string;
  readonly share: (head: readonly string[]) => readonly string[];
  readonly point: (key: string, entry: Entry) => void;
  readonly confirmed: (entry: Entry, at: number) => void;
  readonly evict: (entry: Entry, why: string) => void;
  readonly lookUpIfSuspect: (entry: Entry) => Promise<void> | undefined;
  readonly limitAge: LimitAge;
  readonly shared: SharedAnswers | undefined;
  readonly stones: Tombstones<Criteria>;
}

/** Keeps them. */
export class ForeignEntries {
  readonly #options: ForeignOptions;
  readonly #seeking = new Map<string, Promise<void>>();
  readonly #startedAt: number;

  constructor(options: ForeignOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  /** Asks the others for an answer; equal requests ask once. What was removed meanwhile is not kept. Never rejects. */
  seek(exchange: Exchange, key: string): Promise<void> | undefined {
    const seeking = this.#seeking.get(key);
    if (seeking !== undefined) return seeking;
    const { shared, stones, evict } = this.#options;
    const { epoch } = stones;
    const asked = shared?.seek(exchange, key);
    if (asked === undefined) return undefined;
    const found = asked
      .then((record) => {
        const entry = record && this.adopt(record, key);
        if (entry === undefined) return undefined;
        if (stones.raced(epoch, (criteria) => mayMean(criteria, entry))) return evict(entry, 'raced');
        return this.#options.lookUpIfSuspect(entry);
      })
      .catch(() => undefined)
      .finally(() => this.#seeking.delete(key));
    this.#seeking.set(key, found);
    return found;
  }

  /** See SharedCache.adoptForeign. */
  adopt(record: SharedRecord, key: string): Entry | undefined {
    const { holdings, now, point } = this.#options;
    const { index } = holdings;
    const known =
      index.byId(record.id) ?? (record.kind === 'lease' ? index.byLease(record.lease) : index.byToken(record.token));
    if (known !== undefined) {
      if (known.answer === undefined) return undefined;
      if (known.phase === 'foreign') this.#take(known, record);
      point(key, known);
      return known;
    }
    if (over(record.expiresAt, now()) || over(record.parentExpiresAt, now()) || record.parent?.on === 'entry')
      return undefined;
    return this.#insert(record, key);
  }

  /** The owner renewed it. */
  update(entry: Entry, news: ForeignNews): void {
    if (entry.phase !== 'foreign') return;
    const { confirmed, now } = this.#options;
    this.#take(entry, news);
    // the owner's word is as old as the owner's last proof
    confirmed(entry, Math.max(entry.confirmedAt, Math.min(now(), news.confirmedAt ?? now())));
  }

  #take(entry: Entry, news: ForeignNews): void {
    const { renewals, now } = this.#options;
    const { expiresAt, renewable, incrementSeconds, renewals: count = entry.renewals } = news;
    entry.life = {
      ...entry.life!,
      expiresAt,
      priorMs: Math.max(0, expiresAt - now()),
      ...(renewable !== undefined && { renewable }),
      ...(incrementSeconds !== undefined && { incrementSeconds }),
    };
    entry.renewals = count;
    const { parent } = entry;
    if (news.parentExpiresAt !== undefined && parent?.phase === 'foreign')
      parent.life = { ...parent.life!, expiresAt: news.parentExpiresAt };
    renewals.follow(entry);
  }

  /** It is ours from now on: its parent token is renewed first, unless that is an identity's own here, then the lease. */
  takeOver(entry: Entry): void {
    if (entry.phase !== 'foreign') return;
    const { parent } = entry;
    const first = parent !== undefined && parent.phase === 'foreign' ? [parent] : [];
    for (const one of [...first, entry]) one.phase = 'renewing';
    this.#options.holdings.announce(entry);
    void this.#options.renewals.renewNow([...first, entry]);
  }

  #insert(record: SharedRecord, key: string): Entry | undefined {
    const { holdings, renewals, confirmed, share, point, now, limitAge } = this.#options;
    const entry = entryOf({ ...record, body: keptBytes(record.body) }, 'shared', share);
    entry.phase = 'foreign';
    const parent = record.parent === undefined ? undefined : this.#parent(record, record.parent);
    entry.parent = parent;
    if (this.#removedHere(entry, record.storedAt)) return undefined;
    if (holdings.add(entry) !== undefined) return undefined;
    limitAge(entry, record.storedAt);
    const provenAt = record.confirmedAt ?? record.storedAt;
    confirmed(entry, Math.min(now(), provenAt));
    // an earlier run of this agent may have revoked it, and was killed before that was written over the claim
    if (provenAt < this.#startedAt) holdings.doubt([entry], this.#startedAt);
    point(key, entry);
    renewals.follow(entry);
    return entry;
  }

  // What was revoked through this agent is dead, though the shared store does not say so yet, or nobody told the agent that has it. Ids do not come
  // back to life; a removal by pattern says nothing about what was issued later.
  #removedHere(entry: Entry, storedAt: number): boolean {
    const { stones } = this.#options;
    const issued = storedAt - CLOCKS_DIFFER_MS;
    return (
      stones.overtook(0, (criteria) => byItself(criteria) && mayMean(criteria, entry)) ||
      stones.overtook(issued, (criteria) => mayMean(criteria, entry))
    );
  }

  #parent(record: SharedRecord, parent: NonNullable<EntryRecord['parent']>): Entry | undefined {
    if (parent.on !== 'identity') return undefined;
    const { index } = this.#options.holdings;
    const known = index.byToken(parent.token);
    if (known !== undefined) return known;
    const home = { namespace: this.#options.namespace, path: '' };
    const made = new Entry({ kind: 'token', why: 'shared', namespace: '', path: '', home, token: parent.token });
    const priorMs = Math.max(0, record.parentExpiresAt - this.#options.now());
    const expiresAt = record.parentExpiresAt;
    made.life = { renewable: true, expiresAt, priorMs, graceMs: 0, backoffMs: 0, incrementSeconds: 0 };
    made.marginMs = expiresAt === 0 ? 0 : marginOf(priorMs);
    made.phase = 'foreign';
    index.add(made);
    if (record.parentAccessor) index.setAccessor(made, record.parentAccessor);
    return made;
  }
}

/** Other agents' clocks may differ from ours by so much. */
const CLOCKS_DIFFER_MS = 5_000;

const byItself = ({ by }: Criteria): boolean => by === 'lease' || by === 'token' || by === 'orphan';

const over = (expiresAt: number, now: number): boolean => expiresAt !== 0 && expiresAt <= now;
