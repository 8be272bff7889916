// Stage 5: says whether the cache answered, and counts. Hits come with their labels (X-Cache, Age, Date); here MISS is added to every other
// success, as clients of the reference expect, also without a cache (P-11), and the reason (see contracts/reasons.ts). Errors are not labelled.
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { Metrics, Series } from '../../contracts/metrics.js';
import type { LastReasons } from '../last-reasons.js';

/** Makes the stage. `reasons` remembers for inspection what is told here. */
export function labelStage(metrics: Metrics, reasons?: Pick<LastReasons, 'note'>): Stage {
  const success = metrics.series('agent.proxy.success');
  const clientError = metrics.series('agent.proxy.client_error');
  const hit = metrics.series('agent.cache.hit');
  const miss = metrics.series('agent.cache.miss');
  const bypass = bypassCounter(metrics);
  const mark = (exchange: Exchange, reply: Reply): Reply => {
    const { cache, why } = exchange.notes;
    if (cache === 'hit') {
      success.add();
      hit.add();
      return reply;
    }
    if (why !== undefined) {
      reasons?.note(exchange, why);
      if (!why.startsWith('stored-')) bypass(why).add();
    }
    if (!isSuccess(reply.status, exchange.path)) {
      clientError.add();
      return reply;
    }
    success.add();
    miss.add();
    const labels = why === undefined ? ['X-Cache', 'MISS'] : ['X-Cache', 'MISS', 'X-Cache-Reason', why];
    return { status: reply.status, headers: [...reply.headers, ...labels], body: reply.body };
  };
  return function label(exchange, next) {
    const reply = next();
    return reply instanceof Promise ? reply.then((late) => mark(exchange, late)) : mark(exchange, reply);
  };
}

/** An error is a status outside 200 to 399, but a standby's 429 on sys/health is none (U-10). */
export function isSuccess(status: number, path: string): boolean {
  return (status >= 200 && status < 400) || (status === 429 && path === '/v1/sys/health');
}

function bypassCounter(metrics: Metrics): (reason: string) => Series {
  const known = new Map<string, Series>();
  return (reason) => {
    let series = known.get(reason);
    if (series === undefined) known.set(reason, (series = metrics.series('agent.cache.bypass', { reason })));
    return series;
  };
}
