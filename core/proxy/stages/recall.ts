// Stage 8: answers from the cache of leases and tokens, and stores what comes back when it can be stored. Answers that cannot be stored stream by
// (D-35). What the cache of static secrets answers is left alone.
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { LeaseCache } from '../../contracts/lease-cache.js';
import { agentError, type Logger } from '../../sdk/index.js';
import type { BodyBudget } from '../body-budget.js';
import { bufferedReply } from '../buffered.js';

/** What the stage needs. */
export interface RecallOptions {
  readonly cache: LeaseCache;
  readonly budget: BodyBudget;
  readonly log: Logger;
}

/** Makes the stage. */
export function recallStage(options: RecallOptions): Stage {
  const { cache, log } = options;
  const debug = (): boolean => log.enabled?.('debug') ?? true;
  const came = async (exchange: Exchange, reply: Reply, epoch: number): Promise<Reply> => {
    const stored = await remembered(options, exchange, { reply, epoch });
    if (debug()) log.debug({ method: exchange.method, path: exchange.path, why: exchange.notes.why }, 'cache decision');
    return stored;
  };
  return function recall(exchange, next) {
    const { notes, cacheKey: key } = exchange;
    if (key === undefined && notes.cache === 'bypass') return next();
    const found = key === undefined ? undefined : cache.recall(key);
    if (found !== undefined) {
      if (debug()) log.debug({ path: exchange.path }, 'returning cached response');
      return hit(exchange, found);
    }
    notes.cache = 'miss';
    if (debug()) log.debug({ method: exchange.method, path: exchange.path }, 'forwarding request from cache');
    const { epoch } = cache;
    const reply = next();
    if (reply instanceof Promise) return reply.then((late) => (isHit(exchange) ? late : came(exchange, late, epoch)));
    return isHit(exchange) ? reply : came(exchange, reply, epoch);
  };
}

// a later stage may have found it
const isHit = ({ notes }: Exchange): boolean => notes.cache === 'hit';

function hit(exchange: Exchange, found: NonNullable<ReturnType<LeaseCache['recall']>>): Reply {
  exchange.notes.cache = 'hit';
  exchange.notes.ageMs = found.ageMs;
  return found.reply;
}

async function remembered(
  { cache, budget }: RecallOptions,
  exchange: Exchange,
  { reply, epoch }: { readonly reply: Reply; readonly epoch: number },
): Promise<Reply> {
  const refusal = cache.refusal(reply);
  if (refusal !== undefined) return noted(exchange, refusal, reply);
  const whole = await bufferedReply(reply, { budget, owner: exchange });
  if (typeof whole === 'string')
    return noted(exchange, whole === 'too-large' ? 'answer-too-large' : 'body-budget', reply);
  const why = await cache.remember(exchange, whole, epoch);
  if (why === 'shared-lost') return adopted(cache, exchange);
  return noted(exchange, why, whole);
}

/** Another agent was faster: its lease is given out, and this answer's own, which the cache gives back, to nobody. */
function adopted(cache: LeaseCache, exchange: Exchange): Reply {
  exchange.notes.why = 'shared-lost';
  const found = exchange.cacheKey === undefined ? undefined : cache.recall(exchange.cacheKey);
  if (found === undefined) throw agentError('REQUEST_OVERTAKEN', {});
  return hit(exchange, found);
}

// of a lease or a token the cache of static secrets only says that it is one
const NOT_ITS_OWN: ReadonlySet<string | undefined> = new Set([undefined, 'leased', 'auth']);

// what the cache of static secrets said of its own candidate is told, unless the answer turned out to be one for this cache
function noted(exchange: Exchange, why: string, reply: Reply): Reply {
  if (NOT_ITS_OWN.has(exchange.notes.why) || why.startsWith('stored-')) exchange.notes.why = why;
  return reply;
}
