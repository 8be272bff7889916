// Entries by deadline, on one wake-up of the clock: thousands of renewals are thousands of places in an array, no timers and no closures.
import type { Entry } from './entry.js';
import type { Timeline } from './timeline.js';

/** A binary heap of entries; each knows its place, so moving or removing one is cheap. */
export class DueQueue {
  readonly #clock: Pick<Timeline, 'now' | 'after'>;
  readonly #due: (entry: Entry) => void;
  readonly #heap: Entry[] = [];
  #cancelWake: (() => void) | undefined;
  #wakeAt = Infinity;

  /** `due` is called once for each entry whose deadline came; the entry has left the queue then. */
  constructor(clock: Pick<Timeline, 'now' | 'after'>, due: (entry: Entry) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Puts an entry in, or moves it, to `at` (wall clock, ms). */
  set(entry: Entry, at: number): void {
    this.#take(entry);
    entry.dueAt = at;
    if (at === Infinity) return this.#arm();
    entry.duePlace = this.#heap.push(entry) - 1;
    this.#rise(entry.duePlace);
    this.#arm();
  }

  /** Takes an entry out; harmless when it is not in. */
  remove(entry: Entry): void {
    this.#take(entry);
    if (this.#heap.length === 0) this.#disarm();
  }

  /** Takes the entry with the earliest deadline out, though it has not come yet. */
  shift(): Entry | undefined {
    const first = this.#heap[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Gives every entry the deadline that `at` tells, for example because the clock was set. */
  rebase(at: (entry: Entry) => number): void {
    const entries = [...this.#heap];
    for (const entry of entries) entry.dueAt = at(entry);
    entries.sort((a, b) => a.dueAt - b.dueAt);
    for (const [place, entry] of entries.entries()) this.#put(entry, place);
    this.#disarm();
    this.#arm();
  }

  /** Takes all out. */
  clear(): void {
    for (const entry of this.#heap) entry.duePlace = -1;
    this.#heap.length = 0;
    this.#disarm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined) return this.#disarm();
    if (this.#cancelWake !== undefined && first.dueAt >= this.#wakeAt) return;
    this.#disarm();
    this.#wakeAt = first.dueAt;
    this.#cancelWake = this.#clock.after(Math.max(0, first.dueAt - this.#clock.now()), this.#wake);
  }

  #disarm(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakeAt = Infinity;
  }

  readonly #wake = (): void => {
    this.#cancelWake = undefined;
    this.#wakeAt = Infinity;
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first !== undefined && first.dueAt <= now; first = this.#heap[0]) {
      this.#take(first);
      this.#due(first);
    }
    this.#arm();
  };

  #take(entry: Entry): void {
    const place = entry.duePlace;
    // an entry may wait in another queue
    if (place < 0 || this.#heap[place] !== entry) return;
    entry.duePlace = -1;
    const last = this.#heap.pop()!;
    if (last === entry) return;
    this.#put(last, place);
    this.#rise(place);
    this.#sink(last.duePlace);
  }

  #put(entry: Entry, place: number): void {
    this.#heap[place] = entry;
    entry.duePlace = place;
  }

  #rise(from: number): void {
    const entry = this.#heap[from]!;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (this.#heap[above]!.dueAt <= entry.dueAt) break;
      this.#put(this.#heap[above]!, place);
      place = above;
    }
    this.#put(entry, place);
  }

  #sink(from: number): void {
    const entry = this.#heap[from]!;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#heap.length) break;
      if (below + 1 < this.#heap.length && this.#heap[below + 1]!.dueAt < this.#heap[below]!.dueAt) below++;
      if (this.#heap[below]!.dueAt >= entry.dueAt) break;
      this.#put(this.#heap[below]!, place);
      place = below;
    }
    this.#put(entry, place);
  }
}
