// The socket of a dev server: binding, its address, and ways to be unreachable. It knows nothing of what is served.
import { Server as NetServer } from 'node:net';
import type { Socket } from 'node:net';
import { agentError, createHttpServer, listenError } from '../sdk/index.js';
import type { HttpServer, Serve, TlsMaterial } from '../sdk/index.js';

/** Where a server listens. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** One listening socket. */
export class Door {
  readonly #http: HttpServer;
  readonly #scheme: string;
  #cutting = false;

  constructor(serve: Serve, tls: TlsMaterial | undefined) {
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#http = createHttpServer(serve, { tls, limits: { bodyIdleTimeoutMs: 0 } });
    this.#http.node.prependListener('connection', (socket: Socket) => {
      if (this.#cutting) socket.destroy();
    });
  }

  /** Binds; port 0 chooses one. Rejects with LISTEN_ADDRESS_IN_USE, LISTEN_PERMISSION or LISTEN_ADDRESS. */
  async listen(host: string, port: number): Promise<void> {
    try {
      await this.#http.listen({ host, port });
    } catch (error) {
      throw listenError(error, `${host}:${String(port)}`);
    }
  }

  /** Throws LISTEN_ADDRESS while nothing is bound. */
  get address(): BoundAddress {
    const bound = this.#http.node.address();
    if (typeof bound !== 'object' || bound === null) {
      throw agentError('LISTEN_ADDRESS', { address: 'the dev server', why: 'it is not listening' });
    }
    const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
    return { host: bound.address, port: bound.port, url: `${this.#scheme}://${name}:${String(bound.port)}` };
  }

  /** True while every connection is cut. */
  get cutting(): boolean {
    return this.#cutting;
  }

  /** Cuts all connections and each new one at once (resets), until the result is called. */
  cut(): () => void {
    this.#cutting = true;
    this.#http.node.closeAllConnections();
    return () => {
      this.#cutting = false;
    };
  }

  /** Gives the port up (connections are refused) until the result is called, which binds the same port again. */
  async refuse(): Promise<() => Promise<void>> {
    const { host, port } = this.address;
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(this.#http.node, () => resolve());
    });
    this.#http.node.closeAllConnections();
    await closed;
    return () => this.listen(host, port);
  }

  /** Cuts everything. Safe twice and unbound. */
  close(): Promise<void> {
    return this.#http.close(0);
  }
}
