// The tokens that read, and what each of them may have: only what its own read has brought (S-3). Bounded. It must not know how permissions are
// checked.
import type { Secret } from '../../sdk/index.js';
import type { Slot } from './slot.js';

/**
 * What is known of a token. `unknown`: nothing is served to it yet. `known`: it is alive and may be used without end. `limited`: its uses are
 * counted, so that it always goes to the server.
 */
export type Standing = 'unknown' | 'asking' | 'known' | 'limited';

/**
 * Why a token may have an answer, and when that was last proven. `read`: its own read, in this process. `remembered`: the journal says so, and nothing has
 * confirmed it. `confirmed`: the same, and a check of its permissions did; enough for a rescue, not for a hit.
 */
export interface Grant {
  readonly kind: 'read' | 'remembered' | 'confirmed';
  readonly at: number;
}

/** One token. Times are wall clock ms. */
export class Reader {
  readonly digest: string;
  readonly token: Secret;
  /** Namespace of its first read: where it is looked up first. */
  readonly namespace: string;
  /** True for the token of an identity. */
  readonly own: boolean;
  /** What it may have. */
  readonly slots = new Map<Slot, Grant>();
  standing: Standing = 'unknown';
  /** Its namespace, once it is known. */
  home = '';
  accessor = '';
  orphan = false;
  /** 0 when it does not expire. */
  expiresAt = 0;
  /** Not looked up before this. */
  retryAt = 0;
  cancelCheck: (() => void) | undefined;

  constructor(given: Pick<Reader, 'digest' | 'token' | 'namespace' | 'own'>) {
    this.digest = given.digest;
    this.token = given.token;
    this.namespace = given.namespace;
    this.own = given.own;
  }
}

/** Bounds: of tokens, of answers for one token, of both together. */
export interface ReaderLimits {
  readonly tokens: number;
  readonly perToken: number;
  readonly grants: number;
}

/** The bounds in use. */
export const READER_LIMITS: ReaderLimits = { tokens: 10_000, perToken: 4096, grants: 100_000 };

/** All readers, least recently granted first. */
export class Readers {
  readonly #limits: ReaderLimits;
  readonly #onChange: (slot: Slot) => void;
  readonly #readers = new Map<string, Reader>();
  #grants = 0;

  /** `onChange` is told of each answer that gained or lost a reader. */
  constructor(onChange: (slot: Slot) => void = () => undefined, limits: ReaderLimits = READER_LIMITS) {
    this.#limits = limits;
    this.#onChange = onChange;
  }

  get all(): Iterable<Reader> {
    return this.#readers.values();
  }

  get size(): number {
    return this.#readers.size;
  }

  get grants(): number {
    return this.#grants;
  }

  get(digest: string): Reader | undefined {
    return this.#readers.get(digest);
  }

  /** Takes a reader in, or moves it to the end of those that are let go first. */
  keep(reader: Reader): void {
    this.#readers.delete(reader.digest);
    this.#readers.set(reader.digest, reader);
    this.#bound(reader);
  }

  /** It may have this answer. `confirmed` is false for what only the journal says. */
  grant(reader: Reader, slot: Slot, grant: Grant): void {
    if (!reader.slots.has(slot)) this.#grants++;
    // anew, to be the last that is let go
    reader.slots.delete(slot);
    reader.slots.set(slot, grant);
    slot.readers.set(reader.digest, reader);
    this.#onChange(slot);
    if (reader.slots.size > this.#limits.perToken) this.revoke(reader, reader.slots.keys().next().value!);
    this.#bound(reader);
  }

  /** It may not any more. */
  revoke(reader: Reader, slot: Slot): void {
    if (!reader.slots.delete(slot)) return;
    this.#grants--;
    slot.readers.delete(reader.digest);
    this.#onChange(slot);
  }

  /** Takes all permissions of one; the result is how many. */
  revokeAll(reader: Reader): number {
    const slots = [...reader.slots.keys()];
    for (const slot of slots) this.revoke(reader, slot);
    return slots.length;
  }

  /** Nobody may have this any more. */
  release(slot: Slot): void {
    for (const reader of [...slot.readers.values()]) this.revoke(reader, slot);
  }

  /** Forgets one, and its token; the result is how many permissions it had. */
  forget(reader: Reader): number {
    reader.cancelCheck?.();
    reader.cancelCheck = undefined;
    this.#readers.delete(reader.digest);
    return this.revokeAll(reader);
  }

  #bound(spared: Reader): void {
    const { tokens, grants } = this.#limits;
    while (this.#readers.size > tokens || this.#grants > grants) {
      const [oldest] = this.#readers.values();
      if (oldest === undefined || oldest === spared) return;
      this.forget(oldest);
    }
  }
}
