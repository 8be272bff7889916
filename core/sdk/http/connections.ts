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

/** All open connections of one server. */
export class Connections {
  readonly #repairs = new Map<Socket, VerbRepair>();
  readonly #followsUpgrade: boolean;
  readonly #handshakes = new Set<Socket>();
  #empty: (() => void) | undefined;

  constructor(followsUpgrade: boolean) {
    this.#followsUpgrade = followsUpgrade;
  }

  /** Takes a socket to which node has just attached its parser. */
  readonly add = (socket: Socket): void => {
    const repair = new VerbRepair(this.#followsUpgrade);
    this.#repairs.set(socket, repair);
    socket.once('close', () => this.#forget(socket));
    const [feed, ...others] = socket.listeners('data') as DataListener[];
    if (feed === undefined || others.length > 0) return;
    socket.removeListener('data', feed);
    socket.on('data', (bytes: Buffer) => {
      const repaired = repair.repair(bytes);
      if (repaired.length > 0) feed(repaired);
    });
  };

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

  /** Gives a request its real verb back. */
  nameVerb(request: IncomingMessage): void {
    if (!mayStandIn(request.method)) return;
    const verb = this.#repairs.get(request.socket)?.nextVerb();
    if (verb !== undefined) request.method = verb;
  }

  /** Node's parser is done with this socket: nothing of ours may read from it any more. */
  release(socket: Socket): void {
    this.#repairs.get(socket)?.stop();
    socket.removeAllListeners('data');
  }

  /** Drops what a refused client still sends. */
  mute(socket: Socket): void {
    this.release(socket);
    socket.resume();
  }

  /** True when the socket neither answers nor receives anything. */
  isIdle(socket: Socket): boolean {
    return responseOf(socket) === undefined && (this.#repairs.get(socket)?.idle ?? true);
  }

  /** From now on idle connections end at once, others after their current answer. */
  drain(): void {
    for (const socket of this.#repairs.keys()) this.#drainOne(socket);
    for (const socket of this.#handshakes) socket.destroy();
  }

  /** Ends everything at once. */
  cut(): void {
    for (const socket of [...this.#repairs.keys(), ...this.#handshakes]) socket.destroy();
  }

  /** Resolves when no connection is left. */
  gone(): Promise<void> {
    if (this.#repairs.size === 0) return Promise.resolve();
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
      if (this.isIdle(socket)) socket.destroySoon();
      return;
    }
    if (!response.headersSent) response.shouldKeepAlive = false;
    response.once('close', () => this.#drainOne(socket));
  }

  #forget(socket: Socket): void {
    this.#repairs.delete(socket);
    if (this.#repairs.size === 0) this.#empty?.();
  }
}
