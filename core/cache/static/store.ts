// What is held, and for whom: takes answers in, takes them and permissions away, restores. It decides nothing about when something is fetched.
import type { StaticConfig } from '../../contracts/agent-config.js';
import type { Journal } from '../../contracts/journal.js';
import type { BufferedReply } from '../../contracts/lease-cache.js';
import type { Clock, Secret } from '../../sdk/index.js';
import { keptHead, storeAnswer } from '../age.js';
import { headRefusal } from '../classify.js';
import { HeadPool } from '../head-pool.js';
import type { Room } from '../room.js';
import { Tombstones } from '../tombstones.js';
import { Archive } from './archive.js';
import type { SlotRecord } from './codec.js';
import { digestOf } from './digest.js';
import { compareFacts, factsOf, type Facts } from './facts.js';
import { lifespanOf } from './lifespan.js';
import { nameOf, type StaticName } from './name.js';
import { Reader, Readers } from './readers.js';
import { meansAnswer, meansReader, type Scope } from './scope.js';
import { Shelf } from './shelf.js';
import { Slot, type Content } from './slot.js';

/** What a store is made of. */
export interface StoreOptions {
  readonly config: Pick<StaticConfig, 'staleWhileRevalidateMs' | 'staleIfErrorMs'>;
  readonly room: Room;
  readonly clock: Clock;
  readonly journal: Journal | undefined;
  /** True or false when it is known whether the path lies in a KV engine. */
  readonly kv: (absolute: string) => boolean | undefined;
  readonly onSize: (size: number) => void;
}

/** An answer that came from the server. */
export interface Fetched {
  readonly name: StaticName;
  readonly ttlMs: number;
  readonly token: Secret;
  /** True for the token of an identity. */
  readonly own: boolean;
  readonly reply: BufferedReply;
  readonly epoch: number;
  readonly sentAt: number;
}

/** What became of an answer: a reason code, and slot and reader when the reader may have it from now on. */
export interface Taken {
  readonly why: string;
  readonly slot?: Slot;
  readonly reader?: Reader;
}

/** Reason code why an answer with this head is not held: `status` for all but 200. */
export function refusalOf({ status, headers }: Pick<BufferedReply, 'status' | 'headers'>): string | undefined {
  return status === 200 ? headRefusal(status, headers) : 'status';
}

/** Holds answers and readers. */
export class StaticStore {
  readonly shelf: Shelf;
  readonly readers: Readers;
  readonly tombstones = new Tombstones<Scope>();
  readonly #options: StoreOptions;
  readonly #heads = new HeadPool();
  readonly #archive: Archive;
  readonly #dormant = new Map<string, Slot[]>();

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#archive = new Archive(options.journal, options.config.staleIfErrorMs);
    this.readers = new Readers((slot) => slot.held && this.#archive.changed(slot));
    this.shelf = new Shelf(options.room, (slot) => this.#gone(slot));
    this.#archive.restore((record) => this.#restore(record));
  }

  /** Takes an answer in. The reader gets its permission with it, as its own read has brought it (S-3). */
  accept(given: Fetched): Taken {
    const now = this.#options.clock.now();
    // the clock may have been set back since it was sent: nothing may be fresh until the old time comes again
    const fetched = { ...given, sentAt: Math.min(given.sentAt, now) };
    const { name, token, reply } = fetched;
    const refusal = refusalOf(reply);
    if (refusal !== undefined) return { why: refusal };
    const facts = factsOf(reply.body);
    const kv = typeof facts === 'string' ? undefined : facts.kv || this.#options.kv(name.absolute);
    if (typeof facts === 'string' || kv === false) {
      this.#unfit(name);
      return { why: typeof facts === 'string' ? facts : 'not-kv' };
    }
    if (facts.deletionAt > 0 && facts.deletionAt <= now) return { why: 'deleted' };
    const digest = digestOf(token);
    if (this.#raced(fetched, digest)) return { why: 'raced' };
    const reader = this.#readerOf(fetched, digest);
    if (reader.standing === 'limited') return { why: 'use-limited' };
    const placed = this.#place(fetched, facts, now);
    if (placed === undefined) return { why: 'full' };
    const { slot, why } = placed;
    slot.kv ||= kv === true;
    this.readers.grant(reader, slot, { kind: 'read', at: fetched.sentAt });
    return { why, slot, reader };
  }

  /** Takes away what a scope means; the result is how many answers or permissions. */
  apply(scope: Scope): number {
    switch (scope.by) {
      case 'token':
        return this.#forget([this.readers.get(scope.digest)], scope.children);
      case 'accessor':
        return this.#forget(this.#byAccessor(scope.accessor), scope.children);
      case 'tokens':
        return [...this.readers.all].reduce((sum, reader) => sum + this.readers.revokeAll(reader), 0);
      case 'all':
        return this.#clear();
      default: {
        const meant = this.shelf.meant(scope);
        for (const slot of meant) this.shelf.remove(slot);
        return meant.length;
      }
    }
  }

  /** A mount has become known: what lies below it is KV, or goes. */
  learned(mount: string, kv: boolean): void {
    for (const slot of this.shelf.meant({ by: 'below', prefix: mount })) {
      if (kv) slot.kv = true;
      else this.shelf.remove(slot);
    }
  }

  /** Lets go what is of no more use to anyone. */
  sweep(now: number): void {
    for (const slot of [...this.shelf.all]) if (now >= slot.content.life.rescueUntil) this.shelf.remove(slot);
  }

  /** The clock went back: what was counted from its old time is worth nothing. Answers and tokens must prove themselves anew. */
  distrust(): void {
    for (const slot of this.shelf.all) {
      slot.content = { ...slot.content, life: { freshUntil: 0, staleUntil: 0, rescueUntil: 0 } };
      slot.retryAt = 0;
    }
    for (const reader of this.readers.all) {
      if (reader.standing === 'known') reader.standing = 'unknown';
      reader.retryAt = 0;
    }
  }

  #raced({ epoch, name }: Fetched, digest: string): boolean {
    return this.tombstones.raced(
      epoch,
      (scope) => scope.by === 'all' || meansAnswer(scope, name) || meansReader(scope, digest),
    );
  }

  #readerOf({ name, token, own }: Fetched, digest: string): Reader {
    const known = this.readers.get(digest);
    const reader = known ?? new Reader({ digest, token, own, namespace: name.namespace });
    this.readers.keep(reader);
    if (known === undefined) this.#awaken(reader);
    return reader;
  }

  #awaken(reader: Reader): void {
    const slots = this.#dormant.get(reader.digest) ?? [];
    this.#dormant.delete(reader.digest);
    for (const slot of slots) {
      slot.dormant.delete(reader.digest);
      if (slot.held) this.readers.grant(reader, slot, { kind: 'remembered', at: 0 });
    }
  }

  #place(fetched: Fetched, facts: Facts, now: number): { slot: Slot; why: string } | undefined {
    const known = this.shelf.get(fetched.name.key);
    if (known === undefined) {
      const slot = new Slot(fetched.name, this.#contentOf(fetched, facts));
      if (!this.shelf.add(slot, now)) return undefined;
      this.#options.onSize(this.shelf.size);
      return { slot, why: 'stored-static' };
    }
    if (overtaken(fetched, facts, { slot: known, now })) return { slot: known, why: 'older' };
    if (!this.shelf.change(known, this.#contentOf(fetched, facts), now)) return undefined;
    return { slot: known, why: 'stored-static' };
  }

  #contentOf({ reply, ttlMs, sentAt }: Fetched, facts: Facts): Content {
    const { status, headers, body } = reply;
    const head = this.#heads.share(keptHead(headers));
    const answer = storeAnswer({ status, head, body, storedAt: sentAt, field: 'lease', verbatim: true });
    const life = lifespanOf({ ...this.#options.config, sentAt, ttlMs, deletionAt: facts.deletionAt });
    return { answer, facts, life, ttlMs, restored: false };
  }

  // The mount behind a name is another one now.
  #unfit(name: StaticName): void {
    const slot = this.shelf.get(name.key);
    if (slot !== undefined) this.shelf.remove(slot);
  }

  #byAccessor(accessor: string): Reader[] {
    return accessor === '' ? [] : [...this.readers.all].filter((reader) => reader.accessor === accessor);
  }

  // A revoked token takes its children along (D-8). Whose child a token is nobody tells: all that may be one prove themselves anew.
  #forget(meant: readonly (Reader | undefined)[], children: boolean): number {
    const own = meant.reduce((sum, reader) => sum + (reader === undefined ? 0 : this.readers.forget(reader)), 0);
    if (children) for (const reader of this.readers.all) if (!reader.orphan) this.readers.revokeAll(reader);
    return own;
  }

  #clear(): number {
    const slots = [...this.shelf.all];
    for (const slot of slots) this.shelf.remove(slot);
    for (const reader of [...this.readers.all]) if (reader.standing !== 'limited') this.readers.forget(reader);
    this.#dormant.clear();
    this.#archive.clear();
    return slots.length;
  }

  #gone(slot: Slot): void {
    this.readers.release(slot);
    this.#archive.changed(slot);
    this.#options.onSize(this.shelf.size);
  }

  #restore(record: SlotRecord): boolean {
    const name = nameOf({ method: 'GET', path: record.path, query: record.query, namespace: record.namespace });
    if (typeof name === 'string' || this.shelf.get(name.key) !== undefined) return false;
    const now = this.#options.clock.now();
    const { storedAt, ttlMs, deletionAt } = record;
    const life = lifespanOf({ ...this.#options.config, sentAt: storedAt, ttlMs, deletionAt });
    if (storedAt > now || now >= life.rescueUntil) return false;
    // what was changed while the journal was not yet open
    if (this.tombstones.raced(0, (scope) => scope.by === 'all' || meansAnswer(scope, name))) return false;
    const slot = new Slot(name, { ...restoredContent(record), life });
    slot.kv = record.kv;
    if (!this.shelf.add(slot, now)) return false;
    this.#options.onSize(this.shelf.size);
    for (const digest of record.readers) this.#remember(digest, slot);
    return true;
  }

  #remember(digest: string, slot: Slot): void {
    if (this.tombstones.raced(0, (scope) => meansReader(scope, digest))) return;
    const reader = this.readers.get(digest);
    if (reader !== undefined) return this.readers.grant(reader, slot, { kind: 'remembered', at: 0 });
    slot.dormant.add(digest);
    const same = this.#dormant.get(digest);
    if (same === undefined) this.#dormant.set(digest, [slot]);
    else same.push(slot);
  }
}

// Sent before what is held, or by a server that lags behind it.
function overtaken({ sentAt }: Fetched, facts: Facts, { slot, now }: { slot: Slot; now: number }): boolean {
  const { answer, facts: held, life, restored } = slot.content;
  if (restored || now >= life.freshUntil) return false;
  return sentAt < answer.storedAt || compareFacts(facts, held) < 0;
}

function restoredContent(record: SlotRecord): Omit<Content, 'life'> {
  const { status, head, body, storedAt, ttlMs, kv, version, created, deletionAt } = record;
  const answer = storeAnswer({ status, head, body, storedAt, field: 'lease', verbatim: true });
  return { answer, facts: { kv, version, created, deletionAt }, ttlMs, restored: true };
}
