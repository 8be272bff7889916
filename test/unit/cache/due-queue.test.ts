import { expect } from 'chai';
import { DueQueue } from '../../../core/cache/due-queue.js';
import { Entry } from '../../../core/cache/entry.js';
import { VirtualClock } from '../../../core/sdk/testing/index.js';

const entry = (path: string): Entry =>
  new Entry({ kind: 'lease', namespace: '', path, home: { namespace: '', path: '' } });

describe('the due queue', () => {
  it('calls entries in the order of their deadlines, whatever was moved or removed, on one wake-up', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const called: [string, number][] = [];
    const queue = new DueQueue(clock, (due) => called.push([due.path, clock.now() - start]));
    // a fixed sequence that looks like chance
    let seed = 7;
    const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const entries = Array.from({ length: 300 }, (_, at) => entry(String(at)));
    const want = new Map<string, number>();
    for (const one of entries) {
      const at = 1000 + next(50_000);
      queue.set(one, start + at);
      want.set(one.path, at);
    }
    for (let change = 0; change < 300; change++) {
      const one = entries[next(300)]!;
      if (next(3) === 0) {
        queue.remove(one);
        want.delete(one.path);
      } else {
        const at = 1000 + next(50_000);
        queue.set(one, start + at);
        want.set(one.path, at);
      }
    }
    expect([clock.pending, queue.size]).to.deep.equal([1, want.size]);
    await clock.advance(60_000);
    expect(called.map(([, at]) => at)).to.deep.equal(called.map(([path]) => want.get(path)));
    expect(called.length).to.equal(want.size);
    expect([clock.pending, queue.size]).to.deep.equal([0, 0]);
  });

  it('lets an entry come back while it is called', async () => {
    const clock = new VirtualClock();
    let times = 0;
    const queue: DueQueue = new DueQueue(clock, (due) => {
      if (++times < 3) queue.set(due, clock.now() + 1000);
    });
    queue.set(entry('a'), clock.now() + 1000);
    await clock.advance(10_000);
    expect([times, queue.size]).to.deep.equal([3, 0]);
  });
});
