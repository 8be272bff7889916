// The store as the journal uses it: its own scope of keys, a bound for each write, whole prefixes at once. No record is opened here.
import { agentError, type CacheStore, type Clock, type StoreWrite } from '../../sdk/index.js';

/** What a view is made of. */
export interface ViewOptions {
  readonly store: CacheStore;
  /** Stands before each record key; empty for a store of one's own. */
  readonly scope: string;
  readonly metaKey: string;
  readonly durable: boolean;
  readonly clock: Clock;
  /** A write that takes longer counts as failed, ms. */
  readonly timeoutMs: number;
}

const CHUNK = 1_000;

/** Writes and deletes within one scope. */
export class StoreView {
  readonly #options: ViewOptions;
  /** A write that took too long and may still happen. The next one must wait for it, or the older could come last. */
  #late: Promise<void> | undefined;

  constructor(options: ViewOptions) {
    this.#options = options;
  }

  /** Throws what the store throws, or CACHE_STORE_UNAVAILABLE when it does not answer in time. */
  async write(writes: readonly StoreWrite[]): Promise<void> {
    const { store, durable, timeoutMs, clock } = this.#options;
    this.#refuseWhileLate();
    const task = store.batch(writes, { durable });
    const late = Symbol('late');
    let cancel = (): void => undefined;
    const bound = new Promise<typeof late>((resolve) => (cancel = clock.after(timeoutMs, () => resolve(late))));
    const first = await Promise.race([task, bound]).finally(() => cancel());
    if (first !== late) return;
    this.#late = task.then(forget, forget).finally(() => (this.#late = undefined));
    throw slow(timeoutMs);
  }

  /** Deletes everything below a record prefix; the empty one means all records of this scope. */
  async remove(prefix: string): Promise<void> {
    const { store, scope, metaKey } = this.#options;
    this.#refuseWhileLate();
    let gone: StoreWrite[] = [];
    for await (const [key] of store.entries(scope + prefix)) {
      if (key === metaKey) continue;
      gone.push({ key });
      if (gone.length < CHUNK) continue;
      await this.write(gone);
      gone = [];
    }
    if (gone.length > 0) await this.write(gone);
  }

  #refuseWhileLate(): void {
    if (this.#late !== undefined) throw slow(this.#options.timeoutMs);
  }

  /** Everything, the meta record too. */
  async erase(): Promise<void> {
    const { store, scope, metaKey } = this.#options;
    this.#refuseWhileLate();
    if (scope === '') return store.clear();
    await this.remove('');
    if (metaKey.startsWith(scope)) await this.write([{ key: metaKey }]);
  }
}

const forget = (): void => undefined;
const slow = (timeoutMs: number): Error =>
  agentError('CACHE_STORE_UNAVAILABLE', { why: `no answer to a write within ${timeoutMs / 1000} s` });
