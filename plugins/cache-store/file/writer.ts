// Appends to the log, one chunk after another, and syncs: at once for durable batches, which share the sync, else within 50 ms. After a failure the
// log is what it was before. It must not know what records are, nor when segments are rewritten.
import type { Clock, StoreWrite } from 'claviger/sdk';
import { Draft, type Outcome, type Stand } from './draft.js';
import type { Segment } from './segment.js';

/** Longest time, in ms, until what was written is synced. */
export const SYNC_AFTER_MS = 50;
/** The same after a sync that failed. */
const SYNC_AGAIN_MS = 1000;
const MOST_CHUNK_BYTES = 4 * 1024 * 1024;

/** What the writer needs. */
export interface WriterParts {
  readonly clock: Clock;
  /** Rejects while nothing may be written (the folder has another owner). */
  readonly mayWrite: () => Promise<void>;
  /** Called when frames have been written, in order, before their promises resolve. */
  readonly written: (outcomes: readonly Outcome[]) => void;
  /** Called when a sync failed: what was written since the last one may be lost although it can be read. */
  readonly syncFailed: (error: unknown) => void;
}

interface Job {
  readonly run: (() => Promise<void>) | undefined;
  readonly writes: readonly StoreWrite[];
  readonly durable: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The writing end of the store. */
export class Writer {
  readonly #parts: WriterParts;
  #segment: Segment;
  #stand: Stand;
  #synced: number;
  #marked: number;
  #queue: Job[] = [];
  #running: Promise<void> | undefined;
  #waiting: Job[] = [];
  #syncing: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #tail = false;
  #isAlone = false;
  #syncDelayMs = SYNC_AFTER_MS;

  constructor(parts: WriterParts, segment: Segment, stand: Stand) {
    this.#parts = parts;
    this.#segment = segment;
    this.#stand = stand;
    this.#synced = stand.next;
    this.#marked = stand.next;
  }

  get segment(): Segment {
    return this.#segment;
  }

  get stand(): Stand {
    return this.#stand;
  }

  /** Writes a batch; resolves when it is written, if durable: synced. */
  write(writes: readonly StoreWrite[], durable: boolean): Promise<void> {
    return this.#enqueue({ run: undefined, writes, durable });
  }

  /** Runs `task` while nothing is written and nothing synced. */
  alone(task: () => Promise<void>): Promise<void> {
    return this.#enqueue({ run: task, writes: [], durable: false });
  }

  /** Goes on in another segment, which begins with a marker and is synced. Only inside `alone`, after `settle`. */
  moveTo(segment: Segment): void {
    this.#segment = segment;
    this.#tail = false;
    this.#synced = this.#stand.next;
    this.#marked = this.#stand.next;
  }

  /** Syncs what is written and says so in the log. Only inside `alone`. */
  async settle(): Promise<void> {
    this.#stopTimer();
    if (this.#synced < this.#stand.next) await this.#syncOnce();
    if (this.#marked < this.#synced) await this.#append([]).catch(() => undefined);
  }

  /** Waits for everything asked so far and leaves no timer. */
  async end(): Promise<void> {
    while (this.#running !== undefined || this.#syncing !== undefined) {
      await this.#running;
      await this.#syncing;
    }
    this.#stopTimer();
  }

  #enqueue(job: Omit<Job, 'resolve' | 'reject'>): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.#queue.push({ ...job, resolve, reject }));
    this.#wake();
    return done;
  }

  #wake(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#queue.length > 0) this.#wake();
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const task = this.#queue[0]!.run;
      if (task === undefined) await this.#writeChunk(this.#takeChunk());
      else await this.#runAlone(this.#queue.shift()!, task);
    }
  }

  async #runAlone(job: Job, task: () => Promise<void>): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing;
    this.#isAlone = true;
    await task().then(job.resolve, job.reject);
    this.#isAlone = false;
    this.#syncSoon();
  }

  #takeChunk(): Job[] {
    let bytes = 0;
    const end = this.#queue.findIndex(({ run, writes }) => {
      if (run !== undefined || bytes > MOST_CHUNK_BYTES) return true;
      bytes += writes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
      return false;
    });
    return this.#queue.splice(0, end < 0 ? this.#queue.length : end);
  }

  async #writeChunk(jobs: readonly Job[]): Promise<void> {
    try {
      await this.#append(jobs);
    } catch (error) {
      for (const { reject } of jobs) reject(error);
      return;
    }
    this.#waiting.push(...jobs.filter(({ durable }) => durable));
    for (const { durable, resolve } of jobs) if (!durable) resolve();
    if (this.#waiting.length > 0) this.#sync();
    else this.#syncSoon();
  }

  /** Writes jobs as they are or not at all. With each chunk goes a marker when there was a sync since the last one. */
  async #append(jobs: readonly Job[]): Promise<void> {
    await this.#parts.mayWrite();
    await this.#cutTail();
    const draft = new Draft(this.#segment, this.#stand);
    const marked = this.#synced;
    if (this.#marked < marked) draft.marker(marked);
    for (const { writes } of jobs) draft.batch(writes);
    if (draft.length === 0) return;
    try {
      await this.#segment.append(draft.bytes());
    } catch (error) {
      this.#tail = true;
      await this.#cutTail().catch(() => undefined);
      throw error;
    }
    this.#stand = draft.stand;
    this.#marked = marked;
    this.#parts.written(draft.outcomes);
  }

  /** A write that failed may have left bytes behind the log. They must go before anything else is written. */
  async #cutTail(): Promise<void> {
    if (!this.#tail) return;
    await this.#segment.file.truncate(this.#segment.size);
    this.#tail = false;
  }

  #sync(): void {
    this.#stopTimer();
    if (this.#isAlone) return;
    this.#syncing ??= this.#syncOnce()
      .catch(() => undefined)
      .finally(() => {
        this.#syncing = undefined;
        if (this.#waiting.length > 0) this.#sync();
        else if (this.#synced < this.#stand.next) this.#syncSoon();
        else if (this.#marked < this.#synced) this.#mark();
      });
  }

  async #syncOnce(): Promise<void> {
    const upTo = this.#stand.next;
    const waiting = this.#waiting.splice(0);
    try {
      await this.#segment.file.sync();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
      this.#syncDelayMs = SYNC_AGAIN_MS;
      this.#parts.syncFailed(error);
      throw error;
    }
    this.#syncDelayMs = SYNC_AFTER_MS;
    this.#synced = upTo;
    for (const { resolve } of waiting) resolve();
  }

  /** An empty chunk, which carries the marker. It is a comfort, not a promise: its failure is nobody's. */
  #mark(): void {
    this.#enqueue({ run: undefined, writes: [], durable: false }).catch(() => undefined);
  }

  #syncSoon(): void {
    if (this.#synced === this.#stand.next) return;
    this.#cancelTimer ??= this.#parts.clock.after(this.#syncDelayMs, () => {
      this.#cancelTimer = undefined;
      this.#sync();
    });
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
