// Contract of a listener: a place where requests arrive. It owns socket, TLS and permissions, and nothing about Vault.
import type { Serve } from '../http-server.js';
import type { Component } from '../host.js';

/** A bound listener. */
export interface Bound {
  /** Where clients reach it: `http://127.0.0.1:8100`, `https://...`, `unix:///run/agent.sock`. */
  readonly url: string;
  /** Reads certificates again; on failure the old ones stay and the error is thrown (LISTEN_TLS). */
  reload?(): Promise<void>;
  /** Stops accepting, waits for requests in flight up to `graceMs`, then cuts. Safe twice. */
  close(graceMs: number): Promise<void>;
}

/**
 * A listener. `bind` throws LISTEN_ADDRESS_IN_USE, LISTEN_PERMISSION, LISTEN_ADDRESS or LISTEN_TLS. `serve` is opaque: hand it to
 * `createHttpServer(serve, options)`.
 */
export interface Listener extends Component {
  bind(serve: Serve): Promise<Bound>;
}
