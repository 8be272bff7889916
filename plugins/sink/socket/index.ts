// Sink socket: every client that connects to a unix socket gets the current token and then the end of the stream; it waits while there is none.
// Works as the source of systemd's LoadCredential=. Who may connect is a matter of the file's owner and mode.
import { createServer, type Server, type Socket } from 'node:net';
import {
  Log,
  Settings,
  Time,
  agentError,
  bindSocketFile,
  checkSocketPath,
  deliveryJson,
  describeError,
  failureText,
  plugin,
  readSocketAccess,
  type Clock,
  type Delivery,
  type Logger,
  type Sink,
} from 'claviger/sdk';

interface SocketSettings {
  readonly path: string;
  readonly mode?: number;
  readonly owner?: string | number;
  readonly group?: string | number;
  readonly format?: 'raw' | 'json';
  readonly max_waiting?: number;
}

const DEFAULT_MODE = 0o600;
const MOST_WAITING = 1_000;
/** A client that has the token must take it within this time. */
const TAKE_MS = 5_000;

@plugin()
export default class SocketSink implements Sink {
  readonly #settings: SocketSettings;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #waiting = new Set<Socket>();
  readonly #clients = new Set<Socket>();
  #server: Server | undefined;
  #remove: (() => Promise<void>) | undefined;
  #current: Delivery | undefined;

  constructor(@Settings settings: SocketSettings, @Log log: Logger, @Time clock: Clock) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    const { path, mode = DEFAULT_MODE, owner, group } = this.#settings;
    // systemd ends its side at once and still waits for ours
    const options = { pauseOnConnect: true, allowHalfOpen: true };
    const server = createServer(options, (client) => this.#joined(client));
    server.on('error', (error) => this.#log.warn({ path, why: failureText(error) }, 'a client could not connect'));
    try {
      await checkSocketPath(path);
      const access = await readSocketAccess({ socket_mode: mode, ...owned(owner, group) }, path);
      this.#remove = await bindSocketFile(path, access, (place) => listening(server, place));
    } catch (error) {
      server.close();
      throw agentError('SINK_NOT_WRITABLE', { path, why: describeError(error) }, { at: path, cause: error });
    }
    this.#server = server;
    this.#log.info({ path, mode: mode.toString(8).padStart(4, '0') }, 'socket sink listening');
  }

  async write(delivery: Delivery, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#current = delivery;
    for (const client of this.#waiting) this.#give(client, delivery);
    this.#waiting.clear();
    this.#log.info({ path: this.#settings.path }, 'token handed to the socket');
  }

  async withdraw(): Promise<void> {
    this.#current = undefined;
  }

  async stop(): Promise<void> {
    const [server, remove] = [this.#server, this.#remove];
    this.#server = undefined;
    this.#remove = undefined;
    this.#current = undefined;
    try {
      await remove?.();
    } finally {
      const closed = server && new Promise((resolve) => server.close(resolve));
      for (const client of this.#clients) client.destroy();
      await closed;
    }
  }

  #joined(client: Socket): void {
    this.#clients.add(client);
    client.on('error', () => client.destroy());
    client.once('close', () => {
      this.#clients.delete(client);
      this.#waiting.delete(client);
    });
    if (this.#current !== undefined) return this.#give(client, this.#current);
    if (!this.#hasRoom()) return void client.destroy();
    // reading is the only way to notice that a client says no more, or has left
    client.resume();
    this.#waiting.add(client);
  }

  // A client that only listens looks like one that has left, so those that say no more make room first, the oldest before others.
  #hasRoom(): boolean {
    if (this.#waiting.size < (this.#settings.max_waiting ?? MOST_WAITING)) return true;
    const silent = [...this.#waiting].find(({ readableEnded }) => readableEnded);
    if (silent === undefined) return false;
    this.#waiting.delete(silent);
    silent.destroy();
    return true;
  }

  #give(client: Socket, delivery: Delivery): void {
    const cancel = this.#clock.after(TAKE_MS, () => client.destroy());
    client.once('close', cancel);
    client.resume();
    client.end(this.#settings.format === 'json' ? deliveryJson(delivery) : delivery.payload.reveal(), 'utf8');
  }
}

const owned = (user?: string | number, group?: string | number): object => ({
  ...(user !== undefined && { socket_user: user }),
  ...(group !== undefined && { socket_group: group }),
});

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
