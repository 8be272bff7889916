// Sends a request that may bring a new secret: not faster than the cache can bear, and to its end even when its client left meanwhile, because
// the server may have made the secret already.
import type { Exchange, Reply } from '../contracts/exchange.js';
import type { LeaseCache } from '../contracts/lease-cache.js';
import { errorReply } from '../kernel/local-reply.js';
import { CODES, type Clock } from '../sdk/index.js';
import type { BodyBudget } from './body-budget.js';
import { bufferedReply, drop } from './buffered.js';

/** What sending needs. */
export interface IssuingOptions {
  readonly cache: Pick<LeaseCache, 'pace' | 'abandon' | 'issues'>;
  readonly clock: Clock;
  readonly budget: BodyBudget;
}

/** One request on its way. `client` is aborted when its client leaves; `keep` is called once it must be finished. */
export interface Sending {
  readonly exchange: Exchange;
  readonly next: () => Reply | Promise<Reply>;
  readonly client: AbortSignal;
  readonly keep?: (() => void) | undefined;
}

const LONGEST_WAIT_MS = 5_000;

/** Sends when its turn has come; 429 with Retry-After when that would take too long. */
export async function issue(options: IssuingOptions, sending: Sending): Promise<Reply> {
  const { exchange, next } = sending;
  const refusal = await paced(options, exchange);
  if (refusal !== undefined) return refusal;
  return mustFinish(options.cache, exchange) ? finished(options, sending) : next();
}

/** Sends to the end: the client's leaving is not told, and what nobody received and the cache does not hold is given back to the server. */
export async function finished(options: IssuingOptions, sending: Sending): Promise<Reply> {
  const { exchange, next, client } = sending;
  const before = exchange.signal;
  sending.keep?.();
  exchange.signal = new AbortController().signal;
  try {
    const reply = await next();
    if (client.aborted) await unreceived(options, exchange, reply);
    return reply;
  } finally {
    exchange.signal = before;
    if (client.aborted) options.budget.release(exchange);
  }
}

/** True for a request whose answer may hold a secret that would be lost with its client. */
export function mustFinish(cache: Pick<LeaseCache, 'issues'>, exchange: Exchange): boolean {
  const issues = cache.issues(exchange);
  return issues === 'surely' || (issues === 'perhaps' && (exchange.method === 'POST' || exchange.method === 'PUT'));
}

// asking takes a place in the order, so it is done once
async function paced({ cache, clock }: IssuingOptions, exchange: Exchange): Promise<Reply | undefined> {
  const waitMs = cache.pace(exchange);
  if (waitMs === undefined || waitMs <= 0) return undefined;
  if (waitMs > LONGEST_WAIT_MS) return tooMany(exchange, waitMs);
  await clock.sleep(waitMs, exchange.signal);
  return undefined;
}

function tooMany(exchange: Exchange, waitMs: number): Reply {
  const seconds = Math.ceil(waitMs / 1000);
  exchange.notes.why = 'paced';
  const reply = errorReply(429, CODES.REQUEST_TOO_MANY.text({ seconds }));
  reply.headers.push('Retry-After', String(seconds));
  return reply;
}

async function unreceived({ cache, budget }: IssuingOptions, exchange: Exchange, reply: Reply): Promise<void> {
  const { cache: answered, why } = exchange.notes;
  const kept = answered === 'hit' || why?.startsWith('stored-') === true;
  if (kept || reply.status < 200 || reply.status >= 300) return drop(reply);
  const whole = await bufferedReply(reply, { budget, owner: exchange });
  if (typeof whole === 'string') drop(reply);
  else cache.abandon(exchange, whole);
}
