// Exchanges and answers for tests of the cache, without HTTP.
import type { Exchange } from '../../../core/contracts/exchange.js';
import type { BufferedReply } from '../../../core/contracts/lease-cache.js';
import { createLeaseCache, type LeaseCacheCore, type LeaseCacheOptions } from '../../../core/cache/lease-cache.js';
import type { TokenState } from '../../../core/contracts/token-feed.js';
import { Secret, type RequestHasher } from '../../../core/sdk/index.js';
import { LogSpy, VaultFake, VirtualClock } from '../../../core/sdk/testing/index.js';
import { MetricRegistry } from '../../../core/telemetry/metrics.js';

export const hasher: RequestHasher = {
  digest: ({ method, path, query, headers, body }) =>
    `${method}${path}?${query}#${headers.join(',')}#${Buffer.from(body).toString('base64url')}`,
};

export function exchange(
  method: string,
  path: string,
  more: Partial<Omit<Exchange, 'token' | 'body'>> & { token?: string; body?: string } = {},
): Exchange {
  const { token, body, ...rest } = more;
  return {
    id: 'x',
    method,
    path,
    query: '',
    headers: [],
    signal: new AbortController().signal,
    identity: undefined,
    namespace: '',
    notes: {},
    ...rest,
    body: Buffer.from(body ?? ''),
    token: token === undefined ? undefined : new Secret(token),
  };
}

export function reply(value: unknown, more: Partial<BufferedReply> = {}): BufferedReply {
  const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return {
    status: 200,
    headers: ['Content-Type', 'application/json', 'Content-Length', String(body.length)],
    body,
    ...more,
  };
}

export const leaseAnswer = (id: string, seconds = 3600, more: object = {}): object => ({
  lease_id: id,
  renewable: true,
  lease_duration: seconds,
  data: { password: 'p' },
  ...more,
});

export const authAnswer = (token: string, more: object = {}): object => ({
  lease_id: '',
  renewable: false,
  lease_duration: 0,
  auth: { client_token: token, accessor: `acc-${token}`, lease_duration: 3600, renewable: true, orphan: true, ...more },
});

export const tokenState = (token: string, more: Partial<TokenState> = {}): TokenState => ({
  identity: 'default',
  form: 'plain',
  token: new Secret(token),
  accessor: `acc-${token}`,
  policies: [],
  renewable: true,
  kind: 'service',
  expiresAt: 0,
  sequence: 1,
  ...more,
});

/** A cache with stand-ins, and short words for what tests do with it. */
export class CacheRig {
  readonly clock = new VirtualClock();
  readonly vault = new VaultFake();
  readonly log = new LogSpy();
  readonly metrics = new MetricRegistry();
  readonly cache: LeaseCacheCore;

  constructor(more: Partial<LeaseCacheOptions> = {}) {
    this.cache = createLeaseCache({
      hasher,
      vault: this.vault,
      clock: this.clock,
      log: { named: () => this.log },
      metrics: this.metrics,
      random: () => 0.5,
      verbatimHits: false,
      ...more,
    });
  }

  /** Stores an answer and tells the reason code. */
  store(request: Exchange, answer: unknown, epoch = this.cache.epoch): string {
    request.cacheKey = this.cache.keyOf(request);
    return this.cache.remember(request, reply(answer), epoch) as string;
  }

  /** A request that changes something goes through: sent, then answered. False when nobody watches it. */
  sends(request: Exchange, status: number | undefined, answer?: unknown): boolean {
    const watch = this.cache.watch(request);
    watch?.sent(request);
    watch?.ended(status, answer === undefined ? undefined : Buffer.from(JSON.stringify(answer)));
    return watch !== undefined;
  }

  /** The state of what an equal request would find. */
  held(request: Exchange): string | undefined {
    return this.cache.held(this.cache.keyOf(request)!);
  }

  /** Looks beyond the memory, as the pipeline does before it sends; true when there was something to look for. */
  async seek(request: Exchange): Promise<boolean> {
    request.cacheKey = this.cache.keyOf(request);
    const seeking = this.cache.seek(request, new AbortController().signal);
    await seeking;
    return seeking !== undefined;
  }

  /** True when an equal request would be a hit. */
  holds(request: Exchange): boolean {
    return this.cache.recall(this.cache.keyOf(request)!) !== undefined;
  }

  /** The JSON of a hit. */
  hit(request: Exchange): Record<string, unknown> {
    return JSON.parse(Buffer.from(this.cache.recall(this.cache.keyOf(request)!)!.reply.body).toString()) as Record<
      string,
      unknown
    >;
  }

  get evictions(): Record<string, number> {
    const rows = this.metrics.snapshot().filter((series) => series.name === 'agent.cache.evictions');
    return Object.fromEntries(rows.map((series) => [series.labels.reason, series.value]));
  }
}
