// One request travelling a fixed chain of stages (architecture 2.5 (6), 2.6).
import type { Duplex } from 'node:stream';
import type { Secret } from '../sdk/index.js';

/** Bytes that are still arriving. Exactly one of `collect` (with success), `pipeTo` or `cancel` consumes it. */
export interface ByteStream {
  /** All bytes, or undefined when there are more than `limit`; it can then still be piped, from its beginning, or collected with a larger limit. */
  collect(limit: number): Promise<Uint8Array | undefined>;
  /** Copies to `out` with back-pressure and ends it; on an error of the source destroys it. */
  pipeTo(out: NodeJS.WritableStream & { destroy(error?: Error): unknown }): void;
  /** Gives up: the source is told to stop. Safe at any time. */
  cancel(): void;
}

/** A body that is in memory, or one that streams. */
export type Body = Uint8Array | ByteStream;

/** What happened in the cache, for labels, logs and metrics. */
export interface Notes {
  cache?: 'hit' | 'miss' | 'bypass';
  /** Reason code of a miss or bypass (documented table). */
  why?: string;
  ageMs?: number;
}

/** One request. Stages may change the mutable fields on the way in. */
export interface Exchange {
  /** Made only when asked for. */
  readonly id: string;
  readonly method: string;
  /** Path as received: raw, not decoded, without the query (D-36). */
  readonly path: string;
  /** Query as received, without the question mark; empty when there is none. */
  readonly query: string;
  /** Header list as received: name, value, name, value ... */
  headers: string[];
  body: Body;
  /** Aborted when the client left, or when the last of several clients that wait for one answer left. Made only when asked for. */
  signal: AbortSignal;
  /** The token the request will carry; set by the identity stage. */
  token: Secret | undefined;
  /** Name of the identity whose token it is; undefined for the client's own token. */
  identity: string | undefined;
  /** Canonical namespace (`ns1/ns2/`, empty for root), from header and configuration. */
  namespace: string;
  readonly notes: Notes;
  /** Key of the cache for this request, once it is known: a digest, no secret. */
  cacheKey?: string | undefined;
  /** When it was sent to the server (wall clock, ms): lives are counted from then. Set by the stage that sends. */
  sentAt?: number | undefined;
}

/** An answer. HTTP errors of the server are replies, not exceptions; only "no reply" throws. */
export interface Reply {
  readonly status: number;
  /** Header list: name, value ... without hop-by-hop headers. Shared by all hits of an entry: copy before you change it. */
  headers: string[];
  body: Body;
}

/** Answers one request locally. */
export type Handler = (exchange: Exchange) => Reply | Promise<Reply>;

/** A local endpoint. `control` ones change something: the request-header gate covers them (D-24, D-75). */
export interface LocalRoute {
  readonly control: boolean;
  readonly handle: Handler;
}

/** One step of the pipeline. It may answer, change the exchange, or change the reply. `next` may be called once. */
export type Stage = (exchange: Exchange, next: () => Reply | Promise<Reply>) => Reply | Promise<Reply>;

/** Sends a request to the server as it is (raw target, headers without hop-by-hop ones) and answers with a streaming body. */
export type Forward = (exchange: Exchange) => Promise<Reply>;

/**
 * Takes a request to turn the connection into another protocol (WebSocket) to the server and carries bytes both ways until both sides have ended.
 * `head` is what the client has already sent after its request. Rejects, with nothing written to `socket`, when the server cannot be reached.
 */
export type Tunnel = (exchange: Exchange, socket: Duplex, head: Uint8Array) => Promise<void>;
