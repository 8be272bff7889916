// A wire between agent and server that tests can cut: all connections at once, after so many bytes of an answer, or by giving up the port. It
// knows nothing of HTTP.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A wire to `target` (`http://host:port`). */
export class Tap {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #closed = 0;
  #cut: { after: number; readonly then: () => void } | undefined;

  constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#target = { host: hostname, port: Number(port) };
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  /** How many connections clients have closed so far. */
  get closed(): number {
    return this.#closed;
  }

  /** Opens the wire, always on the port it had first. */
  open(): Promise<void> {
    const server = createServer((client) => this.#join(client));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', () => {
        this.#port = (server.address() as { port: number }).port;
        resolve();
      });
    });
  }

  /** The next `bytes` bytes from the server still pass, then the server is "killed": every connection is cut and the port is closed. */
  dieAfter(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cut = { after: bytes, then: () => void this.close().then(resolve) };
    });
  }

  /** Cuts everything and gives up the port. */
  close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    for (const socket of this.#sockets) socket.destroy();
    return closed;
  }

  #join(client: Socket): void {
    const server = connect(this.#target);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('close', () => {
      this.#closed += 1;
      server.destroy();
    });
    client.pipe(server);
    server.on('data', (bytes: Buffer) => this.#pass(client, bytes));
    server.on('close', () => client.destroy());
  }

  #pass(client: Socket, bytes: Buffer): void {
    const cut = this.#cut;
    if (cut === undefined) return void client.write(bytes);
    const some = bytes.subarray(0, cut.after);
    cut.after -= some.length;
    if (cut.after > 0) return void client.write(some);
    this.#cut = undefined;
    client.write(some, () => cut.then());
  }
}
