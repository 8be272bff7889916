// Any number of deadlines on one timer. Deadlines of days do not overflow setTimeout (24.8 days), and a jump of the wall clock is noticed within
// a minute, because no sleep is longer than that.

interface Deadline {
  readonly at: number;
  readonly order: number;
  task: (() => void) | undefined;
}

/** How the heap asks for the time and for one wake-up. */
export interface HeapTimer {
  /** Wall clock, ms. */
  now(): number;
  /** One wake-up after `delayMs`; the result cancels it. */
  wake(delayMs: number, task: () => void): () => void;
}

const LONGEST_SLEEP_MS = 60_000;

/** A binary heap of deadlines with lazy deletion. A task that throws does not stop the others; its error is thrown after they ran. */
export class TimerHeap {
  readonly #timer: HeapTimer;
  readonly #heap: Deadline[] = [];
  #order = 0;
  #cancelled = 0;
  #cancelWake: (() => void) | undefined;
  #wakeAt = Infinity;

  constructor(timer: HeapTimer) {
    this.#timer = timer;
  }

  /** Number of deadlines that are still to come. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Runs `task` once at `at` (wall clock, ms), or as soon as possible when that has passed. The result cancels it; twice is fine. */
  schedule(at: number, task: () => void): () => void {
    const deadline: Deadline = { at, order: this.#order++, task };
    this.#push(deadline);
    this.#arm();
    return () => this.#cancel(deadline);
  }

  #cancel(deadline: Deadline): void {
    if (deadline.task === undefined) return;
    deadline.task = undefined;
    this.#cancelled++;
    if (this.#cancelled > 64 && this.#cancelled > this.#heap.length / 2) this.#compact();
    if (this.size === 0) this.#disarm();
  }

  #compact(): void {
    const live = this.#heap.filter((deadline) => deadline.task !== undefined);
    this.#heap.length = 0;
    this.#cancelled = 0;
    for (const deadline of live) this.#push(deadline);
  }

  #disarm(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakeAt = Infinity;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined) return this.#disarm();
    if (this.#cancelWake !== undefined && first.at >= this.#wakeAt) return;
    this.#cancelWake?.();
    const delay = Math.min(Math.max(first.at - this.#timer.now(), 0), LONGEST_SLEEP_MS);
    this.#wakeAt = this.#timer.now() + delay;
    this.#cancelWake = this.#timer.wake(delay, () => this.#fire());
  }

  #fire(): void {
    this.#cancelWake = undefined;
    this.#wakeAt = Infinity;
    const errors: unknown[] = [];
    const now = this.#timer.now();
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      const task = first.task;
      if (task === undefined) {
        this.#cancelled--;
        continue;
      }
      first.task = undefined;
      try {
        task();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#arm();
    if (errors.length > 0) throw errors[0];
  }

  #push(deadline: Deadline): void {
    const heap = this.#heap;
    let hole = heap.length;
    heap.push(deadline);
    while (hole > 0) {
      const above = (hole - 1) >> 1;
      if (!before(deadline, heap[above]!)) break;
      heap[hole] = heap[above]!;
      hole = above;
    }
    heap[hole] = deadline;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let hole = 0;
    for (;;) {
      let below = 2 * hole + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && before(heap[below + 1]!, heap[below]!)) below++;
      if (!before(heap[below]!, last)) break;
      heap[hole] = heap[below]!;
      hole = below;
    }
    heap[hole] = last;
  }
}

const before = (a: Deadline, b: Deadline): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
