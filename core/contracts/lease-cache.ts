// What the proxy, auto-auth and the control endpoints may ask of the cache.
import type { Exchange, Reply } from './exchange.js';
import type { TokenState } from './token-feed.js';

/** Criteria of `cache-clear` (spec cache section 8). Namespaces may come in any spelling. */
export type ClearRequest =
  | { readonly type: 'all' }
  | { readonly type: 'request_path'; readonly value: string; readonly namespace: string }
  | { readonly type: 'token' | 'token_accessor' | 'lease'; readonly value: string };

/** A view of one entry without any secret in it. */
export interface EntryView {
  readonly kind: 'lease' | 'token';
  readonly path: string;
  readonly namespace: string;
  readonly storedAt: number;
  readonly expiresAt: number;
  readonly renewals: number;
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

/** Leases and tokens remembered. Nothing in here ever fails a request (D-37). */
export interface LeaseCache {
  /** Reason code why this request can neither be answered from the cache nor its answer be stored; undefined when it may. Ignores the body. */
  bypass(exchange: Exchange): string | undefined;
  /** Key of a request that has no reason to bypass and whose body is in memory; undefined when the hasher has none for it. */
  keyOf(exchange: Exchange): string | undefined;
  /** True when an answer for this key is held. */
  has(key: string): boolean;
  /**
   * The honest answer for a key, or undefined. No I/O, no promise. Its headers are shared: copy before you change them. `source` is the same object
   * for as long as it is the same stored answer, however old that has become.
   */
  recall(key: string): { readonly reply: BufferedReply; readonly ageMs: number; readonly source: object } | undefined;
  /**
   * Whether the answer will hold a new secret. `surely`: the request is finished and its answer stored even when its client left (D-30).
   * `perhaps`: equal requests wait for one another. `never`: waiting for a twin wins nothing.
   */
  issues(exchange: Exchange): 'surely' | 'perhaps' | 'never';
  /** Grows with everything that removes by pattern. Take it before a request is sent and give it to `remember`. */
  readonly epoch: number;
  /** Reason code why an answer with this head cannot be stored; undefined when its body decides. */
  refusal(reply: Reply): string | undefined;
  /**
   * Classifies a buffered reply and stores it; the result is the reason code (`stored-lease`, `not-renewable` ...). An answer whose request
   * was sent before the present epoch is not stored.
   */
  remember(exchange: Exchange, reply: BufferedReply, epoch: number): string;
  /** True when `observe` wants the bodies of this request and of its answer: it revokes or renews. */
  watches(exchange: Exchange): boolean;
  /** Sees each watched request that was answered: successful revocations evict, proxied renewals update. */
  observe(exchange: Exchange, status: number, replyBody: Uint8Array | undefined): void;
  /** Registers the token of an identity; what hung on the identity's previous token is retired (D-6). */
  adopt(state: TokenState, origin?: Origin): void;
  /** Removes entries at once; the result is how many. Identities' tokens stay registered (D-15). */
  clear(request: ClearRequest): number;
  /** Calls `listener` with the sources (see `recall`) of answers that have just been removed, so that nobody keeps them. */
  onRemoved(listener: (sources: ReadonlySet<object>) => void): void;
  entries(): Iterable<EntryView>;
  /** Number of answers held; identities' tokens do not count. */
  readonly size: number;
  /** Ends all renewals without revoking or evicting. */
  stop(): void;
}
