// Stage 9: sees revocations and renewals of clients, so that the cache forgets or follows. Such a request is finished even when its client left,
// because the server may have done it.
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { LeaseCache } from '../../contracts/lease-cache.js';
import { agentError } from '../../sdk/index.js';
import { BUFFER_LIMIT, bufferedReply } from '../buffered.js';

/** Makes the stage. A watched request whose body is longer than the limit throws REQUEST_TOO_LARGE: it could not be followed. */
export function observeStage(cache: LeaseCache): Stage {
  return function observe(exchange, next) {
    return cache.watches(exchange) ? watched(cache, exchange, next) : next();
  };
}

async function watched(cache: LeaseCache, exchange: Exchange, next: () => Reply | Promise<Reply>): Promise<Reply> {
  if (!(exchange.body instanceof Uint8Array)) {
    const body = await exchange.body.collect(BUFFER_LIMIT);
    if (body === undefined) throw agentError('REQUEST_TOO_LARGE', { limit: BUFFER_LIMIT });
    exchange.body = body;
  }
  exchange.signal = new AbortController().signal;
  const reply = await next();
  if (reply.status >= 300) return reply;
  const whole = await bufferedReply(reply);
  cache.observe(exchange, reply.status, whole?.body);
  return whole ?? reply;
}
