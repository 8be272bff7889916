// The one loop that writes: what is dirty goes to the store batch by batch. While the store is away everything is kept, up to a bound, and tried
// again with growing pauses. It knows nothing of opening and restoring.
import { fullJitter, nextBackoff } from '../../kernel/backoff.js';
import type { Clock } from '../../sdk/index.js';
import type { Sealer } from '../keys/sealer.js';
import { DirtyRecords, type BatchBounds, type Encode, type Taken } from './dirty.js';
import type { StoreView } from './store-view.js';
import { storeError, type Trouble } from './trouble.js';

/** What the writer needs. */
export interface WriterOptions {
  readonly view: StoreView;
  readonly scope: string;
  readonly clock: Clock;
  readonly trouble: Trouble;
  readonly random: () => number;
  /** Pause in which marks gather before a batch, ms; 0 writes at the end of the turn. */
  readonly gatherMs: number;
  /** Most records that wait; beyond it all are forgotten, and the store is emptied when it comes back. */
  readonly mostDirty: number;
  readonly batch?: BatchBounds | undefined;
  /** Before the first write after an outage: the store may not be the same any more. */
  readonly onReturn: () => Promise<void>;
  readonly onEncodeFailed: (error: unknown) => void;
}

/** `held`: nothing is written yet. `open`. `away`: the last write failed. `closed`: marks are ignored. */
export type WriterState = 'held' | 'open' | 'away' | 'closed';

interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
}

const BACKOFF = { minMs: 1_000, maxMs: 60_000 };

/** The writer of one journal. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #dirty: DirtyRecords;
  readonly #clears = new Set<string>();
  #sealer: Sealer | undefined;
  #state: WriterState = 'held';
  #overflowed = false;
  #waiters: Waiter[] = [];
  #inFlight = Infinity;
  #gathering: (() => void) | undefined;
  #retry: (() => void) | undefined;
  #backoffMs = 0;
  #tail: Promise<unknown> = Promise.resolve();
  #pumping = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#dirty = new DirtyRecords(options.mostDirty, options.batch);
  }

  get state(): WriterState {
    return this.#state;
  }

  /** Number of records that wait to be written. */
  get pending(): number {
    return this.#dirty.size;
  }

  /** True when marks were lost: what the store holds is no longer to be believed. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** True when the record is newer here than in the store: marked or cleared meanwhile, or nobody knows. */
  isNewer(key: string): boolean {
    return this.#overflowed || this.#dirty.has(key) || this.#isCleared(key);
  }

  mark(key: string, encode: Encode, expiresAt: number | undefined): void {
    if (this.#state === 'closed' || this.#overflowed) return;
    if (this.#dirty.mark(key, encode, expiresAt)) return this.#gather();
    this.#overflowed = true;
    this.#dirty.drop('');
  }

  clear(prefix: string): void {
    if (this.#state === 'closed') return;
    this.#dirty.drop(prefix);
    this.#clears.add(prefix);
    this.#gather();
  }

  /** Resolves when what is marked so far has been written or has failed; undefined when there is nothing to wait for. */
  settled(): Promise<void> | undefined {
    if (this.#state !== 'open' || !this.#hasWork()) return undefined;
    return new Promise((resolve) => this.#waiters.push({ upTo: this.#dirty.sequence, resolve }));
  }

  /** From now on records are sealed with this and written. */
  open(sealer: Sealer): void {
    this.#sealer = sealer;
    if (this.#state === 'held') this.#state = 'open';
    this.#gather();
  }

  /** Clears that were asked for before the store was read. */
  async clearNow(): Promise<void> {
    if (this.#overflowed) await this.#empty();
    for (const prefix of [...this.#clears]) {
      await this.#options.view.remove(prefix);
      this.#clears.delete(prefix);
    }
  }

  /** Runs a task between two batches. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(task, task);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Writes what is left, once, and ignores everything from then on. Resolves also when that failed; `signal` ends the waiting. */
  async close(signal?: AbortSignal): Promise<void> {
    this.#gathering?.();
    this.#retry?.();
    if (this.#state === 'open' || this.#state === 'away') await orAborted(this.#drain(), signal);
    this.#ignore();
  }

  /** Ignores everything from now on; nothing more is written. */
  discard(): void {
    this.#gathering?.();
    this.#retry?.();
    this.#ignore();
  }

  #ignore(): void {
    this.#state = 'closed';
    this.#dirty.drop('');
    this.#release(Infinity);
  }

  async #drain(): Promise<void> {
    while (this.#state !== 'closed' && this.#hasWork()) {
      const done = await this.alone(() => this.#writeOnce());
      if (!done) return;
    }
  }

  #hasWork(): boolean {
    return this.#dirty.size > 0 || this.#clears.size > 0 || this.#overflowed || this.#inFlight !== Infinity;
  }

  #gather(): void {
    if (this.#state !== 'open' || this.#pumping || this.#gathering !== undefined || !this.#hasWork()) return;
    const { gatherMs, clock } = this.#options;
    const go = (): void => {
      if (this.#gathering === undefined) return;
      this.#gathering = undefined;
      void this.#pump();
    };
    this.#gathering = (): void => undefined;
    if (gatherMs === 0) queueMicrotask(go);
    else {
      const cancel = clock.after(gatherMs, go);
      this.#gathering = () => {
        cancel();
        this.#gathering = undefined;
      };
    }
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#state === 'open' && this.#hasWork()) {
      if (!(await this.alone(() => this.#writeOnce()))) break;
    }
    this.#pumping = false;
  }

  /** One batch. False when it failed; then the writer is away. Never throws. */
  async #writeOnce(): Promise<boolean> {
    const { view, scope, trouble } = this.#options;
    if (this.#sealer === undefined || this.#state === 'closed') return false;
    let taken: Taken | undefined;
    try {
      if (this.#state === 'away') await this.#options.onReturn();
      await this.clearNow();
      taken = this.#take(this.#sealer, scope);
      if (taken.writes.length > 0) await view.write(taken.writes);
    } catch (error) {
      if (taken !== undefined) this.#giveBack(taken);
      this.#inFlight = Infinity;
      this.#goAway(error);
      return false;
    }
    this.#inFlight = Infinity;
    if (this.#clears.size === 0) this.#release(this.#dirty.oldest);
    this.#backoffMs = 0;
    if (this.#state === 'away') {
      this.#state = 'open';
      trouble.well();
    }
    return true;
  }

  #take(sealer: Sealer, scope: string): Taken {
    const seal = (key: string, plain: Uint8Array): Uint8Array => sealer.seal(scope + key, plain);
    const taken = this.#dirty.take(seal, this.#options.onEncodeFailed);
    this.#inFlight = taken.marks[0]?.[1].sequence ?? Infinity;
    return scope === '' ? taken : { ...taken, writes: taken.writes.map((w) => ({ ...w, key: scope + w.key })) };
  }

  // What was cleared while it was on its way must not come back after the clear.
  #giveBack(taken: Taken): void {
    this.#dirty.giveBack({ ...taken, marks: taken.marks.filter(([key]) => !this.#isCleared(key)) });
  }

  #isCleared(key: string): boolean {
    for (const prefix of this.#clears) if (key.startsWith(prefix)) return true;
    return false;
  }

  async #empty(): Promise<void> {
    await this.#options.view.remove('');
    this.#overflowed = false;
    this.#clears.clear();
  }

  #goAway(error: unknown): void {
    if (this.#state === 'closed') return;
    this.#state = 'away';
    this.#options.trouble.bad(storeError(error));
    this.#release(Infinity);
    this.#backoffMs = nextBackoff(this.#backoffMs, BACKOFF, this.#options.random);
    this.#retry?.();
    const delayMs = this.#backoffMs + fullJitter(BACKOFF.minMs, this.#options.random);
    const cancel = this.#options.clock.after(delayMs, () => void this.#tryAgain());
    this.#retry = () => {
      cancel();
      this.#retry = undefined;
    };
  }

  async #tryAgain(): Promise<void> {
    if (this.#state !== 'away') return;
    if (await this.alone(() => this.#writeOnce())) this.#gather();
  }

  #release(oldest: number): void {
    const waiting = this.#waiters;
    this.#waiters = waiting.filter(({ upTo }) => upTo >= oldest);
    for (const { upTo, resolve } of waiting) if (upTo < oldest) resolve();
  }
}

function orAborted(task: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return task;
  return new Promise((resolve) => {
    const leave = (): void => resolve();
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    void task.finally(() => {
      signal.removeEventListener('abort', leave);
      resolve();
    });
  });
}
