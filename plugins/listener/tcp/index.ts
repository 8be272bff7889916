// Listener tcp: HTTP or HTTPS on a TCP port. Owns the socket and its certificate, and knows nothing of what is served.
import type { AddressInfo } from 'node:net';
import {
  Log,
  Settings,
  Time,
  createHttpServer,
  listenError,
  plugin,
  readListenerTls,
  type Bound,
  type Clock,
  type HttpServer,
  type Listener,
  type ListenerTlsSettings,
  type Logger,
  type Serve,
  type TlsMaterial,
} from 'claviger/sdk';
import { parseTcpAddress, urlHost } from './address.js';

interface TcpSettings extends ListenerTlsSettings {
  readonly address?: string;
}

@plugin()
export default class TcpListener implements Listener {
  readonly #settings: TcpSettings;
  readonly #address: string;
  readonly #log: Logger;
  readonly #clock: Clock;

  constructor(@Settings settings: TcpSettings, @Log log: Logger, @Time clock: Clock) {
    this.#settings = settings;
    this.#address = settings.address ?? '127.0.0.1:8200';
    this.#log = log;
    this.#clock = clock;
  }

  async bind(serve: Serve): Promise<Bound> {
    const where = parseTcpAddress(this.#address);
    const tls = await this.#material();
    const server = createHttpServer(serve, {
      tls,
      clock: this.#clock,
      onError: (error) => this.#report(error),
      onFull: (count, limit) =>
        this.#log.warn({ count, limit }, 'connections were closed at once: there are as many as this listener takes'),
    });
    try {
      await server.listen(where.host === undefined ? { port: where.port } : { host: where.host, port: where.port });
    } catch (error) {
      throw listenError(error, this.#address);
    }
    return this.#bound(server, tls !== undefined);
  }

  #bound(server: HttpServer, secure: boolean): Bound {
    const { address, port } = server.node.address() as AddressInfo;
    const close = (graceMs: number): Promise<void> => server.close(graceMs);
    const url = `${secure ? 'https' : 'http'}://${urlHost(address, port)}`;
    return secure ? { url, close, reload: () => this.#reload(server) } : { url, close };
  }

  async #reload(server: HttpServer): Promise<void> {
    const tls = await this.#material();
    if (tls !== undefined) server.reloadTls(tls);
    this.#log.info({ address: this.#address }, 'listener certificate read again');
  }

  #material(): Promise<TlsMaterial | undefined> {
    return readListenerTls(this.#settings, { address: this.#address, nowMs: this.#clock.now() });
  }

  #report(error: unknown): void {
    this.#log.error({ error }, 'a request failed inside the agent');
  }
}
