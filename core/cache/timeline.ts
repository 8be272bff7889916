// The time by which lives are counted: what remains of a life is the smaller of what the wall clock and the monotonic clock say. It must not
// know what lives.
import type { Clock } from '../sdk/index.js';

/** A step of the wall clock that counts as a jump. */
const JUMP_MS = 5_000;

/** The later of both clocks. A jump is noticed on the next reading, told once, and the wall clock counts from then on. */
export class Timeline {
  readonly #clock: Clock;
  readonly #jumped: (byMs: number) => void;
  #offset: number;

  /** `jumped` is called with how far the wall clock moved, negative when it was set back. */
  constructor(clock: Clock, jumped: (byMs: number) => void) {
    this.#clock = clock;
    this.#jumped = jumped;
    this.#offset = clock.now() - (clock.monotonic?.() ?? 0);
  }

  /** Wall clock ms, never behind what the monotonic clock counted since the last jump. */
  now(): number {
    const clock = this.#clock;
    const wall = clock.now();
    if (clock.monotonic === undefined) return wall;
    const monotonic = clock.monotonic();
    const steady = Math.floor(monotonic + this.#offset);
    const moved = wall - steady;
    if (moved >= -JUMP_MS && moved <= JUMP_MS) return moved >= 0 ? wall : steady;
    this.#offset = wall - monotonic;
    this.#jumped(moved);
    return wall;
  }

  /** As `Clock.after`. */
  after(delayMs: number, task: () => void): () => void {
    return this.#clock.after(delayMs, task);
  }
}
