// Answer -> entry: classified, checked against what was removed meanwhile, admitted, begun, and offered to other agents (R-1, R-3, R-7, R-14, D-7).
import type { Logger, Vault } from '../sdk/index.js';
import type { Exchange } from '../contracts/exchange.js';
import type { BufferedReply } from '../contracts/lease-cache.js';
import { keptHead } from './age.js';
import type { LimitAge } from './age-limit.js';
import { classify, saysRenewable } from './classify.js';
import type { Criteria } from './criteria.js';
import { factsOf, type Storable } from './entry-facts.js';
import { Entry } from './entry.js';
import { giveBack, givenBackOf } from './giving-back.js';
import type { Holdings } from './holdings.js';
import type { IssueMemory } from './issues.js';
import { marginOf } from './life-plan.js';
import { mayMean } from './matches.js';
import type { Pacing } from './pacing.js';
import type { Renewals } from './renewals.js';
import type { SharedAnswers, SharedRecord } from './shared-answers.js';
import type { Tombstones } from './tombstones.js';

/** What storing needs of the cache. */
export interface StoringOptions {
  readonly holdings: Holdings;
  readonly renewals: Renewals;
  readonly stones: Tombstones<Criteria>;
  readonly issues: IssueMemory;
  readonly pacing: Pacing;
  readonly limitAge: LimitAge;
  readonly verbatim: boolean;
  readonly log: Logger;
  readonly vault: Vault;
  readonly now: () => number;
  readonly keyOf: (exchange: Exchange) => string | undefined;
  readonly share: (list: readonly string[]) => readonly string[];
  readonly point: (key: string, entry: Entry) => void;
  readonly confirmed: (entry: Entry, at: number) => void;
  readonly shared: SharedAnswers | undefined;
  /** It may be given out now. */
  readonly usable: (entry: Entry) => boolean;
  readonly adoptForeign: (record: SharedRecord, key: string) => Entry | undefined;
  readonly settled: (() => Promise<void> | undefined) | undefined;
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
  'mfa',
]);

/** Stores answers. */
export class Storing {
  readonly #options: StoringOptions;

  constructor(options: StoringOptions) {
    this.#options = options;
  }

  /** The reason code: `stored-lease`, `raced`, `full` ... The head of the reply is no obstacle. */
  remember(exchange: Exchange, reply: BufferedReply, epoch: number): string | Promise<string> {
    const { issues, holdings, keyOf } = this.#options;
    const { method, path, query, token } = exchange;
    // plain reads are most of the traffic; a path that has begun to issue leases is noticed all the same
    if (issues.judge(method, path, query) === 'never' && !saysRenewable(reply.body)) return 'no-lease';
    const own = token?.reveal() ?? '';
    const parent = own === '' ? undefined : holdings.index.byToken(own);
    const verdict = classify(reply.body, parent !== undefined);
    issues.learn(method, path, verdict.kind !== 'none' || HELD_A_SECRET.has(verdict.why));
    if (verdict.kind === 'none') return verdict.why;
    const key = (exchange.cacheKey ??= keyOf(exchange));
    if (key === undefined) return 'no-key';
    return this.#store({ exchange, reply, verdict, parent, own, key, epoch });
  }

  #store(given: {
    readonly exchange: Exchange;
    readonly reply: BufferedReply;
    readonly verdict: Storable;
    readonly parent: Entry | undefined;
    readonly own: string;
    readonly key: string;
    readonly epoch: number;
  }): string | Promise<string> {
    const { holdings, stones, verbatim, share, now, renewals, confirmed } = this.#options;
    const { exchange, reply, verdict, parent, own, key, epoch } = given;
    const head = share(keptHead(reply.headers));
    const entry = new Entry(factsOf({ exchange, reply, verdict, parent, own, head, now: now(), verbatim, share }));
    if (stones.raced(epoch, (criteria) => mayMean(criteria, entry))) return 'raced';
    const ttlMs = verdict.kind === 'lease' ? verdict.ttlMs : verdict.auth.ttlMs;
    const sentAt = Math.min(exchange.sentAt ?? now(), now());
    if (sentAt + ttlMs - marginOf(ttlMs) <= now()) return 'no-ttl';
    const { index } = holdings;
    const known = verdict.kind === 'lease' ? index.byLease(verdict.leaseId) : index.byToken(verdict.auth.token);
    if (known !== undefined) return this.#again(known, key, sentAt);
    const refused = holdings.add(entry);
    if (refused !== undefined) {
      this.#options.pacing.refused(`${exchange.namespace}${exchange.path}`, now());
      return refused;
    }
    this.#options.limitAge(entry, sentAt);
    renewals.begin(entry, ttlMs, sentAt);
    confirmed(entry, sentAt);
    this.#options.log.debug({ method: exchange.method, path: exchange.path }, 'storing response into the cache');
    if (this.#options.shared !== undefined && exchange.identity !== undefined) return this.#offered(entry, given);
    return this.#publish(entry, key);
  }

  // the same secret for another request (D-7)
  #again(known: Entry, key: string, sentAt: number): string {
    if (known.answer === undefined) return `stored-token`;
    this.#options.point(key, known);
    if (known.checkAt <= this.#options.now()) this.#options.confirmed(known, sentAt);
    this.#options.holdings.changed(known);
    return `stored-${known.kind}`;
  }

  #publish(entry: Entry, key: string): string | Promise<string> {
    const { point, holdings, settled } = this.#options;
    point(key, entry);
    holdings.announce(entry);
    const code = `stored-${entry.kind}`;
    return settled?.()?.then(() => code) ?? code;
  }

  // Nobody gets it before it is known whose answer stands. It has no key meanwhile, but revocations find it.
  async #offered(
    entry: Entry,
    { exchange, reply, key }: { readonly exchange: Exchange; readonly reply: BufferedReply; readonly key: string },
  ): Promise<string> {
    const { shared, adoptForeign, holdings, vault, log } = this.#options;
    const winner = await shared!.offer(entry, exchange).catch(() => undefined);
    if (entry.phase === 'gone') return 'raced';
    const adopted = winner && adoptForeign(winner, key);
    if (adopted === undefined || !this.#options.usable(adopted)) return this.#publish(entry, key);
    holdings.remove([entry], 'replaced');
    const given = givenBackOf(exchange, reply.body);
    if (given !== undefined) void giveBack(given, { vault, log });
    return 'shared-lost';
  }
}
