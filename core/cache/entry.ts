// One secret that the cache holds: a lease, a token, or the token of an identity. Plain data without closures, because there may be many.
import type { EntryView } from '../contracts/lease-cache.js';
import type { Lifetime } from '../vault/lifetime.js';
import type { StoredAnswer } from './age.js';

/** What the entry is about. `identity` entries have no answer; they only make their token a managed one. */
export type EntryKind = 'lease' | 'token' | 'identity';

/** How the life of an entry goes on: renewed, or only served until its end. */
export type EntryPhase = 'renewing' | 'serving' | 'gone';

/** What a new entry is made of. Token texts and lease ids are secrets. */
export interface EntryFacts {
  readonly kind: EntryKind;
  /** Namespace of the request as its header said, canonical. */
  readonly namespace: string;
  /** Request path as received. */
  readonly path: string;
  /** Namespace the secret lives in, and the path of its birth there without `/v1/`. */
  readonly home: { readonly namespace: string; readonly path: string };
  readonly lease?: string;
  readonly token?: string;
  readonly accessor?: string;
  readonly parent?: Entry | undefined;
  readonly answer?: StoredAnswer;
}

/** One secret. Fields that change are changed by the index and by the renewals only. */
export class Entry {
  readonly kind: EntryKind;
  readonly namespace: string;
  readonly path: string;
  readonly home: EntryFacts['home'];
  readonly lease: string;
  readonly token: string;
  accessor: string;
  readonly answer: StoredAnswer | undefined;
  /** Keys of the requests that this answers (D-7). */
  keys: string[] = [];
  /** The token that made it; its end is the end of this one (D-8). */
  parent: Entry | undefined;
  children: Set<Entry> | undefined = undefined;
  life: Lifetime | undefined = undefined;
  phase: EntryPhase = 'serving';
  /** Ends the renewal that is under way. */
  renewal: AbortController | undefined = undefined;
  renewals = 0;
  /** Deadline and place in the due queue; -1 when it is not in it. */
  dueAt = 0;
  duePlace = -1;

  constructor(facts: EntryFacts) {
    this.kind = facts.kind;
    this.namespace = facts.namespace;
    this.path = facts.path;
    this.home = facts.home;
    this.lease = facts.lease ?? '';
    this.token = facts.token ?? '';
    this.accessor = facts.accessor ?? '';
    this.parent = facts.parent;
    this.answer = facts.answer;
  }
}

/** The entry without its secrets. */
export function viewOf(entry: Entry): EntryView {
  return {
    kind: entry.kind === 'lease' ? 'lease' : 'token',
    path: entry.path,
    namespace: entry.namespace,
    storedAt: entry.answer?.storedAt ?? 0,
    expiresAt: entry.life?.expiresAt ?? 0,
    renewals: entry.renewals,
  };
}
