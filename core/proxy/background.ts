// Reads that the caches send on their own: whole answers as the server gave them. They never pass the stages, which would answer them from the cache.
import type { Exchange, Forward } from '../contracts/exchange.js';
import type { BufferedReply, LeaseCache } from '../contracts/lease-cache.js';
import { HOP_HEADER, requestId } from '../kernel/ids.js';
import { withoutHeaders } from '../kernel/raw-headers.js';
import type { Clock, RawHeaders, Secret } from '../sdk/index.js';
import type { BodyBudget } from './body-budget.js';
import { bufferedReply, drop } from './buffered.js';

/** What background reads need. */
export interface BackgroundOptions {
  readonly forward: Forward;
  /** Mark of this process against loops (D-62). */
  readonly instance: string;
  readonly clock: Clock;
  readonly budget: BodyBudget;
}

/** A GET. `path` is raw and begins with `/v1/`; `namespace` is canonical. */
export interface BackgroundRequest {
  readonly path: string;
  readonly query: string;
  readonly namespace: string;
  readonly token: Secret | undefined;
  readonly identity?: string | undefined;
  readonly headers?: RawHeaders;
}

/** A GET whose answer takes the place of a cached one. */
export interface RefetchRequest extends BackgroundRequest {
  readonly key: string;
}

/** Sends background reads. */
export interface Background {
  /** The answer; undefined when it is too long to be held. Rejects when there is none. Bounded by the time-out of `forward`. */
  get(request: BackgroundRequest): Promise<BufferedReply | undefined>;
  /** Fetches a secret anew and has it remembered under the same key; one that is not kept is given back. Never rejects. */
  refetch(
    cache: Pick<LeaseCache, 'epoch' | 'refusal' | 'remember' | 'abandon'>,
    request: RefetchRequest,
  ): Promise<void>;
}

/** Makes it. */
export function createBackground(options: BackgroundOptions): Background {
  const { forward, budget, clock } = options;
  const sent = async (exchange: Exchange): Promise<BufferedReply | undefined> => {
    exchange.sentAt = clock.now();
    try {
      const reply = await forward(exchange);
      const whole = await bufferedReply(reply, { budget, owner: exchange });
      if (typeof whole !== 'string') return whole;
      drop(reply);
      return undefined;
    } finally {
      budget.release(exchange);
    }
  };
  return {
    get: (request) => sent(exchangeOf(request, options)),
    refetch: async (cache, request) => {
      const exchange = exchangeOf(request, options);
      exchange.cacheKey = request.key;
      const { epoch } = cache;
      const reply = await sent(exchange).catch(() => undefined);
      if (reply === undefined || cache.refusal(reply) !== undefined) return;
      const why = await cache.remember(exchange, reply, epoch);
      if (!why.startsWith('stored-') && why !== 'shared-lost') cache.abandon(exchange, reply);
    },
  };
}

function exchangeOf(request: BackgroundRequest, { instance }: BackgroundOptions): Exchange {
  const { path, query, namespace, token, identity, headers = [] } = request;
  return {
    ...{ id: requestId(), method: 'GET', path, query, namespace, token, identity, notes: {} },
    // those of a kept request have the mark already, once for each time it was asked anew
    headers: [...withoutHeaders(headers, [HOP_HEADER.toLowerCase()]), HOP_HEADER, instance],
    body: new Uint8Array(0),
    signal: new AbortController().signal,
  };
}
