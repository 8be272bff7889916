// Stage 8: answers from the cache, and stores what comes back when it can be stored. Answers that cannot be stored stream by (D-35).
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { LeaseCache } from '../../contracts/lease-cache.js';
import type { Logger } from '../../sdk/index.js';
import { bufferedReply } from '../buffered.js';

/** Makes the stage. */
export function recallStage(cache: LeaseCache, log: Logger): Stage {
  const debug = (): boolean => log.enabled?.('debug') ?? true;
  const fetched = async (exchange: Exchange, next: () => Reply | Promise<Reply>): Promise<Reply> => {
    const { epoch } = cache;
    const reply = await next();
    const stored = await remembered(cache, exchange, { reply, epoch });
    if (debug()) log.debug({ method: exchange.method, path: exchange.path, why: exchange.notes.why }, 'cache decision');
    return stored;
  };
  return function recall(exchange, next) {
    const key = exchange.cacheKey;
    if (key === undefined && exchange.notes.cache === 'bypass') return next();
    const found = key === undefined ? undefined : cache.recall(key);
    if (found === undefined) {
      exchange.notes.cache = 'miss';
      if (debug()) log.debug({ method: exchange.method, path: exchange.path }, 'forwarding request from cache');
      return fetched(exchange, next);
    }
    exchange.notes.cache = 'hit';
    exchange.notes.ageMs = found.ageMs;
    if (debug()) log.debug({ path: exchange.path }, 'returning cached response');
    return found.reply;
  };
}

async function remembered(
  cache: LeaseCache,
  exchange: Exchange,
  { reply, epoch }: { readonly reply: Reply; readonly epoch: number },
): Promise<Reply> {
  const refusal = cache.refusal(reply);
  if (refusal !== undefined) {
    exchange.notes.why = refusal;
    return reply;
  }
  const whole = await bufferedReply(reply);
  exchange.notes.why = whole === undefined ? 'answer-too-large' : cache.remember(exchange, whole, epoch);
  return whole ?? reply;
}
