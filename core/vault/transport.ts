// Connections to one server address: pools of undici with TLS, unix sockets and an outgoing HTTP proxy. The only file that imports undici.
// It must not know about tokens, retries or Vault.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Duplex, Readable } from 'node:stream';
import type PoolClass from 'undici/lib/dispatcher/pool.js';
import type { VaultConfig } from '../contracts/agent-config.js';
import { agentError, type ClientIdentity } from '../sdk/index.js';
import { Spread, type Share } from './spread.js';
import { readTlsMaterial, withIdentity, type TlsMaterial } from './tls-material.js';

/** One request as it goes out. */
export interface Outgoing {
  readonly method: string;
  /** Raw path and query. */
  readonly path: string;
  readonly headers: string[];
  readonly body: Uint8Array | Readable | null;
  /** The protocol that the connection is to be turned into (`Upgrade`); the answer may come to `onUpgrade` then. */
  readonly upgrade?: string;
}

/** Callbacks of one attempt, in undici's raw form: header lists come as bytes, `false` means "pause until resume is called". */
export interface WireHandler {
  /** Set for requests of clients: where the handler counts itself in while its answer flows. */
  share?: Share | undefined;
  onConnect(abort: (reason?: Error) => void): void;
  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean;
  /** The server agreed to another protocol (101): the connection has left the pool. */
  onUpgrade(status: number, headers: Buffer[], socket: Duplex): void;
  onData(chunk: Buffer): boolean;
  onComplete(): void;
  onError(error: Error): void;
}

/** How connections are kept (spec config 1.4 `disable_idle_connections`, `disable_keep_alives`). */
export interface KeepAlive {
  readonly idle: boolean;
  readonly keepAlives: boolean;
}

/** The way to one server. */
export interface Transport {
  /** For messages: the configured address without user info. */
  readonly address: string;
  /** Scheme, host and port; `http://localhost` behind a unix socket. */
  readonly origin: string;
  /** Path of the configured address without a trailing slash; empty mostly. */
  readonly basePath: string;
  /**
   * Sends at once or queues; every outcome goes to the handler, nothing is thrown. `own` marks a call of the agent itself: it has other connections
   * than the requests of clients, so that no number of those, slow or hung, keeps a login or a renewal from the server.
   */
  dispatch(request: Outgoing, handler: WireHandler, own?: { readonly tls?: ClientIdentity | undefined }): void;
  /** Reads the TLS files again; requests under way finish on the old connections. Throws and changes nothing when a file is not usable. */
  reload(): void;
  close(): Promise<void>;
}

interface Line {
  dispatch(options: object, handler: WireHandler): boolean;
  close(): Promise<void>;
}

const require = createRequire(import.meta.url);

type ProxyAgentClass = new (options: object) => Line;

interface Place {
  readonly address: string;
  readonly origin: string;
  readonly basePath: string;
  readonly socketPath: string | undefined;
}

const CONNECTIONS = 64;
/** So many long answers together: half of `mostPools` x CONNECTIONS. */
const SPREAD = { mostHeld: CONNECTIONS / 2, mostPools: 32 };
const MAX_IDENTITIES = 4;
const POOL_OPTIONS = {
  connections: CONNECTIONS,
  pipelining: 1,
  keepAliveTimeout: 60_000,
  keepAliveMaxTimeout: 600_000,
  headersTimeout: 0,
  bodyTimeout: 0,
  maxHeaderSize: 65_536,
};
const CONNECT_TIMEOUT_MS = 10_000;

function placeOf(address: string): Place {
  if (address.startsWith('unix://')) {
    return { address, origin: 'http://localhost', basePath: '', socketPath: address.slice('unix://'.length) };
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw agentError('CONFIG_VALUE', { key: 'vault.address', why: `"${address}" is not an http, https or unix URL` });
  }
  return { address: url.origin, origin: url.origin, basePath: url.pathname.replace(/\/+$/, ''), socketPath: undefined };
}

/** A line that opens with its first request: loading undici is not a part of the start. */
function openLine(place: Place, tls: TlsMaterial, proxy: string): Line {
  let line: Line | undefined;
  return {
    dispatch: (options, handler) => (line ??= openNow(place, tls, proxy)).dispatch(options, handler),
    close: () => line?.close() ?? Promise.resolve(),
  };
}

function openNow(place: Place, tls: TlsMaterial, proxy: string): Line {
  if (proxy !== '' && place.socketPath === undefined) return proxyLine(place, tls, proxy);
  const connect = { ...tls, timeout: CONNECT_TIMEOUT_MS };
  const socket = place.socketPath === undefined ? {} : { socketPath: place.socketPath };
  const Pool = require('undici/lib/dispatcher/pool.js') as typeof PoolClass;
  return new Pool(place.origin, { ...POOL_OPTIONS, ...socket, connect });
}

// Loaded only where a proxy is configured: most agents have none, and it costs as much as the pool.
function proxyLine(place: Place, tls: TlsMaterial, proxy: string): Line {
  const { ProxyAgent } = require('undici') as { readonly ProxyAgent: ProxyAgentClass };
  const agent = new ProxyAgent({ ...POOL_OPTIONS, uri: proxy, requestTls: { ...tls, timeout: CONNECT_TIMEOUT_MS } });
  return {
    dispatch: (options, handler) => agent.dispatch({ ...options, origin: place.origin }, handler),
    close: () => agent.close(),
  };
}

const contentOf = (identity: ClientIdentity): string =>
  createHash('sha256')
    .update(JSON.stringify([identity.cert ?? '', identity.key?.reveal() ?? '', identity.ca ?? '']))
    .digest('base64');

class PooledTransport implements Transport {
  readonly address: string;
  readonly origin: string;
  readonly basePath: string;
  readonly #place: Place;
  readonly #config: VaultConfig;
  readonly #reset: boolean;
  #material: TlsMaterial;
  #lanes: Spread<Line>;
  #ownLine: Line;
  readonly #byIdentity = new Map<string, Line>();

  constructor(config: VaultConfig, keepAlive: KeepAlive) {
    this.#place = placeOf(config.address);
    this.address = this.#place.address;
    this.origin = this.#place.origin;
    this.basePath = this.#place.basePath;
    this.#config = config;
    this.#reset = !keepAlive.idle || !keepAlive.keepAlives;
    this.#material = this.#readMaterial();
    this.#lanes = this.#openLanes(this.#material);
    this.#ownLine = openLine(this.#place, this.#material, config.httpProxy);
  }

  #openLanes(material: TlsMaterial): Spread<Line> {
    return new Spread(() => openLine(this.#place, material, this.#config.httpProxy), SPREAD);
  }

  #readMaterial(): TlsMaterial {
    return this.#place.origin.startsWith('https:') ? readTlsMaterial(this.#config) : {};
  }

  dispatch(request: Outgoing, handler: WireHandler, own?: { readonly tls?: ClientIdentity | undefined }): void {
    try {
      const line = own === undefined ? this.#laneFor(handler) : this.#lineFor(own.tls);
      line.dispatch(this.#reset ? { ...request, reset: true } : request, handler);
    } catch (error) {
      handler.onError(error as Error);
    }
  }

  #laneFor(handler: WireHandler): Line {
    const lane = this.#lanes.pick();
    handler.share = lane;
    return lane.pool;
  }

  #lineFor(identity: ClientIdentity | undefined): Line {
    if (identity === undefined) return this.#ownLine;
    const content = contentOf(identity);
    const known = this.#byIdentity.get(content);
    if (known) return known;
    const line = openLine(this.#place, withIdentity(this.#material, identity), this.#config.httpProxy);
    this.#byIdentity.set(content, line);
    const [oldest] = this.#byIdentity;
    if (this.#byIdentity.size > MAX_IDENTITIES && oldest) {
      this.#byIdentity.delete(oldest[0]);
      void oldest[1].close();
    }
    return line;
  }

  reload(): void {
    const material = this.#readMaterial();
    const old = this.#lines();
    this.#material = material;
    this.#lanes = this.#openLanes(material);
    this.#ownLine = openLine(this.#place, material, this.#config.httpProxy);
    this.#byIdentity.clear();
    for (const each of old) void each.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines().map((line) => line.close()));
  }

  #lines(): readonly Line[] {
    return [...this.#lanes.pools, this.#ownLine, ...this.#byIdentity.values()];
  }
}

/** Opens the way to `config.address`. Throws CONFIG_VALUE for an address that is none, and what `readTlsMaterial` throws. */
export function openTransport(config: VaultConfig, keepAlive: KeepAlive): Transport {
  return new PooledTransport(config, keepAlive);
}
