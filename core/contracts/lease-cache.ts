// What the proxy, auto-auth and the control endpoints may ask of the cache.
import type { Exchange, Reply } from './exchange.js';
import type { TokenState } from './token-feed.js';

/** Criteria of `cache-clear` (spec cache section 8). Namespaces may come in any spelling. */
export type ClearRequest =
  | { readonly type: 'all' }
  | { readonly type: 'request_path'; readonly value: string; readonly namespace: string }
  | { readonly type: 'token' | 'token_accessor' | 'lease'; readonly value: string }
  /** One entry by the id that inspection shows. */
  | { readonly type: 'id'; readonly value: string };

/** A view of one entry without any secret in it. Times are wall clock ms. */
export interface EntryView {
  /** Random; no secret and no part of one. */
  readonly id: string;
  readonly kind: 'lease' | 'token' | 'static';
  readonly path: string;
  readonly namespace: string;
  readonly storedAt: number;
  readonly expiresAt: number;
  readonly renewals: number;
  /** What happens to it: `renewing`, `serving` (to its end, without renewal), `suspect` (looked up before its next use), `foreign` (another agent renews it), `stale`. */
  readonly state: 'renewing' | 'serving' | 'suspect' | 'foreign' | 'fresh' | 'stale';
  /** Why it is held: `stored-lease`, `stored-token`, `stored-static`, `restored`, `shared`. */
  readonly why: string;
  /** When it is renewed or fetched next; 0 for never. */
  readonly nextAt: number;
  /** Id of the entry whose token made it, `identity <name>` for an identity's own, empty for none. */
  readonly parent: string;
  readonly children: number;
  /** Number of request keys, for `static`: of tokens, that it answers. */
  readonly keys: number;
  readonly bytes: number;
}

/** What else is known about the token of an identity. */
export interface Origin {
  /** When it ends by now, 0 for never; default as its state says. Nothing that hangs on it is served after that (corrections). */
  readonly expiresAt?: () => number;
  /** Canonical namespace and path of its login without `/v1/`: who revokes all logins below it, or the namespace, revokes this token. */
  readonly home?: { readonly namespace: string; readonly path: string };
}

/** A buffered answer. */
export type BufferedReply = Reply & { readonly body: Uint8Array };

/** What the cache holds for a key: usable at once; to be looked up at the server before it is used again; or nothing. */
export type Held = 'fresh' | 'suspect' | undefined;

/**
 * Follows one request that changes something: from before it is sent until its outcome is known. While it is under way, and for answers that were
 * sent meanwhile, what it may touch is not stored. `ended` must be called exactly once; an undefined status is an unclear outcome.
 */
export interface Watch {
  /** True when `ended` needs the bodies of the request and of the answer: the request's must be in memory before it is sent. */
  readonly bodies: boolean;
  /** Called when the request is about to be sent, with its body in memory if asked for. */
  sent(exchange: Exchange): void;
  ended(status: number | undefined, replyBody: Uint8Array | undefined): void;
  /** Asked after `ended`: what the client's answer waits for, because others must hear of a removal first. Bounded, and never rejects. */
  settled?(): Promise<void> | undefined;
}

/** Leases and tokens remembered. Nothing in here ever fails a request (D-37). */
export interface LeaseCache {
  /** Reason code why this request can neither be answered from the cache nor its answer be stored; undefined when it may. Ignores the body. */
  bypass(exchange: Exchange): string | undefined;
  /** Key of a request that has no reason to bypass and whose body is in memory; undefined when the hasher has none for it. */
  keyOf(exchange: Exchange): string | undefined;
  held(key: string): Held;
  /**
   * The honest answer for a key, or undefined. No I/O, no promise. Its headers are shared: copy before you change them. `source` is the same object
   * for as long as it is the same stored answer, however old that has become.
   */
  recall(key: string): { readonly reply: BufferedReply; readonly ageMs: number; readonly source: object } | undefined;
  /**
   * Looks for an answer beyond the memory before the request is sent: a suspect entry is looked up at the server, an answer of another agent is
   * taken over. Undefined when there is nothing to look for. When it resolves, `recall` tells. It never rejects but with the reason of `signal`.
   */
  seek(exchange: Exchange, signal: AbortSignal): Promise<void> | undefined;
  /**
   * Whether the answer will hold a new secret. `surely`: the request is finished and its answer stored even when its client left.
   * `perhaps`: equal requests wait for one another. `never`: waiting for a twin wins nothing.
   */
  issues(exchange: Exchange): 'surely' | 'perhaps' | 'never';
  /**
   * Undefined, or how long (ms) the request must wait so that refused admissions do not turn each call into a new lease. Asking takes a place
   * unless the wait is longer than 5 s: ask once, then wait and send, or refuse.
   */
  pace(exchange: Exchange): number | undefined;
  /** A moment in the order of sendings and evictions. Take it before a request is sent and give it to `remember`. */
  readonly epoch: number;
  /** Reason code why an answer with this head cannot be stored; undefined when its body decides. */
  refusal(reply: Reply): string | undefined;
  /**
   * Classifies a buffered reply and stores it; the result is the reason code (`stored-lease`, `not-renewable`, `raced`, `full` ...). It resolves
   * later only where the client has to wait: `sync = "always"`, or a race with another agent, whose winner's answer `recall` then gives.
   */
  remember(exchange: Exchange, reply: BufferedReply, epoch: number): string | Promise<string>;
  /** The answer of a request that issued a secret reached nobody and was not stored: its lease or token is revoked in the background. */
  abandon(exchange: Exchange, reply: BufferedReply): void;
  /** A 403 "invalid token" came back for this client's own token: what hangs on that token is proven dead or alive in the background (D-21). */
  doubt(exchange: Exchange): void;
  /** The watch over a request that revokes, renews or writes where it matters; undefined for nearly all. */
  watch(exchange: Exchange): Watch | undefined;
  /** Registers the token of an identity; what hung on the identity's previous token is retired (D-6). */
  adopt(state: TokenState, origin?: Origin): void;
  /** Removes entries at once; the result is how many. Identities' tokens stay registered (D-15). */
  clear(request: ClearRequest): number;
  /** Calls `listener` with the sources (see `recall`) of answers that have just been removed or put in doubt, so that nobody keeps them. */
  onRemoved(listener: (sources: ReadonlySet<object>) => void): void;
  entries(): Iterable<EntryView>;
  /** Number of answers held; identities' tokens do not count. */
  readonly size: number;
  /** Ends all renewals without revoking or evicting. */
  stop(): void;
}
