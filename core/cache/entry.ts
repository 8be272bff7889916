// One secret that the cache holds: a lease, a token, or the token of an identity. Plain data without closures, because there may be many.
import { randomBytes } from 'node:crypto';
import type { EntryView } from '../contracts/lease-cache.js';
import type { Lifetime } from '../vault/lifetime.js';
import type { StoredAnswer } from './age.js';

/** What the entry is about. `identity` entries have no answer; they only make their token a managed one. */
export type EntryKind = 'lease' | 'token' | 'identity';

/** How the life of an entry goes on: renewed, only served until its end, or renewed by another agent. */
export type EntryPhase = 'renewing' | 'serving' | 'foreign' | 'gone';

/** A GET as it came, so that it can be asked again in the background. Path and namespace are the entry's. */
export interface KeptRequest {
  readonly query: string;
  readonly headers: readonly string[];
  readonly identity: string | undefined;
}

/** What a new entry is made of. Token texts and lease ids are secrets. */
export interface EntryFacts {
  readonly kind: EntryKind;
  /** Only for one that existed before: restored, or another agent's. */
  readonly id?: string;
  readonly why?: string;
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
  readonly request?: KeptRequest | undefined;
  /** Token whose share of the room it takes; empty for none. */
  readonly payer?: string;
}

/** Entry without its answer, in bytes, roughly: object, maps, ids. */
const OVERHEAD_BYTES = 700;
const NO_KEYS: readonly string[] = [];
const STORED = { lease: 'stored-lease', token: 'stored-token', identity: 'stored-identity' };

/** One secret. Fields that change are changed by the holdings, the renewals and the lookups only. What few entries need takes no memory in the others. */
export class Entry {
  #id: string | undefined;
  readonly kind: EntryKind;
  /** `stored-lease`, `stored-token`, `restored`, `shared`. */
  readonly why: string;
  readonly namespace: string;
  readonly path: string;
  /** Only where it is not what namespace and path say: there may be very many entries. */
  readonly #home: EntryFacts['home'] | undefined;
  readonly lease: string;
  readonly token: string;
  accessor: string;
  readonly answer: StoredAnswer | undefined;
  readonly request: KeptRequest | undefined;
  readonly payer: string;
  /** What it counts for in the room. */
  readonly bytes: number;
  /** One key stands as it is: nearly all entries have one. */
  #keys: string | readonly string[] = NO_KEYS;
  /** The token that made it; its end is the end of this one (D-8). */
  parent: Entry | undefined;
  children: Set<Entry> | undefined = undefined;
  life: Lifetime | undefined = undefined;
  phase: EntryPhase = 'serving';
  /** From this moment on (wall clock ms) it is looked up at the server before it is used again; Infinity for never. */
  checkAt = Infinity;
  /** When an answer of the server last proved it (wall clock ms). */
  confirmedAt = 0;
  /** The doubt came from a jump, a restart or another agent: only a proof of this very secret ends it. */
  proofNeeded = false;
  /** When that doubt arose (wall clock ms): what was asked before it proves nothing. */
  doubtedAt = 0;
  #staleAt: number | undefined = undefined;
  /** Last hit, wall clock ms. */
  hitAt = 0;
  /** Nothing is given out in this last part of the life. */
  marginMs = 0;
  /** It has been asked for anew in the background. */
  refetched = false;
  /** Ends the renewal that is under way. */
  renewal: AbortController | undefined = undefined;
  renewals = 0;
  /** Deadline and place in the due queue; -1 when it is not in it. */
  dueAt = 0;
  duePlace = -1;

  constructor(facts: EntryFacts) {
    this.#id = facts.id;
    this.kind = facts.kind;
    this.why = facts.why ?? STORED[facts.kind];
    this.namespace = facts.namespace;
    this.path = facts.path;
    this.#home = isOwnHome(facts) ? undefined : facts.home;
    this.lease = facts.lease ?? '';
    this.token = facts.token ?? '';
    this.accessor = facts.accessor ?? '';
    this.parent = facts.parent;
    this.answer = facts.answer;
    this.request = facts.request;
    this.payer = facts.payer ?? '';
    this.bytes = OVERHEAD_BYTES + facts.path.length + (facts.answer?.body.length ?? 0);
  }

  /** Random, hex, so that it is never taken for an option of the command line; no secret. Made when it is first asked for. */
  get id(): string {
    return (this.#id ??= randomBytes(12).toString('hex'));
  }

  /** Keys of the requests that this answers (D-7). */
  get keys(): readonly string[] {
    return typeof this.#keys === 'string' ? [this.#keys] : this.#keys;
  }

  set keys(keys: readonly string[]) {
    this.#keys = keys.length === 1 ? keys[0]! : keys;
  }

  /** From this moment on it is not given out any more, though it lives (path policy, login_max_age); Infinity for never. */
  get staleAt(): number {
    return this.#staleAt ?? Infinity;
  }

  set staleAt(at: number) {
    this.#staleAt = at === Infinity ? undefined : at;
  }

  /** Namespace the secret lives in, and the path of its birth there without `/v1/`. */
  get home(): EntryFacts['home'] {
    return this.#home ?? { namespace: this.namespace, path: this.path.slice(4) };
  }
}

function isOwnHome({ namespace, path, home }: EntryFacts): boolean {
  return (
    home.namespace === namespace &&
    path.length === home.path.length + 4 &&
    path.startsWith('/v1/') &&
    path.endsWith(home.path)
  );
}

/** The entry without its secrets. `identityOf` names the identity whose token an entry is. */
export function viewOf(entry: Entry, now: number, identityOf: (entry: Entry) => string): EntryView {
  const { parent } = entry;
  return {
    id: entry.id,
    kind: entry.kind === 'lease' ? 'lease' : 'token',
    path: entry.path,
    namespace: entry.namespace,
    storedAt: entry.answer?.storedAt ?? 0,
    expiresAt: entry.life?.expiresAt ?? 0,
    renewals: entry.renewals,
    state: stateOf(entry, now),
    why: entry.why,
    nextAt: entry.duePlace >= 0 && entry.phase === 'renewing' ? entry.dueAt : 0,
    parent: parent === undefined ? '' : parent.kind === 'identity' ? `identity ${identityOf(parent)}` : parent.id,
    children: entry.children?.size ?? 0,
    keys: entry.keys.length,
    bytes: entry.bytes,
  };
}

function stateOf(entry: Entry, now: number): EntryView['state'] {
  if (entry.checkAt <= now) return 'suspect';
  if (entry.staleAt <= now) return 'stale';
  if (entry.phase === 'foreign') return 'foreign';
  return entry.phase === 'renewing' ? 'renewing' : 'serving';
}
