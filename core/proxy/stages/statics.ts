// Between recall and observe: answers reads of static secrets from their cache, fetches each once for all that ask, and stands in with the old answer
// while the server cannot answer.
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { StaticCache, StaticHit } from '../../contracts/static-cache.js';
import { SingleFlight } from '../../kernel/single-flight.js';
import { AgentError } from '../../sdk/index.js';
import type { BodyBudget } from '../body-budget.js';
import { bufferedReply, drop } from '../buffered.js';
import { refuseLoop } from '../own-mark.js';

type Next = () => Reply | Promise<Reply>;

/** What the stage needs. */
export interface StaticsOptions {
  readonly statics: StaticCache;
  readonly budget: BodyBudget;
  /** Mark of this process (D-62). */
  readonly instance: string;
}

/** Makes the stage. */
export function staticsStage(options: StaticsOptions): Stage {
  const { statics: cache } = options;
  const flights = new SingleFlight<Reply>();
  return function statics(exchange, next) {
    const why = cache.bypass(exchange);
    if (why !== undefined) return passed(exchange, why, next);
    const found = cache.recall(exchange);
    if (found !== undefined) return hit(exchange, found);
    exchange.notes.cache = 'miss';
    refuseLoop(exchange.headers, options.instance);
    return fly({ options, flights, exchange, next });
  };
}

// what the cache of leases said first stands
function passed(exchange: Exchange, why: string, next: Next): Reply | Promise<Reply> {
  const { notes } = exchange;
  if (notes.cache === undefined) {
    notes.cache = 'bypass';
    notes.why = why;
  }
  return next();
}

interface Boarding {
  readonly options: StaticsOptions;
  readonly flights: SingleFlight<Reply>;
  readonly exchange: Exchange;
  readonly next: Next;
}

function fly({ options, flights, exchange, next }: Boarding): Promise<Reply> {
  const { statics: cache } = options;
  const client = exchange.signal;
  const seat = flights.join(cache.keyOf(exchange), client, async (signal) => {
    exchange.signal = signal;
    try {
      return await fetched(options, exchange, next);
    } finally {
      exchange.signal = client;
    }
  });
  if (seat.first) return seat.outcome;
  return seat.outcome.then(
    () => {
      const found = cache.recall(exchange);
      return found === undefined ? fetched(options, exchange, next) : hit(exchange, found);
    },
    (error: unknown) => {
      const old = client.aborted ? undefined : rescued(cache, exchange);
      if (old === undefined) throw error;
      return old;
    },
  );
}

async function fetched({ statics: cache, budget }: StaticsOptions, exchange: Exchange, next: Next): Promise<Reply> {
  const { epoch } = cache;
  let reply: Reply;
  try {
    reply = await next();
  } catch (error) {
    const old = outOfReach(error) ? rescued(cache, exchange) : undefined;
    if (old === undefined) throw error;
    return old;
  }
  if (reply.status >= 500) return rescuedFrom(cache, exchange, reply);
  if (reply.status === 403 || reply.status === 404) cache.refused(exchange, reply.status);
  const refusal = cache.refusal(reply);
  if (refusal !== undefined) return noted(exchange, refusal, reply);
  const whole = await bufferedReply(reply, { budget, owner: exchange });
  if (typeof whole === 'string')
    return noted(exchange, whole === 'too-large' ? 'answer-too-large' : 'body-budget', reply);
  return noted(exchange, cache.remember(exchange, whole, epoch), whole);
}

const outOfReach = (error: unknown): boolean =>
  error instanceof AgentError && error.code.startsWith('UPSTREAM_') && error.code !== 'UPSTREAM_CANCELLED';

function rescuedFrom(cache: StaticCache, exchange: Exchange, reply: Reply): Reply {
  const old = rescued(cache, exchange);
  if (old === undefined) return noted(exchange, 'status', reply);
  drop(reply);
  return old;
}

function rescued(cache: StaticCache, exchange: Exchange): Reply | undefined {
  const found = cache.rescue(exchange);
  return found === undefined ? undefined : hit(exchange, found);
}

function noted(exchange: Exchange, why: string, reply: Reply): Reply {
  exchange.notes.why = why;
  return reply;
}

/** The answer, which comes labelled; its head is shared and stays as it is. */
function hit(exchange: Exchange, { reply, ageMs, stale }: StaticHit): Reply {
  exchange.notes.cache = 'hit';
  exchange.notes.ageMs = ageMs;
  return stale ? { ...reply, headers: [...reply.headers, 'X-Cache-Reason', 'stale'] } : reply;
}
