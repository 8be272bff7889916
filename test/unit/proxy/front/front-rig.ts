// A served pipeline on loopback over raw sockets, with the front or without it, in front of a scripted server; counts what the front answered.
import type { AddressInfo, Socket } from 'node:net';
import { createLeaseCache } from '../../../../core/cache/lease-cache.js';
import type { ListenerConfig } from '../../../../core/contracts/agent-config.js';
import type { Exchange, LocalRoute, Reply } from '../../../../core/contracts/exchange.js';
import type { LeaseCache } from '../../../../core/contracts/lease-cache.js';
import { createServe } from '../../../../core/proxy/create-serve.js';
import type { Serve } from '../../../../core/sdk/index.js';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../../core/sdk/http-server.js';
import { makeCertificate } from '../../../../core/sdk/testing/certificates.js';
import { dial } from '../../../../core/sdk/testing/http-client.js';
import { LogSpy, VaultFake, VirtualClock } from '../../../../core/sdk/testing/index.js';
import { MetricRegistry } from '../../../../core/telemetry/metrics.js';
import { IdentityFake, state } from '../identity-fake.js';
import { lease, plainHasher } from '../rig.js';

/** A certificate for all TLS tests of this folder. */
export const CERTIFICATE = makeCertificate({ name: 'localhost' });

/** A log at the level `info`, which keeps everything it is given. */
export class InfoLog extends LogSpy {
  debugging = false;

  enabled(level: string): boolean {
    return this.debugging || (level !== 'debug' && level !== 'trace');
  }
}

/** A request that reached the server. */
export interface Sent {
  readonly line: string;
  readonly body: string;
}

export interface FrontRigOptions {
  /** False: the same pipeline without its front. */
  readonly front?: boolean;
  readonly tls?: boolean;
  readonly server?: HttpServerOptions;
  readonly identity?: IdentityFake;
  readonly listener?: Partial<ListenerConfig>;
  readonly clock?: VirtualClock;
  readonly admin?: ReadonlyMap<string, LocalRoute>;
  /** Answers a path instead of the usual script. */
  readonly answers?: Readonly<Record<string, () => Reply>>;
}

/** An answer with a JSON text. */
export function reply(status: number, text: string, headers: readonly string[] = []): Reply {
  const body = Buffer.from(text);
  const head = ['Content-Type', 'application/json', 'Cache-Control', 'no-store', ...headers];
  return { status, headers: [...head, 'Content-Length', String(body.length), 'Date', 'then'], body };
}

/** The bytes of a request head. */
export function head(target: string, headers: Readonly<Record<string, string>> = {}, verb = 'GET'): string {
  const lines = Object.entries({ Host: 'agent', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${verb} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A read of leased credentials, which the cache holds after the first time. */
export const CREDS = head('/v1/db/creds/app', { 'X-Vault-Request': 'true' });

/** The running pipeline. */
export class FrontRig {
  readonly clock: VirtualClock;
  readonly identity: IdentityFake;
  readonly metrics = new MetricRegistry();
  readonly log = new InfoLog();
  readonly sent: Sent[] = [];
  /** How many requests the front has answered. */
  fronted = 0;
  cache!: LeaseCache;
  server!: HttpServer;
  serve!: Serve;
  readonly #options: FrontRigOptions;
  readonly #wires = new Set<Wire>();
  readonly #slow: (() => void)[] = [];
  #leases = 0;

  constructor(options: FrontRigOptions) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock();
    this.identity = options.identity ?? new IdentityFake('default', state('hvs.auto'));
  }

  static async start(options: FrontRigOptions = {}): Promise<FrontRig> {
    const rig = new FrontRig(options);
    await rig.#start();
    return rig;
  }

  /** A new connection. */
  async wire(): Promise<Wire> {
    const { port } = this.server.node.address() as AddressInfo;
    const { tls } = this.#options;
    const url = `${tls === true ? 'https' : 'http'}://127.0.0.1:${port}`;
    const wire = new Wire(await dial(url, tls === true ? CERTIFICATE.cert : undefined));
    this.#wires.add(wire);
    return wire;
  }

  /** A connection on which `request` has been asked until the memo holds it. */
  async warm(request = CREDS): Promise<Wire> {
    const wire = await this.wire();
    for (let n = 0; n < 3; n++) await wire.ask(request);
    return wire;
  }

  count(name: string): number {
    const series = this.metrics.snapshot().filter((one) => one.name === name);
    return series.reduce((sum, { value }) => sum + value, 0);
  }

  /** Lets the requests below `/v1/slow/` that wait have their answers. */
  release(): number {
    const waiting = this.#slow.splice(0);
    for (const go of waiting) go();
    return waiting.length;
  }

  async close(): Promise<void> {
    for (const wire of this.#wires) wire.socket.destroy();
    this.cache.stop();
    await this.server.close(0);
  }

  async #start(): Promise<void> {
    const { clock, metrics, identity } = this;
    const { front, tls, listener, server, admin } = this.#options;
    const log = { named: () => this.log };
    const vault = new VaultFake();
    this.cache = createLeaseCache({
      hasher: plainHasher,
      vault,
      clock,
      log,
      metrics,
      random: () => 0.5,
      verbatimHits: false,
    });
    if (identity.current !== undefined) this.cache.adopt(identity.current);
    const serve = createServe({
      listener: { role: 'default', requireRequestHeader: false, enableQuit: false, autoAuth: 'default', ...listener },
      product: 'agent',
      identities: new Map([[identity.name, identity]]),
      cache: this.cache,
      forward: (exchange) => this.#forward(exchange),
      apiProxy: {
        useAutoAuthToken: 'default',
        tokenWaitMs: 50,
        enforceConsistency: 'never',
        whenInconsistent: 'fail',
        prependConfiguredNamespace: false,
      },
      compat: { upstreamErrors: 'honest', openControlEndpoints: false },
      namespaceDefault: '',
      admin: admin ?? new Map(),
      metrics,
      log,
      clock,
    });
    const counted: Serve['front'] = serve.front && ((...given) => this.#counted(serve.front!(...given)));
    this.serve = { request: serve.request.bind(serve), front: front === false ? undefined : counted };
    this.server = createHttpServer(this.serve, { ...server, ...(tls === true && { tls: CERTIFICATE }) });
    await this.server.listen({ port: 0, host: '127.0.0.1' });
  }

  #counted(answer: string | undefined): string | undefined {
    if (answer !== undefined) this.fronted++;
    return answer;
  }

  async #forward(exchange: Exchange): Promise<Reply> {
    const { method, path, query } = exchange;
    const body = exchange.body instanceof Uint8Array ? exchange.body : await exchange.body.collect(1 << 20);
    const text = Buffer.from(body ?? []).toString('latin1');
    this.sent.push({ line: `${method} ${path}${query && `?${query}`}`, body: text });
    if (path.startsWith('/v1/slow/')) await new Promise<void>((go) => this.#slow.push(go));
    const special = this.#options.answers?.[path];
    if (special !== undefined) return special();
    if (path.startsWith('/v1/db/creds/')) return reply(200, JSON.stringify(lease(`db/creds/app/${++this.#leases}`)));
    if (path.startsWith('/v1/sys/')) return { status: 204, headers: [], body: new Uint8Array(0) };
    if (path === '/v1/refused') return reply(403, '{"errors":["permission denied"]}\n');
    return reply(200, method === 'HEAD' ? '' : JSON.stringify({ data: { method, path, text } }));
  }
}

/** A client's side of one connection. */
export class Wire {
  readonly #parts: Buffer[] = [];
  #length = 0;
  closed = false;

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.#parts.push(bytes);
      this.#length += bytes.length;
    });
    socket.once('close', () => (this.closed = true));
    socket.once('end', () => socket.end());
  }

  get length(): number {
    return this.#length;
  }

  /** Everything that came so far. */
  get text(): string {
    return Buffer.concat(this.#parts).toString('latin1');
  }

  /** Sends bytes as a segment of its own and lets them be dealt with. */
  async say(bytes: string): Promise<void> {
    if (!this.socket.writable) return;
    await new Promise<void>((done) => this.socket.write(bytes, 'latin1', () => done()));
    await this.calm();
  }

  /** Sends a request and reads its one answer, which has a Content-Length. */
  async ask(bytes: string): Promise<string> {
    const from = this.text.length;
    this.socket.write(bytes, 'latin1');
    let answer = '';
    await turns(() => complete((answer = this.text.slice(from))) || this.closed);
    return answer;
  }

  /** Waits until nothing has come for some turns of the event loop. */
  async calm(): Promise<void> {
    let seen = -1;
    for (let quiet = 0; quiet < 12; quiet++) {
      if (seen !== this.#length) quiet = 0;
      seen = this.#length;
      await new Promise((turn) => setImmediate(turn));
    }
  }
}

function complete(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  if (/^HTTP\/1.1 (204|304)/.test(answer)) return true;
  const length = Number(/^content-length: (\d+)/im.exec(answer)?.[1] ?? 'NaN');
  return answer.length >= end + 4 + length;
}

/** Lets the event loop turn until `ready`; fails after a bounded number of turns. */
export async function turns(ready: () => boolean): Promise<void> {
  for (let turn = 0; turn < 50_000 && !ready(); turn++) await new Promise((next) => setImmediate(next));
  if (!ready()) throw new Error('it did not happen');
}

/** What a stretch of answers says, whatever the place of the lines that node writes by itself, and how often it wrote them. */
export function normal(text: string): { readonly rest: string; readonly own: readonly string[] } {
  const own: string[] = [];
  const note = (line: string): string => {
    own.push(line.startsWith('Date') ? 'Date' : line.trim());
    return '';
  };
  const rest = text
    .replace(/^(?:Connection|Keep-Alive|Date): .*\r\n/gim, note)
    .replace(/^X-Claviger-Request-Id: .*\r\n/gim, 'X-Claviger-Request-Id: *\r\n');
  return { rest, own: own.sort() };
}

/** Random numbers that are the same each time. */
export function generator(seed: number): (below: number) => number {
  let value = seed;
  return (below) => {
    value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
    return Math.floor((value / 2 ** 32) * below);
  };
}
