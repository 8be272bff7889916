// What the proxy, auto-auth and the control endpoints may ask of the cache.
import type { Exchange, Reply } from './exchange.js';
import type { TokenState } from './token-feed.js';

/** Criteria of `cache-clear` (spec cache section 8). */
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

/** Leases and tokens remembered. Nothing in here ever fails a request (D-37). */
export interface LeaseCache {
  /** Key of a request that may be answered from or stored in the cache; undefined with a reason when it never can. */
  keyOf(exchange: Exchange): { readonly key: string } | { readonly bypass: string };
  /** The honest answer for a key, or undefined. No I/O, no promise. */
  recall(key: string): { readonly reply: Reply; readonly ageMs: number } | undefined;
  /** Classifies a buffered reply and stores it; the result is the reason code (`stored-lease`, `not-renewable` ...). */
  remember(key: string, exchange: Exchange, reply: Reply & { readonly body: Uint8Array }): string;
  /** Sees each answered request: successful revocations evict, proxied renewals update. */
  observe(exchange: Exchange, body: Uint8Array, status: number, replyBody: Uint8Array | undefined): void;
  /** Registers the token of an identity; what hung on the identity's previous token is retired (D-6). */
  adopt(state: TokenState): void;
  /** Removes entries at once; the result is how many. */
  clear(request: ClearRequest): number;
  entries(): Iterable<EntryView>;
  readonly size: number;
  /** Ends all renewals without revoking or evicting. */
  stop(): void;
}
