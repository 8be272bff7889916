// Carries a connection that a client and the server turn into another protocol (WebSocket), byte by byte with back-pressure and half-close (D-35).
// An answer other than 101 is relayed as it is. It must not know what travels.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Exchange, Tunnel } from '../contracts/exchange.js';
import type { Clock } from '../sdk/index.js';
import { Attempt } from './attempt.js';
import { headerOf, replyHeaders, requestHeaders } from './headers.js';
import type { InFlight } from './in-flight.js';
import type { Outgoing } from './transport.js';
import type { Upstream, Upstreams } from './upstreams.js';

const MOST_EARLY_BYTES = 64 * 1024;

/** What tunnels need. */
export interface TunnelParts {
  readonly upstreams: Upstreams;
  readonly inFlight: InFlight;
  readonly clock: Clock;
  readonly userAgent: string;
  /** Bound of the handshake; what follows is unbounded. */
  readonly timeoutMs: number;
  readonly tunnels: Tunnels;
}

/** Open tunnels of one client. */
export class Tunnels {
  readonly #open = new Set<readonly [Duplex, Duplex]>();

  get size(): number {
    return this.#open.size;
  }

  /** Joins two connections until both have closed. */
  async join(client: Duplex, server: Duplex): Promise<void> {
    const pair = [client, server] as const;
    this.#open.add(pair);
    await Promise.all([flow(client, server), flow(server, client)]);
    this.#open.delete(pair);
  }

  /** Ends all at once. */
  cut(): void {
    for (const pair of this.#open) for (const side of pair) side.destroy();
  }
}

// One direction. The end of `from` ends `to`, a break of `from` breaks `to`. Resolves when `from` has closed.
function flow(from: Duplex, to: Duplex): Promise<void> {
  ready(from);
  from.pipe(to);
  return new Promise((resolve) => {
    const closed = (): void => {
      if (!from.readableEnded || !from.writableFinished) to.destroy();
      resolve();
    };
    if (from.destroyed) closed();
    else from.once('close', closed);
  });
}

function ready(side: Duplex): void {
  const socket = side as Partial<Socket> & Duplex;
  side.on('error', () => undefined);
  side.allowHalfOpen = true;
  socket.setTimeout?.(0);
  socket.setNoDelay?.(true);
  socket.setKeepAlive?.(true, 60_000);
}

/**
 * Makes the tunnel. It throws UPSTREAM_UNREACHABLE, UPSTREAM_TLS, UPSTREAM_TIMEOUT (no answer to the handshake within the bound), UPSTREAM_CANCELLED or
 * REQUEST_NOT_SENDABLE before anything was written to the client.
 */
export function createTunnel(parts: TunnelParts): Tunnel {
  return async (exchange, socket, head) => {
    const early = gathered(socket, head);
    const attempt = await shaken(parts, outgoing(exchange, parts), exchange).finally(() => early.stop());
    if (attempt.upgraded === undefined) return relay(attempt, socket);
    if (socket.destroyed) return void attempt.upgraded.destroy();
    socket.write(headOf(attempt.status, textsOf(attempt.rawHeaders)));
    for (const bytes of early.bytes) attempt.upgraded.write(bytes);
    await parts.tunnels.join(socket, attempt.upgraded);
  };
}

// Only who reads notices that the other side has left, so the client is read during the handshake; a little of what it sends is kept.
function gathered(socket: Duplex, head: Uint8Array): { readonly bytes: Uint8Array[]; stop(): void } {
  const bytes: Uint8Array[] = head.byteLength > 0 ? [head] : [];
  let length = 0;
  const take = (chunk: Buffer): void => {
    bytes.push(chunk);
    length += chunk.byteLength;
    if (length > MOST_EARLY_BYTES) socket.pause();
  };
  const left = (): void => void socket.destroy();
  socket.on('data', take).once('end', left);
  return { bytes, stop: () => void socket.off('data', take).off('end', left).pause() };
}

function outgoing(exchange: Exchange, { userAgent }: TunnelParts): Outgoing {
  const { path, query, headers, token, namespace } = exchange;
  return {
    method: exchange.method,
    path: query === '' ? path : `${path}?${query}`,
    headers: requestHeaders(headers, { token: token?.reveal(), namespace, userAgent, keepLength: false }),
    body: null,
    upgrade: headerOf(headers, 'upgrade') ?? 'websocket',
  };
}

// An address that refuses the connection was sent nothing: each other one is tried.
async function shaken(parts: TunnelParts, request: Outgoing, exchange: Exchange): Promise<Attempt> {
  const { upstreams, clock, timeoutMs } = parts;
  const bound = { deadline: clock.now() + timeoutMs, timeoutMs, source: exchange };
  const tried = new Set<Upstream>();
  let host: Upstream | undefined = upstreams.current;
  for (;;) {
    const attempt: Attempt = new Attempt(host.transport.address, (ended) => parts.inFlight.remove(ended));
    parts.inFlight.add({ ...bound, attempt, source: exchange });
    host.transport.dispatch({ ...request, path: host.transport.basePath + request.path }, attempt);
    const failure = await attempt.head;
    upstreams.report(host, failure ? { failure } : attempt);
    if (failure === undefined) return attempt;
    const refused = !attempt.sent && (failure.kind === 'unsent' || failure.kind === 'tls');
    host = refused ? await upstreams.other(tried.add(host)) : undefined;
    if (host === undefined) throw failure.error;
  }
}

function relay(attempt: Attempt, socket: Duplex): Promise<void> {
  const headers = replyHeaders(attempt.rawHeaders);
  socket.on('error', () => undefined);
  socket.write(headOf(attempt.status, [...headers, 'Connection', 'close']));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  attempt.pipeTo(socket);
  socket.once('finish', () => socket.destroy());
  return closed;
}

const textsOf = (raw: readonly Buffer[]): string[] => raw.map((bytes) => bytes.toString('latin1'));

function headOf(status: number, headers: readonly string[]): Buffer {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}
