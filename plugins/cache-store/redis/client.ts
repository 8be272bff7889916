// Connections by ioredis. The only file that imports it: single server, Sentinel and Cluster become one narrow client without queues, retries or
// resends of its own, because a cache would rather hear at once that Redis is away.
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { readCredential } from 'claviger/sdk';
import { storeError } from './failures.js';
import { nameOf, type Target } from './target.js';

/** What the store uses of a connection. */
export interface Client {
  readonly status: string;
  connect(): Promise<unknown>;
  disconnect(): void;
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
  callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
}

/** What a connection is for. A Cluster tells its news at every node, so that following needs only one of them, another at each `attempt`. */
export type Purpose = { readonly to: 'command' } | { readonly to: 'follow'; readonly attempt: number };

/** A connection that is ready. Throws CACHE_STORE_UNAVAILABLE or CACHE_STORE_CORRUPT within `connectTimeoutMs`, sooner when `signal` is aborted. */
export async function dial(target: Target, purpose: Purpose, signal: AbortSignal): Promise<Client> {
  let last: Error | undefined;
  let client: Client | undefined;
  const bound = AbortSignal.timeout(target.connectTimeoutMs);
  const giveUp = (): void => client?.disconnect();
  for (const one of [bound, signal]) one.addEventListener('abort', giveUp, { once: true });
  try {
    signal.throwIfAborted();
    client = make(target, purpose, await material(target));
    client.on('error', (error) => (last = error));
    signal.throwIfAborted();
    await client.connect();
    return client;
  } catch (error) {
    client?.disconnect();
    throw storeError(bound.aborted ? new Error('timed out') : (last ?? error), nameOf(target));
  } finally {
    for (const one of [bound, signal]) one.removeEventListener('abort', giveUp);
  }
}

type Options = Omit<RedisOptions, 'replyMapping'>;

interface Material {
  readonly password: string | undefined;
  readonly tls: ConnectionOptions | undefined;
}

async function material(target: Target): Promise<Material> {
  const fromFile =
    target.passwordFile === ''
      ? undefined
      : (await readCredential(target.passwordFile, { what: 'password_file', trim: 'line-break' })).text;
  return { password: (fromFile ?? target.password)?.reveal(), tls: target.tls ? await tlsOf(target) : undefined };
}

async function tlsOf({ caFile, certFile, keyFile, serverName }: Target): Promise<ConnectionOptions> {
  const read = async (path: string): Promise<Buffer | undefined> => (path === '' ? undefined : readFile(path));
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map(read));
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(serverName && { servername: serverName }),
  };
}

function make(target: Target, purpose: Purpose, { password, tls }: Material): Client {
  const common = { ...limits(target), db: target.database, ...given({ username: target.username, password, tls }) };
  const { places } = target;
  if (target.form === 'sentinel') return new Redis({ ...common, ...sentinel(target, tls) });
  if (target.form === 'single') return new Redis({ ...common, ...places[0] });
  if (purpose.to === 'follow') return new Redis({ ...common, ...places[purpose.attempt % places.length] });
  return new Cluster([...places], {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: () => null,
    maxRedirections: 4,
    slotsRefreshTimeout: target.connectTimeoutMs,
    redisOptions: common,
  });
}

function limits({ connectTimeoutMs, commandTimeoutMs }: Target): Options {
  return {
    lazyConnect: true,
    // the second version of the protocol is spoken by every Redis and every proxy before it
    protocol: 2,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    disableClientInfo: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    maxLoadingRetryTime: connectTimeoutMs,
    ...{ disconnectTimeout: 100 },
  };
}

function sentinel(target: Target, tls: ConnectionOptions | undefined): Options {
  return {
    sentinels: [...target.places],
    name: target.master,
    sentinelRetryStrategy: () => null,
    sentinelCommandTimeout: target.commandTimeoutMs,
    ...given({ sentinelUsername: target.sentinelUsername, sentinelPassword: target.sentinelPassword?.reveal() }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
