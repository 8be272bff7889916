import { expect } from 'chai';
import { VirtualClock, settle } from '../../../core/sdk/testing/virtual-clock.js';
import { Governor } from '../../../core/vault/governor.js';

describe('vault/governor', () => {
  const gate = () => {
    const open: (() => void)[] = [];
    return { open, task: () => new Promise<void>((resolve) => open.push(resolve)) };
  };

  it('lets as many run at once as it is told, in the order of asking', async () => {
    const governor = new Governor({ clock: new VirtualClock(), random: () => 0, concurrency: 2 });
    const { open, task } = gate();
    const order: number[] = [];
    const all = [1, 2, 3].map((n) => governor.run(task).then(() => order.push(n)));
    await settle();
    expect(open).to.have.length(2);
    open[0]?.();
    await settle();
    expect(open).to.have.length(3);
    open[1]?.();
    open[2]?.();
    await Promise.all(all);
    expect(order).to.deep.equal([1, 2, 3]);
  });
  it('a login does not wait behind renewals, however many hang', async () => {
    const governor = new Governor({ clock: new VirtualClock(), random: () => 0, concurrency: 1 });
    const { open, task } = gate();
    const renewals = [1, 2, 3].map(() => governor.run(task, undefined, 'renewal'));
    expect(await governor.run(() => Promise.resolve('in'), undefined, 'identity')).to.equal('in');
    for (const each of renewals) {
      await settle();
      open.pop()?.();
      await each;
    }
  });
  it('frees the place of a task that failed', async () => {
    const governor = new Governor({ clock: new VirtualClock(), random: () => 0, concurrency: 1 });
    await governor.run(() => Promise.reject(new Error('x'))).catch(() => undefined);
    expect(await governor.run(() => Promise.resolve(1))).to.equal(1);
  });
  it('who gives up in the queue leaves it', async () => {
    const governor = new Governor({ clock: new VirtualClock(), random: () => 0, concurrency: 1 });
    const { open, task } = gate();
    const first = governor.run(task);
    const control = new AbortController();
    const second = governor.run(task, control.signal).then(
      () => 'ran',
      () => 'left',
    );
    const third = governor.run(task);
    control.abort(new Error('enough'));
    expect(await second).to.equal('left');
    open[0]?.();
    await first;
    await settle();
    open[1]?.();
    await third;
    expect(open).to.have.length(2);
  });
  it('keeps to the rate after the burst (VAULT_RATE_LIMIT)', async () => {
    const clock = new VirtualClock();
    const governor = new Governor({ clock, random: () => 0, rate: { perSecond: 2, burst: 2 } });
    const start = clock.now();
    const at: number[] = [];
    const all = Array.from({ length: 5 }, () => governor.run(async () => void at.push(clock.now() - start)));
    await clock.advance(5000);
    await Promise.all(all);
    expect(at).to.deep.equal([0, 0, 500, 1000, 1500]);
  });
  it('holds everything when the server asked for quiet, and spreads those who come back', async () => {
    const clock = new VirtualClock();
    let turn = 0;
    const governor = new Governor({ clock, random: () => turn++ / 4 });
    governor.hold(2000);
    const start = clock.now();
    const at: number[] = [];
    const all = Array.from({ length: 4 }, () => governor.run(async () => void at.push(clock.now() - start)));
    await clock.advance(10_000);
    await Promise.all(all);
    expect(at).to.deep.equal([2000, 2500, 3000, 3500]);
  });
});
