// One store for several agents, in memory: swap, news and a heartbeat by the clock, outages on demand.
import { agentError, type CacheStore, type Clock, type StoreNews } from '../../../../core/sdk/index.js';

/** What all agents see. */
export class SharedMemory {
  readonly records = new Map<string, { value: Uint8Array; expiresAt: number }>();
  readonly views: StoreView[] = [];
  readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  view(): StoreView {
    const view = new StoreView(this);
    this.views.push(view);
    return view;
  }

  /** Everything that lies there, as text. */
  text(): string {
    return [...this.records].map(([key, { value }]) => `${key} ${Buffer.from(value).toString('latin1')}`).join('\n');
  }
}

/** The store of one agent. */
export class StoreView implements CacheStore {
  /** Calls fail and nothing is heard. */
  away = false;
  /** Runs before the next swap is done. */
  beforeSwap: (() => void | Promise<void>) | undefined;
  readonly #memory: SharedMemory;
  #listener: ((news: StoreNews) => void) | undefined;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#reach();
    return this.#live(key);
  }

  async put(): Promise<void> {
    throw new Error('sharing only swaps');
  }

  delete(): Promise<void> {
    return this.put();
  }

  batch(): Promise<void> {
    return this.put();
  }

  clear(): Promise<void> {
    return this.put();
  }

  async *entries(): AsyncIterable<readonly [string, Uint8Array]> {
    yield* [];
  }

  async swap(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    expiresAt = Infinity,
  ): Promise<boolean> {
    const before = this.beforeSwap;
    this.beforeSwap = undefined;
    await before?.();
    this.#reach();
    const found = this.#live(key);
    if ((found === undefined) !== (expected === undefined)) return false;
    if (found !== undefined && !Buffer.from(found).equals(expected!)) return false;
    if (value === undefined) this.#memory.records.delete(key);
    else this.#memory.records.set(key, { value: Uint8Array.from(value), expiresAt });
    for (const view of this.#memory.views) if (view !== this) view.tell({ news: 'changed', key });
    return true;
  }

  async *changes(signal: AbortSignal): AsyncIterable<StoreNews> {
    const waiting: StoreNews[] = [{ news: 'gap' }];
    let wake = (): void => undefined;
    let cancel = (): void => undefined;
    this.#listener = (news) => (waiting.push(news), wake());
    const beat = (): void => {
      cancel = this.#memory.clock.after(2000, () => (this.tell({ news: 'heard' }), beat()));
    };
    beat();
    signal.addEventListener('abort', () => (cancel(), wake()), { once: true });
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  tell(news: StoreNews): void {
    if (!this.away) this.#listener?.(news);
  }

  #live(key: string): Uint8Array | undefined {
    const found = this.#memory.records.get(key);
    return found === undefined || found.expiresAt <= this.#memory.clock.now() ? undefined : found.value;
  }

  #reach(): void {
    if (this.away) throw agentError('CACHE_STORE_UNAVAILABLE', { why: 'away' });
  }
}
