// The sockets of one server: the verb repair in front of node's parser, who is idle, and cutting them. Knows node's internals in one place:
// the parser's only `data` listener is called by us with repaired bytes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { VerbRepair } from './verb-repair.js';
import { mayStandIn } from './verbs.js';

type DataListener = (bytes: Buffer) => void;

/** Response that node is working on for a socket; its field is as old as node:http and read by many servers. */
interface WithMessage {
  readonly _httpMessage?: ServerResponse | null;
}

/** The response in flight on a socket. */
export function responseOf(socket: Socket): ServerResponse | undefined {
  return (socket as Socket & WithMessage)._httpMessage ?? undefined;
}

/** How connections are read. */
export interface ConnectionsOptions {
  readonly followsUpgrade: boolean;
  /** See `Serve.front`; it knows the lines of the connection. */
  readonly front?: ((bytes: Buffer) => string | undefined) | undefined;
}

/** What is known of one connection. */
interface Line {
  readonly repair: VerbRepair;
  /** The last bytes that node got held a request: its parser is not in the midst of something, and its time-out for a head does not run. */
  served: boolean;
  /** The bytes that node's parser is reading now, when they are one body-less request and nothing else. */
  alone: Buffer | undefined;
  /** The connection speaks another protocol and never ends by itself. */
  upgraded: boolean;
}

/** True when node neither answers a request of this socket nor waits for the client to read, and has not ended the connection. */
const isQuiet = (socket: Socket): boolean =>
  responseOf(socket) === undefined && socket.writableLength === 0 && socket.writable;

/** All open connections of one server. */
export class Connections {
  readonly #lines = new Map<Socket, Line>();
  readonly #options: ConnectionsOptions;
  readonly #handshakes = new Set<Socket>();
  #empty: (() => void) | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Takes a socket to which node has just attached its parser. */
  readonly add = (socket: Socket): void => {
    const repair = new VerbRepair(this.#options.followsUpgrade);
    const line: Line = { repair, served: false, alone: undefined, upgraded: false };
    this.#lines.set(socket, line);
    socket.once('close', () => this.#forget(socket));
    const [feed, ...others] = socket.listeners('data') as DataListener[];
    if (feed === undefined || others.length > 0) return;
    socket.removeListener('data', feed);
    socket.on('data', this.#reader(socket, line, feed));
  };

  #reader(socket: Socket, line: Line, feed: DataListener): DataListener {
    const { repair } = line;
    const { front } = this.#options;
    return (bytes) => {
      const fresh = repair.idle;
      if (fresh && line.served && front !== undefined && isQuiet(socket)) {
        const answer = front(bytes);
        if (answer !== undefined) return void socket.write(answer, 'latin1');
      }
      const repaired = repair.repair(bytes);
      if (repaired.length === 0) return;
      line.alone = fresh && front !== undefined && repair.idle && repair.wasAlone ? bytes : undefined;
      line.served = false;
      feed(repaired);
      line.alone = undefined;
    };
  }

  /** Takes a TCP socket whose TLS handshake begins. */
  readonly addHandshake = (socket: Socket): void => {
    this.#handshakes.add(socket);
    socket.once('close', () => this.#handshakes.delete(socket));
  };

  /** Takes the TLS socket that came out of a handshake. */
  readonly addSecure = (socket: Socket & { readonly _parent?: Socket }): void => {
    if (socket._parent !== undefined) this.#handshakes.delete(socket._parent);
    this.add(socket);
  };

  /** Notes that node has a request of this socket; the bytes of it when it came alone. */
  served(socket: Socket): Buffer | undefined {
    const line = this.#lines.get(socket);
    if (line === undefined) return undefined;
    line.served = true;
    return line.alone;
  }

  /** Gives a request its real verb back. */
  nameVerb(request: IncomingMessage): void {
    if (!mayStandIn(request.method)) return;
    const verb = this.#lines.get(request.socket)?.repair.nextVerb();
    if (verb !== undefined) request.method = verb;
  }

  /** Node's parser is done with this socket: nothing of ours may read from it any more. */
  release(socket: Socket): void {
    this.#lines.get(socket)?.repair.stop();
    socket.removeAllListeners('data');
  }

  /** Hands a socket over to another protocol: none of our limits holds for it, but it is cut with the others. */
  upgrade(socket: Socket): void {
    const line = this.#lines.get(socket);
    if (line !== undefined) line.upgraded = true;
    this.release(socket);
    socket.setTimeout(0);
  }

  /** Drops what a refused client still sends. */
  mute(socket: Socket): void {
    this.release(socket);
    socket.resume();
  }

  /** True when the socket neither answers nor receives anything. */
  isIdle(socket: Socket): boolean {
    return responseOf(socket) === undefined && (this.#lines.get(socket)?.repair.idle ?? true);
  }

  /**
   * From now on idle connections and those of another protocol end, others after their current answer. A request that has already arrived but was not read yet is still answered:
   * idle is who is silent after the turn in which everything waiting was read.
   */
  drain(): void {
    for (const socket of this.#lines.keys()) if (responseOf(socket) !== undefined) this.#drainOne(socket);
    for (const socket of this.#handshakes) socket.destroy();
    setImmediate(() => setImmediate(() => this.#drainAll()));
  }

  #drainAll(): void {
    for (const socket of this.#lines.keys()) if (responseOf(socket) === undefined) this.#drainOne(socket);
  }

  /** Ends everything at once. */
  cut(): void {
    for (const socket of [...this.#lines.keys(), ...this.#handshakes]) socket.destroy();
  }

  /** Resolves when no connection is left. */
  gone(): Promise<void> {
    if (this.#lines.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.#empty;
      this.#empty = () => {
        before?.();
        resolve();
      };
    });
  }

  #drainOne(socket: Socket): void {
    const response = responseOf(socket);
    if (response === undefined) {
      if (this.isIdle(socket) || this.#lines.get(socket)?.upgraded === true) socket.destroySoon();
      return;
    }
    if (!response.headersSent) response.shouldKeepAlive = false;
    response.once('close', () => this.#drainOne(socket));
  }

  #forget(socket: Socket): void {
    this.#lines.delete(socket);
    if (this.#lines.size === 0) this.#empty?.();
  }
}
