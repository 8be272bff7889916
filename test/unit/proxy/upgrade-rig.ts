// WebSocket through the whole path on loopback: client -> createServe -> upstream client -> a hand-written server that upgrades and echoes bytes.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { systemClock } from '../../../core/kernel/clock.js';
import { createServe, type ServeOptions } from '../../../core/proxy/create-serve.js';
import { createHttpServer, type HttpServer } from '../../../core/sdk/http-server.js';
import type { Clock } from '../../../core/sdk/index.js';
import { LogSpy } from '../../../core/sdk/testing/log-spy.js';
import { MetricRegistry } from '../../../core/telemetry/metrics.js';
import { createVaultClient, type VaultClient } from '../../../core/vault/client.js';

/** What a rig may be given. */
export interface UpgradeRigOptions {
  /** Takes the upgraded connection at the server; default: accept and echo. */
  readonly accept?: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
  readonly serve?: Partial<ServeOptions>;
  readonly clock?: Clock;
  /** The addresses of the server from its own; default: that alone. */
  readonly addresses?: (own: string) => readonly string[];
}

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const ACCEPTED = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
export const SWITCH = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPTED}\r\n\r\n`;

export function echo(_request: IncomingMessage, socket: Socket, head: Buffer): void {
  socket.write(SWITCH);
  socket.write(head);
  socket.pipe(socket);
}

export class UpgradeRig {
  readonly seen: IncomingMessage[] = [];
  readonly log = new LogSpy();
  readonly metrics = new MetricRegistry();
  client!: VaultClient;
  agent!: HttpServer;
  port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #closers: (() => Promise<unknown> | void)[] = [];

  static async start(options: UpgradeRigOptions = {}): Promise<UpgradeRig> {
    const rig = new UpgradeRig();
    await rig.#start(options);
    return rig;
  }

  /** A connection to the agent that has sent `text`. */
  dial(text: string): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    this.#keep(socket);
    socket.write(text);
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const close of this.#closers.reverse()) await close();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
  }

  async #start({
    accept = echo,
    serve = {},
    clock = systemClock({ unref: true }),
    addresses,
  }: UpgradeRigOptions): Promise<void> {
    const upstream = createHttpServer({
      request: (request, response) => {
        const health = request.url === '/v1/sys/health';
        if (!health) this.seen.push(request);
        request.resume().on('end', () => {
          response.writeHead(health ? 200 : 403, { 'X-Kept': '1' }).end(health ? '{}' : '{"errors":["no"]}');
        });
      },
      upgrade: (request, socket, head) => {
        this.seen.push(request);
        accept(request, socket as Socket, head);
      },
    });
    upstream.node.on('connection', (socket: Socket) => this.#keep(socket));
    await upstream.listen({ port: 0, host: '127.0.0.1' });
    this.#closers.push(() => upstream.close(0));
    const address = `http://127.0.0.1:${(upstream.node.address() as AddressInfo).port}`;
    const list = addresses?.(address) ?? [address];
    const log = { named: () => this.log };
    this.client = createVaultClient({
      ...{
        clock,
        log,
        metrics: this.metrics,
        userAgent: { version: '1' },
        keepAlive: { idle: true, keepAlives: true },
      },
      config: {
        ...{
          address: list[0]!,
          addresses: list,
          namespace: '',
          caCert: '',
        },
        ...{ caPath: '', caBytes: '', clientCert: '', clientKey: '', tlsSkipVerify: false, tlsServerName: '' },
        ...{ retries: 0, timeoutMs: 5000, httpProxy: '' },
      },
    });
    this.#closers.push(() => this.client.close());
    this.agent = createHttpServer(
      createServe({
        ...{
          product: 'agent',
          identities: new Map(),
          admin: new Map(),
          metrics: this.metrics,
          log,
          namespaceDefault: '',
        },
        listener: { role: 'default', requireRequestHeader: false, enableQuit: false, autoAuth: 'default' },
        forward: this.client.forward,
        tunnel: this.client.tunnel,
        instance: this.client.instance,
        apiProxy: {
          ...{ useAutoAuthToken: 'default', tokenWaitMs: 50, enforceConsistency: 'never', whenInconsistent: 'fail' },
          prependConfiguredNamespace: false,
        },
        compat: { upstreamErrors: 'honest', openControlEndpoints: false },
        clock: new VirtualClock(),
        ...serve,
      }),
    );
    await this.agent.listen({ port: 0, host: '127.0.0.1' });
    this.#closers.push(() => this.agent.close(0));
    this.port = (this.agent.node.address() as AddressInfo).port;
  }
}

/** A handshake; `more` are header lines. */
export const handshake = (path = '/v1/sys/events/subscribe/kv*', ...more: readonly string[]): string =>
  [
    `GET ${path} HTTP/1.1`,
    ...['Host: agent', 'Connection: keep-alive, Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    ...[`Sec-WebSocket-Key: ${KEY}`, ...more, '', ''],
  ].join('\r\n');
