// Stage 7: equal requests that may bring a secret become one call; the others wait and then find the answer (C-10). Only for full keys and only
// for candidates (D-13). A hit passes without a promise.
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { LeaseCache } from '../../contracts/lease-cache.js';
import { SingleFlight } from '../../kernel/single-flight.js';
import { AgentError } from '../../sdk/index.js';
import { BUFFER_LIMIT } from '../buffered.js';

type Next = () => Reply | Promise<Reply>;

/** Makes the stage. It finds the key of the request, or notes why there is none. */
export function coalesceStage(cache: LeaseCache): Stage {
  const flights = new SingleFlight<Reply>();
  const keyed = (exchange: Exchange, next: Next): Reply | Promise<Reply> => {
    const issues = cache.issues(exchange);
    // nothing was ever stored for it, so it needs no key, which is a digest
    if (issues === 'never') return next();
    const key = cache.keyOf(exchange);
    if (key === undefined) return passed(exchange, 'no-key', next);
    exchange.cacheKey = key;
    if (cache.has(key)) return next();
    return fly({ flights, key, exchange, next, keep: issues === 'surely' });
  };
  return function coalesce(exchange, next) {
    const reason = cache.bypass(exchange);
    if (reason !== undefined) return passed(exchange, reason, next);
    const { body } = exchange;
    if (body instanceof Uint8Array) return keyed(exchange, next);
    return body.collect(BUFFER_LIMIT).then((bytes) => {
      if (bytes === undefined) return passed(exchange, 'body-too-large', next);
      exchange.body = bytes;
      return keyed(exchange, next);
    });
  };
}

function passed(exchange: Exchange, why: string, next: Next): Reply | Promise<Reply> {
  exchange.notes.cache = 'bypass';
  exchange.notes.why = why;
  return next();
}

interface Boarding {
  readonly flights: SingleFlight<Reply>;
  readonly key: string;
  readonly exchange: Exchange;
  readonly next: Next;
  /** True when the call must be finished even if every client left: it may issue a secret (D-30). */
  readonly keep: boolean;
}

function fly({ flights, key, exchange, next, keep }: Boarding): Promise<Reply> {
  const client = exchange.signal;
  const run = async (signal: AbortSignal): Promise<Reply> => {
    exchange.signal = signal;
    const reply = await next();
    // nobody is there to read what still streams
    if (client.aborted && !(reply.body instanceof Uint8Array)) reply.body.cancel();
    return reply;
  };
  const seat = flights.join(key, client, { run, keep });
  if (seat.first) return seat.outcome;
  return seat.outcome.then(
    () => next(),
    (error: unknown) => {
      // the leader's fruitless wait for the server is not repeated by each of those who waited with it
      if (client.aborted || (error instanceof AgentError && error.code.startsWith('UPSTREAM_'))) throw error;
      return next();
    },
  );
}
