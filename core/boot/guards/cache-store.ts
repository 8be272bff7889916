// Guard of a cache store: bounds each call, so that a store that hangs is a store that is away, and nobody waits for it for ever. It must not know what
// is stored.
import type { CacheStore } from '../../sdk/index.js';
import { agentError } from '../../sdk/index.js';
import { bounded, type Guarded } from './bounded.js';

/** A store's own bounds come first: Redis gives a command up after seconds. */
const CALL_MS = 30_000;
/** A whole store may be rewritten. */
const CLEAR_MS = 300_000;

/**
 * Wraps a store. What it cannot do stays missing. `start` and `stop` get their bounds where components are started and stopped; once it was stopped,
 * nobody waits for a call any more.
 */
export function guardStore(guarded: Guarded, store: CacheStore): CacheStore {
  const ended = new AbortController();
  const call = <T>(name: string, work: () => Promise<T>, boundMs = CALL_MS): Promise<T> =>
    bounded(guarded, { name, boundMs, outer: ended.signal }, work);
  const swap = store.swap?.bind(store);
  const changes = store.changes?.bind(store);
  const start = store.start?.bind(store);
  return {
    get: (key) => call('get', () => store.get(key)),
    put: (key, value, expiresAt) => call('put', () => store.put(key, value, expiresAt)),
    delete: (key) => call('delete', () => store.delete(key)),
    batch: (writes, options) => call('batch', () => store.batch(writes, options)),
    clear: () => call('clear', () => store.clear(), CLEAR_MS),
    entries: (prefix) => ({
      [Symbol.asyncIterator]: () => unstalled(guarded, store.entries(prefix)[Symbol.asyncIterator](), ended.signal),
    }),
    ...(swap && { swap: (...given) => call('swap', () => swap(...given)) }),
    ...(changes && { changes }),
    ...(start && { start }),
    stop: async (signal) => {
      ended.abort(agentError('CACHE_STORE_UNAVAILABLE', { why: 'it has been stopped' }));
      await store.stop?.(signal);
    },
  };
}

// One timer for the whole reading, as there may be very many records.
function unstalled<T>({ label, clock }: Guarded, source: AsyncIterator<T>, ended: AbortSignal): AsyncIterator<T> {
  let reads = 0;
  let fail: ((error: Error) => void) | undefined;
  let cancel = (): void => undefined;
  const leave = (): void => {
    cancel();
    ended.removeEventListener('abort', stopped);
  };
  const stopped = (): void => (leave(), fail?.(ended.reason as Error));
  const watch = (seen: number): void => {
    cancel = clock.after(CALL_MS, () => {
      if (reads !== seen || fail === undefined) return watch(reads);
      fail(agentError('PLUGIN_CALL_TIMEOUT', { plugin: label, call: 'entries', seconds: CALL_MS / 1000 }));
    });
  };
  const came = (result: IteratorResult<T>): IteratorResult<T> => {
    fail = undefined;
    reads++;
    if (result.done === true) leave();
    return result;
  };
  ended.addEventListener('abort', stopped, { once: true });
  if (!ended.aborted) watch(0);
  return {
    next: () =>
      new Promise((resolve, reject) => {
        fail = (error) => (leave(), reject(error));
        if (ended.aborted) return fail(ended.reason as Error);
        source.next().then((result) => resolve(came(result)), fail);
      }),
    return: (value: unknown) => {
      leave();
      // a reading that hangs cannot be ended, so nobody waits for that
      void source.return?.(value)?.catch(() => undefined);
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
