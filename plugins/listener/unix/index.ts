// Listener unix: HTTP on a socket file. Owns the file, its access and its end, and knows nothing of what is served.
import {
  Log,
  Settings,
  Time,
  bindSocketFile,
  checkSocketPath,
  createHttpServer,
  plugin,
  readListenerTls,
  readSocketAccess,
  type Bound,
  type Clock,
  type HttpServer,
  type Listener,
  type ListenerTlsSettings,
  type Logger,
  type Serve,
  type SocketAccessSettings,
  type TlsMaterial,
} from 'claviger/sdk';

interface UnixSettings extends ListenerTlsSettings, SocketAccessSettings {
  readonly address: string;
}

@plugin()
export default class UnixListener implements Listener {
  readonly #settings: UnixSettings;
  readonly #log: Logger;
  readonly #clock: Clock;

  constructor(@Settings settings: UnixSettings, @Log log: Logger, @Time clock: Clock) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = clock;
  }

  async bind(serve: Serve): Promise<Bound> {
    const path = this.#settings.address;
    await checkSocketPath(path);
    const access = await readSocketAccess(this.#settings, path);
    const tls = await this.#material();
    const server = createHttpServer(serve, {
      tls,
      clock: this.#clock,
      onError: (error) => this.#report(error),
      onFull: (count, limit) =>
        this.#log.warn({ count, limit }, 'connections were closed at once: there are as many as this listener takes'),
    });
    try {
      const remove = await bindSocketFile(path, access, (place) => server.listen({ path: place }));
      return this.#bound(server, remove, tls !== undefined);
    } catch (error) {
      await server.close(0);
      throw error;
    }
  }

  #bound(server: HttpServer, remove: () => Promise<void>, secure: boolean): Bound {
    const url = `unix://${this.#settings.address}`;
    const close = (graceMs: number): Promise<void> => {
      const drained = server.close(graceMs);
      return remove().then(() => drained);
    };
    return secure ? { url, close, reload: () => this.#reload(server) } : { url, close };
  }

  async #reload(server: HttpServer): Promise<void> {
    const tls = await this.#material();
    if (tls !== undefined) server.reloadTls(tls);
    this.#log.info({ address: this.#settings.address }, 'listener certificate read again');
  }

  /** A socket file without a certificate is plain HTTP: nobody else can read what passes. */
  async #material(): Promise<TlsMaterial | undefined> {
    const { tls_cert_file: cert, tls_key_file: key, address } = this.#settings;
    if (cert === undefined && key === undefined) return undefined;
    return readListenerTls(this.#settings, { address, nowMs: this.#clock.now() });
  }

  #report(error: unknown): void {
    this.#log.error({ error }, 'a request failed inside the agent');
  }
}
