// Stage 9: the caches see requests that revoke, renew or write, from before they are sent until their outcome is known, and refusals that
// say a client's token is dead (D-21). A watched request is finished even when its client left, because the server may have done it.
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { LeaseCache, Watch } from '../../contracts/lease-cache.js';
import type { StaticCache } from '../../contracts/static-cache.js';
import { agentError } from '../../sdk/index.js';
import { BUFFER_LIMIT, collected, type BodyBudget } from '../body-budget.js';
import { bufferedReply } from '../buffered.js';

/** What the stage needs. */
export interface ObserveOptions {
  readonly cache: Pick<LeaseCache, 'watch' | 'doubt'> | undefined;
  readonly statics: Pick<StaticCache, 'watch'> | undefined;
  readonly budget: BodyBudget;
}

type Next = () => Reply | Promise<Reply>;

/**
 * Makes the stage. A request that must be followed by its body throws REQUEST_TOO_LARGE when that is longer than the limit, and REQUEST_NO_MEMORY when
 * there is no room for it.
 */
export function observeStage(options: ObserveOptions): Stage {
  const { cache, statics } = options;
  return function observe(exchange, next) {
    const watches = [cache?.watch(exchange), statics?.watch(exchange)].filter((watch) => watch !== undefined);
    const reply = watches.length === 0 ? next() : watched(options, watches, exchange, next);
    // an identity's own token is the business of `heal`
    if (cache === undefined || exchange.token === undefined || exchange.identity !== undefined) return reply;
    return reply instanceof Promise ? reply.then((late) => looked(cache, exchange, late)) : reply;
  };
}

async function watched(
  { budget }: ObserveOptions,
  watches: readonly Watch[],
  exchange: Exchange,
  next: Next,
): Promise<Reply> {
  const bodies = watches.some((watch) => watch.bodies);
  const room = { budget, owner: exchange };
  if (bodies) await takeBody(exchange, budget);
  const client = exchange.signal;
  const ending: { status: number | undefined; body: Uint8Array | undefined } = { status: undefined, body: undefined };
  exchange.signal = new AbortController().signal;
  try {
    for (const watch of watches) watch.sent(exchange);
    const reply = await next();
    ending.status = reply.status;
    if (!bodies || reply.status >= 300) return reply;
    const whole = await bufferedReply(reply, room);
    if (typeof whole === 'string') return reply;
    ending.body = whole.body;
    return whole;
  } finally {
    exchange.signal = client;
    for (const watch of watches) watch.ended(ending.status, ending.body);
    for (const watch of watches) await watch.settled?.();
  }
}

async function takeBody(exchange: Exchange, budget: BodyBudget): Promise<void> {
  if (exchange.body instanceof Uint8Array) return;
  const body = await collected(exchange.body, { budget, owner: exchange });
  if (body === 'too-large') throw agentError('REQUEST_TOO_LARGE', { limit: BUFFER_LIMIT });
  if (body === 'no-room') throw agentError('REQUEST_NO_MEMORY', {});
  exchange.body = body;
}

const LARGEST_REFUSAL = 64 * 1024;
const DEAD = /invalid token|permission denied/;

async function looked(cache: Pick<LeaseCache, 'doubt'>, exchange: Exchange, reply: Reply): Promise<Reply> {
  if (reply.status !== 403) return reply;
  const body = reply.body instanceof Uint8Array ? reply.body : await reply.body.collect(LARGEST_REFUSAL);
  if (body === undefined) return reply;
  if (DEAD.test(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'))) cache.doubt(exchange);
  return { ...reply, body };
}
