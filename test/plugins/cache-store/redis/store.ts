// Stores for tests, with a clock that runs and bounds that are short.
import { systemClock } from '../../../../core/kernel/clock.js';
import type { CacheStore, StoreNews } from '../../../../core/sdk/index.js';
import { loadPlugin, makeFakes, type Fakes } from '../../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../../plugins/cache-store/redis/plugin.json', import.meta.url).href;

/** A store as tests use it. */
export type Store = Required<CacheStore>;

/** One store with its stand-ins; `all` is where it waits to be stopped. */
export async function makeStore(
  settings: object,
  all: Store[],
): Promise<{ readonly store: Store; readonly fakes: Fakes }> {
  const fakes = { ...makeFakes(), clock: systemClock() } as unknown as Fakes;
  const given = { prefix: 'test', command_timeout: 200, connect_timeout: 400, ...settings };
  const { plugin } = await loadPlugin<Store>(MANIFEST, { settings: given, fakes });
  all.push(plugin);
  return { store: plugin, fakes };
}

/** Code and text of what a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<{ readonly code: string; readonly text: string }> {
  try {
    await promise;
  } catch (error) {
    const { code, message, hint = '' } = error as { code: string; message: string; hint?: string };
    return { code, text: `${message}; ${hint}` };
  }
  throw new Error('it did not fail');
}

/** Asks again and again until `look` is content. */
export async function until(look: () => Promise<boolean> | boolean): Promise<void> {
  const clock = systemClock();
  const end = clock.now() + 8000;
  while (!(await look())) {
    if (clock.now() > end) throw new Error('it never came to that');
    await clock.sleep(20);
  }
}

/** Reads news into a list until aborted. */
export function listen(store: Store, signal: AbortSignal): StoreNews[] {
  const heard: StoreNews[] = [];
  void (async () => {
    for await (const news of store.changes(signal)) heard.push(news);
  })();
  return heard;
}
