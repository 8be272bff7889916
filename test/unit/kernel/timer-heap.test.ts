import { expect } from 'chai';
import { TimerHeap } from '../../../core/kernel/timer-heap.js';

/** A hand-driven wake-up: remembers the one armed timer. */
function handTimer(): {
  now: number;
  armed: { at: number; task: () => void } | undefined;
  heap: TimerHeap;
  longest: number;
} {
  const state = {
    now: 0,
    armed: undefined as { at: number; task: () => void } | undefined,
    longest: 0,
    heap: undefined as unknown as TimerHeap,
  };
  state.heap = new TimerHeap({
    now: () => state.now,
    wake: (delayMs, task) => {
      state.longest = Math.max(state.longest, delayMs);
      const armed = { at: state.now + delayMs, task };
      state.armed = armed;
      return () => {
        if (state.armed === armed) state.armed = undefined;
      };
    },
  });
  return state;
}

function runUntil(state: ReturnType<typeof handTimer>, end: number): void {
  while (state.armed && state.armed.at <= end) {
    const { at, task } = state.armed;
    state.armed = undefined;
    state.now = at;
    task();
  }
  state.now = end;
}

describe('timer heap', () => {
  it('fires in order of time, and in order of scheduling for equal times', () => {
    const state = handTimer();
    const fired: string[] = [];
    for (const [name, at] of [
      ['c', 30],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
    ] as const) {
      state.heap.schedule(at, () => fired.push(name));
    }
    runUntil(state, 100);
    expect(fired).to.deep.equal(['a', 'b1', 'b2', 'c']);
    expect(state.heap.size).to.equal(0);
    expect(state.armed).to.equal(undefined);
  });

  it('holds a lease of 768 h without overflowing setTimeout: no sleep is longer than a minute', () => {
    const state = handTimer();
    let at = 0;
    const due = 768 * 3600 * 1000;
    state.heap.schedule(due, () => (at = state.now));
    runUntil(state, due - 1);
    expect(at).to.equal(0);
    runUntil(state, due + 1000);
    expect(at).to.equal(due);
    expect(state.longest).to.be.at.most(60_000);
  });

  it('keeps 10,000 deadlines on one timer and forgets cancelled ones', () => {
    const state = handTimer();
    let fired = 0;
    const cancels = Array.from({ length: 10_000 }, (_, i) => state.heap.schedule((i * 7919) % 5000, () => fired++));
    cancels.forEach((cancel, i) => {
      if (i % 2) cancel();
      if (i % 2) cancel();
    });
    expect(state.heap.size).to.equal(5000);
    runUntil(state, 6000);
    expect(fired).to.equal(5000);
  });

  it('runs the other tasks when one throws', () => {
    const state = handTimer();
    let ran = false;
    state.heap.schedule(5, () => {
      throw new Error('task failed');
    });
    state.heap.schedule(5, () => (ran = true));
    expect(() => runUntil(state, 10)).to.throw('task failed');
    expect(ran).to.equal(true);
  });

  it('a task may schedule and cancel others while it runs', () => {
    const state = handTimer();
    const fired: number[] = [];
    const cancel = state.heap.schedule(20, () => fired.push(20));
    state.heap.schedule(10, () => {
      fired.push(10);
      cancel();
      state.heap.schedule(15, () => fired.push(15));
    });
    runUntil(state, 100);
    expect(fired).to.deep.equal([10, 15]);
  });
});
