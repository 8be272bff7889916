// Stage 7: equal requests that may bring a secret become one call; the others wait and then find the answer (C-10). Only for full keys and only
// for candidates (D-13). A hit passes without a promise.
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { LeaseCache } from '../../contracts/lease-cache.js';
import { SingleFlight } from '../../kernel/single-flight.js';
import { AgentError } from '../../sdk/index.js';
import { collected } from '../body-budget.js';
import { finished, issue, type IssuingOptions } from '../issuing.js';
import { refuseLoop } from '../own-mark.js';

type Next = () => Reply | Promise<Reply>;

/** What the stage needs. */
export interface CoalesceOptions extends IssuingOptions {
  readonly cache: LeaseCache;
  /** Mark of this process (D-62). */
  readonly instance: string;
}

/** Makes the stage. It finds the key of the request, or notes why there is none. */
export function coalesceStage(options: CoalesceOptions): Stage {
  const { cache, budget } = options;
  const flights = new SingleFlight<Outcome>();
  const keyed = (exchange: Exchange, next: Next): Reply | Promise<Reply> => {
    const key = cache.keyOf(exchange);
    if (key === undefined) return passed(options, exchange, 'no-key', next);
    exchange.cacheKey = key;
    if (cache.held(key) === 'fresh') return next();
    refuseLoop(exchange.headers, options.instance);
    return fly({ options, flights, key, exchange, next, client: exchange.signal });
  };
  return function coalesce(exchange, next) {
    const reason = cache.bypass(exchange);
    if (reason !== undefined) return passed(options, exchange, reason, next);
    // nothing was ever stored for it, so it needs no key, which is a digest, and no body in memory
    if (cache.issues(exchange) === 'never') return next();
    const { body } = exchange;
    if (body instanceof Uint8Array) return keyed(exchange, next);
    return collected(body, { budget, owner: exchange }).then((bytes) => {
      if (bytes === 'too-large') return passed(options, exchange, 'body-too-large', next);
      if (bytes === 'no-room') return passed(options, exchange, 'body-budget', next);
      exchange.body = bytes;
      return keyed(exchange, next);
    });
  };
}

function passed(options: CoalesceOptions, exchange: Exchange, why: string, next: Next): Reply | Promise<Reply> {
  exchange.notes.cache = 'bypass';
  exchange.notes.why = why;
  // asking for a fresh secret makes one too; a body that the client still sends ends with it anyway
  return options.cache.issues(exchange) === 'surely'
    ? finished(options, { exchange, next, client: exchange.signal })
    : next();
}

interface Outcome {
  readonly reply: Reply;
  /** Sent before something ended that may have meant it: nobody else may wait for it. */
  readonly raced: boolean;
}

interface Boarding {
  readonly options: CoalesceOptions;
  readonly flights: SingleFlight<Outcome>;
  readonly key: string;
  readonly exchange: Exchange;
  readonly next: Next;
  readonly client: AbortSignal;
  /** True for one that waited for a flight already. */
  readonly second?: boolean;
}

function fly(boarding: Boarding): Promise<Reply> {
  const { flights, key, client } = boarding;
  const seat = flights.join(key, client, (signal, keep) => lead(boarding, signal, keep));
  if (seat.first) return seat.outcome.then(({ reply }) => reply);
  return seat.outcome.then(
    ({ raced }) => follow(boarding, raced),
    (error: unknown) => {
      // the leader's fruitless wait for the server is not repeated by each of those who waited with it
      if (client.aborted || (error instanceof AgentError && error.code.startsWith('UPSTREAM_'))) throw error;
      return follow(boarding, false);
    },
  );
}

async function lead(boarding: Boarding, signal: AbortSignal, keep: () => void): Promise<Outcome> {
  const { options, exchange, key, next, client } = boarding;
  exchange.signal = signal;
  try {
    await options.cache.seek(exchange, signal);
    if (options.cache.held(key) === 'fresh') return { reply: await next(), raced: false };
    const reply = await issue(options, { exchange, next, client, keep });
    // nobody is there to read what still streams
    if (client.aborted && !(reply.body instanceof Uint8Array)) reply.body.cancel();
    return { reply, raced: exchange.notes.why === 'raced' };
  } finally {
    exchange.signal = client;
  }
}

/** The flight that was waited for is over: its answer is held, or this request goes by itself. After a raced one a new flight may be shared. */
function follow(boarding: Boarding, raced: boolean): Reply | Promise<Reply> {
  const { options, key, exchange, next, client, second } = boarding;
  if (options.cache.held(key) === 'fresh') return next();
  if (raced && second !== true) return fly({ ...boarding, second: true });
  return issue(options, { exchange, next, client });
}
