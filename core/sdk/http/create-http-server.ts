// createHttpServer: the one HTTP/1.1 server behind every listener. LIST and SCAN work, limits are explicit, faults are answered in Vault's
// error shape, closing drains. It knows nothing about Vault's API, about addresses or files. Room for HTTP/2 is the ALPN list.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Server as NetServer, type ListenOptions, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type TlsOptions } from 'node:tls';
import type { Clock } from '../host.js';
import { Connections, responseOf } from './connections.js';
import { limitConnections } from './full.js';
import { DEFAULT_LIMITS, type HttpLimits } from './limits.js';
import { errorBody, rawRefusal, refusalOf, type Refusal } from './refusal.js';
import { SelectiveRequest } from './web-socket.js';

/** What a listener serves. Opaque to listener plugins: they hand it on to `createHttpServer`. */
export interface Serve {
  /**
   * One request. `method` is the real verb, also for LIST and SCAN. `alone` is there when the request came without a body, in one piece and with
   * nothing else: its exact bytes.
   */
  request(request: IncomingMessage, response: ServerResponse, alone?: Buffer): void;
  /**
   * The fast front: a complete HTTP/1.1 answer (latin1) for exactly these bytes, or undefined to send them the usual way. `lines` are the header
   * lines about the connection that belong into it (`Connection: ...`, each with its line end). It is asked only while nothing else is under way on a
   * connection that has already had an answer.
   */
  readonly front?: ((bytes: Buffer, lines: string) => string | undefined) | undefined;
  /**
   * A request that wants a WebSocket; without it such requests are answered as usual, as are all that offer another protocol (`h2c`, D-32). The
   * connection is the callee's, without any limit of the server, but closing the server ends it.
   */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Certificate, key and rules of a TLS server, as node:tls takes them. */
export type TlsMaterial = Pick<
  TlsOptions,
  'cert' | 'key' | 'ca' | 'minVersion' | 'maxVersion' | 'ciphers' | 'ecdhCurve' | 'requestCert' | 'rejectUnauthorized'
>;

/** Options of `createHttpServer`. */
export interface HttpServerOptions {
  /** With it the server speaks TLS only. */
  readonly tls?: TlsMaterial | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
  /** Measures the grace of `close`; default is real time. */
  readonly clock?: Clock | undefined;
  /** Hears what `serve.request` throws; the client gets a 500. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Hears at most once a minute that connections were closed because there are `maxConnections`; `count` since the last time. */
  readonly onFull?: ((count: number, limit: number) => void) | undefined;
}

/** A server that is not bound yet, then bound, then closed. */
export interface HttpServer {
  /** Node's server, for `address()` and events. Close it with `close` of this object. */
  readonly node: Server;
  /** Binds. Rejects with node's error (EADDRINUSE, EACCES ...). */
  readonly listen: (where: ListenOptions) => Promise<void>;
  /** Serves new connections with this certificate and these rules; throws and keeps the old ones when node refuses them. */
  readonly reloadTls: (tls: TlsMaterial) => void;
  /** Stops accepting, ends idle connections at once, others after their answer, and cuts what is left after `graceMs`. Safe twice and unbound. */
  readonly close: (graceMs: number) => Promise<void>;
}

const TCP_KEEP_ALIVE_MS = 180_000;
const LINGER_MS = 1000;

/** Makes the server. Throws what node throws when the TLS material is unusable. */
export function createHttpServer(serve: Serve, options: HttpServerOptions = {}): HttpServer {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const lines = keepAliveLines(limits);
  let closing: Promise<void> | undefined;
  const connections = new Connections({
    followsUpgrade: serve.upgrade !== undefined,
    front: serve.front && ((bytes) => (closing === undefined ? serve.front!(bytes, lines) : undefined)),
  });
  const node = makeNodeServer(limits, options.tls, serve.upgrade !== undefined);
  limitConnections(node, limits.maxConnections, options);
  node.on('connection', options.tls ? connections.addHandshake : connections.add);
  if (options.tls) node.on('secureConnection', connections.addSecure);
  node.on('request', (request: IncomingMessage, response: ServerResponse) => {
    connections.nameVerb(request);
    if (closing !== undefined) response.shouldKeepAlive = false;
    answer(serve, request, response, { alone: connections.served(request.socket), onError: options.onError });
  });
  handleFaults(node, connections, limits);
  if (serve.upgrade !== undefined) handleUpgrades(node, connections, () => (closing === undefined ? serve : undefined));
  return {
    node,
    listen: (where) => listen(node, where),
    reloadTls: (tls) => reloadTls(node, tls),
    close: (graceMs) => (closing ??= close(node, connections, (signal) => wait(graceMs, options.clock, signal))),
  };
}

/** What node says about a connection that stays open. */
function keepAliveLines({ keepAliveTimeoutMs }: HttpLimits): string {
  const hint = keepAliveTimeoutMs > 0 ? `Keep-Alive: timeout=${Math.floor(keepAliveTimeoutMs / 1000)}\r\n` : '';
  return `Connection: keep-alive\r\n${hint}`;
}

function makeNodeServer(limits: HttpLimits, tls: TlsMaterial | undefined, upgrades: boolean): Server {
  const common = {
    maxHeaderSize: limits.maxHeaderBytes,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.max(50, Math.min(2000, limits.headersTimeoutMs / 4)),
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    noDelay: true,
    requireHostHeader: false,
    ...(upgrades && { IncomingMessage: SelectiveRequest }),
  };
  if (tls === undefined) return createServer(common);
  return createTlsServer({
    ...common,
    ...tls,
    handshakeTimeout: limits.handshakeTimeoutMs,
    ALPNProtocols: ['http/1.1'],
  });
}

function answer(
  serve: Serve,
  request: IncomingMessage,
  response: ServerResponse,
  { alone, onError }: { readonly alone: Buffer | undefined; readonly onError: HttpServerOptions['onError'] },
): void {
  if (request.httpVersion === '1.1' && request.headers.host === undefined) {
    return refuse(response, 400, 'missing required Host header');
  }
  try {
    serve.request(request, response, alone);
  } catch (error) {
    onError?.(error);
    refuse(response, 500, 'internal error of the agent');
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Connection: 'close' };
  response.writeHead(status, headers).end(errorBody(message));
}

function handleFaults(node: Server, connections: Connections, limits: HttpLimits): void {
  node.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    connections.nameVerb(request);
    refuse(response, 417, 'this expectation is not supported');
  });
  node.on('clientError', (error: NodeJS.ErrnoException, stream: Duplex) => {
    const socket = stream as Socket;
    const refusal = socket.bytesRead === 0 ? undefined : refusalOf(error.code);
    sayAndEnd(connections, socket, refusal);
  });
  node.on('timeout', (socket: Socket) => onQuiet(connections, socket, limits));
  node.timeout = limits.bodyIdleTimeoutMs;
}

function onQuiet(connections: Connections, socket: Socket, limits: HttpLimits): void {
  const response = responseOf(socket);
  // an answer that its client does not take holds its place at the server
  if (response === undefined || socket.writableLength > 0) return void socket.destroy();
  const weAreSlow = response.req.complete || response.req.readableLength > 0;
  if (weAreSlow) return void socket.setTimeout(limits.bodyIdleTimeoutMs);
  sayAndEnd(connections, socket, refusalOf('ERR_HTTP_REQUEST_TIMEOUT'));
}

function sayAndEnd(connections: Connections, socket: Socket, refusal: Refusal | undefined): void {
  const begun = responseOf(socket)?.headersSent ?? false;
  if (refusal === undefined || begun || !socket.writable) return void socket.destroy();
  connections.mute(socket);
  socket.end(rawRefusal(refusal));
  // A close with unread bytes would reset the connection and lose the answer on its way, so what still comes is read for a moment.
  void wait(LINGER_MS).then(() => socket.destroy());
}

function handleUpgrades(node: Server, connections: Connections, open: () => Serve | undefined): void {
  node.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // an answer that is still being written would get into the other protocol
    if (responseOf(request.socket) !== undefined) return void socket.destroy();
    connections.upgrade(request.socket);
    const serve = open();
    if (serve?.upgrade === undefined) return end(socket, { status: 503, message: 'the agent is shutting down' });
    if (request.headers.host === undefined)
      return end(socket, { status: 400, message: 'missing required Host header' });
    serve.upgrade(request, socket, head);
  });
}

function end(socket: Duplex, refusal: Refusal): void {
  socket.on('error', () => undefined);
  socket.end(rawRefusal(refusal), () => socket.destroy());
}

function listen(node: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    node.once('error', reject);
    node.listen(where, () => {
      node.removeListener('error', reject);
      resolve();
    });
  });
}

function reloadTls(node: Server, tls: TlsMaterial): void {
  const secure = node as Server & { setSecureContext?(tls: TlsMaterial): void };
  if (secure.setSecureContext === undefined) return;
  createSecureContext(tls);
  secure.setSecureContext(tls);
  Object.assign(secure, { requestCert: tls.requestCert ?? false, rejectUnauthorized: tls.rejectUnauthorized ?? false });
}

async function close(
  node: Server,
  connections: Connections,
  grace: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stopped = stopAccepting(node);
  const drained = new AbortController();
  connections.drain();
  await Promise.race([connections.gone().then(() => drained.abort()), grace(drained.signal)]);
  connections.cut();
  await connections.gone();
  await stopped;
  node.close();
}

function stopAccepting(node: Server): Promise<void> {
  return new Promise((resolve) => NetServer.prototype.close.call(node, () => resolve()));
}

async function wait(ms: number, clock?: Clock, signal?: AbortSignal): Promise<void> {
  if (clock !== undefined) return clock.sleep(ms, signal).catch(() => undefined);
  const timer = AbortSignal.timeout(ms);
  await new Promise((resolve) => timer.addEventListener('abort', resolve, { once: true }));
}
