// The limits of the HTTP server, all explicit. Node's own defaults (5 s keep-alive, 16 KiB of headers) reset pooled clients and refuse big tokens.

/** Bounds of one server; times in milliseconds, 0 means none. */
export interface HttpLimits {
  /** From the start of a request to the end of its head (reference rule L-4: 10 s). */
  readonly headersTimeoutMs: number;
  /** A request body, or an answer that its client does not take, is given up after so long without progress; what moves is never cut (D-35). */
  readonly bodyIdleTimeoutMs: number;
  /** How long a connection may wait for its next request (L-4: 5 min). */
  readonly keepAliveTimeoutMs: number;
  /** Largest request head in bytes. */
  readonly maxHeaderBytes: number;
  /** Connections at once; more are closed as soon as they are accepted. 0 means no limit. */
  readonly maxConnections: number;
  /** TLS handshake. */
  readonly handshakeTimeoutMs: number;
}

/** What a server uses unless told otherwise. */
export const DEFAULT_LIMITS: HttpLimits = {
  headersTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 60_000,
  keepAliveTimeoutMs: 300_000,
  maxHeaderBytes: 64 * 1024,
  maxConnections: 10_000,
  handshakeTimeoutMs: 10_000,
};
