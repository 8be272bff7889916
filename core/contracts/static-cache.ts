// What the proxy may ask of the cache of static secrets (KV). Separate from leases: it serves by path and per-token permission, not by request key.
import type { Exchange, Reply } from './exchange.js';
import type { BufferedReply, ClearRequest, EntryView, Watch } from './lease-cache.js';

/** A static answer. `stale` ones are being fetched anew in the background already. */
export interface StaticHit {
  /** Labelled (X-Cache, Age, Date). Its headers are shared: copy before you change them. */
  readonly reply: BufferedReply;
  readonly ageMs: number;
  readonly stale: boolean;
}

/** KV answers with a time to live. Nothing in here ever fails a request (D-37). Leased answers never get in. */
export interface StaticCache {
  /** Reason code why the request is none for this cache (`not-static`, `query`, `no-token` ...); undefined for a candidate. Cheap. */
  bypass(exchange: Exchange): string | undefined;
  /** The answer for a candidate, for this very token; undefined when it must be fetched. No promise. */
  recall(exchange: Exchange): StaticHit | undefined;
  /** Key under which equal fetches are one: path, operation, version, namespace and token. */
  keyOf(exchange: Exchange): string;
  readonly epoch: number;
  /** Reason code why an answer with this head is not stored; undefined when its body decides. */
  refusal(reply: Reply): string | undefined;
  /** Stores an answer; the result is the reason code (`stored-static`, `not-kv`, `raced`, `full` ...). */
  remember(exchange: Exchange, reply: BufferedReply, epoch: number): string;
  /** After a transport error or a 5xx: the old answer while `stale_if_error` allows it, or undefined. */
  rescue(exchange: Exchange): StaticHit | undefined;
  /** A refused read (403) of this token takes its permission away; a 404 takes the answer away. */
  refused(exchange: Exchange, status: number): void;
  /** The watch over a request that writes where static secrets live, moves mounts, or revokes tokens. Bodies only as it asks for them (`Watch.bodies`). */
  watch(exchange: Exchange): Watch | undefined;
  clear(request: ClearRequest): number;
  entries(): Iterable<EntryView>;
  readonly size: number;
  /** Starts version polling, permission checks and prefetch. */
  start(): void;
  stop(): void;
}
