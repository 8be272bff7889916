// The way of a WebSocket request: the rules that every request meets (request header, identity, namespace, mark against loops), then a tunnel instead
// of an answer (D-35). Nothing is cached, redacted or repeated. A refusal is written to the socket as an answer that ends the connection.
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiProxyConfig, CompatConfig } from '../contracts/agent-config.js';
import type { Exchange, Forward, Handler, Reply, Stage, Tunnel } from '../contracts/exchange.js';
import type { Metrics } from '../contracts/metrics.js';
import type { Identity } from '../contracts/token-feed.js';
import { AgentError, type Clock, type Logger, type Serve } from '../sdk/index.js';
import { compose } from './compose.js';
import { replyForError } from './error-reply.js';
import { HttpExchange } from './http-exchange.js';
import { forwardStage } from './stages/forward.js';
import { guard } from './stages/guard.js';
import { identityStage } from './stages/identity.js';

/** What upgrades need. */
export interface UpgradeOptions {
  readonly tunnel: Tunnel;
  /** Finds local endpoints first: those never upgrade and answer as usual. */
  readonly route: (pipeline: Handler) => Handler;
  readonly requireRequestHeader: boolean;
  readonly apiProxy: ApiProxyConfig;
  readonly identity: Identity | undefined;
  readonly namespaceDefault: string;
  readonly instance: string;
  readonly upstreamErrors: CompatConfig['upstreamErrors'];
  /** A stage of later work, at the place it has for other requests. */
  readonly allow?: Stage | undefined;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logs: { readonly proxy: Logger; readonly client: Logger };
}

interface Wire {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** The tunnel has carried everything; there is nothing to write. */
const CARRIED: Reply = { status: 101, headers: [], body: new Uint8Array(0) };

/** Makes `Serve.upgrade`. It never throws. */
export function createUpgrade(options: UpgradeOptions): NonNullable<Serve['upgrade']> {
  const { tunnel, upstreamErrors, logs } = options;
  const wires = new WeakMap<Exchange, Wire>();
  const send: Forward = async (exchange) => {
    const { socket, head } = wires.get(exchange)!;
    await tunnel(exchange, socket, head);
    return CARRIED;
  };
  const handler = options.route(compose(stagesOf(options, send)));
  const failures = options.metrics.series('agent.proxy.error');
  const run = async (exchange: Exchange, socket: Duplex): Promise<void> => {
    const reply = await handler(exchange);
    if (reply !== CARRIED) refuse(socket, reply);
  };
  return function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    const exchange = new HttpExchange(request, socket);
    wires.set(exchange, { socket, head });
    run(exchange, socket).catch((error: unknown) => {
      const code = error instanceof AgentError ? error.code : '';
      if (!code.startsWith('REQUEST_') && code !== 'UPSTREAM_CANCELLED') {
        failures.add();
        logs.proxy.warn({ id: exchange.id, path: exchange.path, error }, 'failed to open a tunnel to the server');
      }
      refuse(socket, replyForError(error, exchange, upstreamErrors));
    });
  };
}

function stagesOf(options: UpgradeOptions, send: Forward): Stage[] {
  const { apiProxy, identity, namespaceDefault, clock, instance, logs } = options;
  const stages = [
    options.requireRequestHeader ? guard : undefined,
    options.allow,
    identityStage({ apiProxy, identity, namespaceDefault, clock, log: logs.proxy }),
    forwardStage({ send, instance, clock, log: logs.client }),
  ];
  return stages.filter((stage) => stage !== undefined);
}

function refuse(socket: Duplex, { status, headers, body }: Reply): void {
  if (socket.destroyed) return;
  const bytes = body instanceof Uint8Array ? body : new Uint8Array(0);
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (!/^(?:content-length|connection)$/i.test(headers[at]!)) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  }
  text += `Content-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(text, 'latin1'), bytes]), () => socket.destroy());
}
