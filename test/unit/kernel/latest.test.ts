import { expect } from 'chai';
import { Latest } from '../../../core/kernel/latest.js';
import { settle } from '../../../core/sdk/testing/virtual-clock.js';

describe('kernel/latest', () => {
  it('a slow consumer skips what is outdated and never sees an old value after a new one', async () => {
    const latest = new Latest<number>();
    const control = new AbortController();
    const seen: number[] = [];
    latest.set(1);
    const consumer = (async () => {
      for await (const value of latest.updates(control.signal)) {
        seen.push(value);
        await settle();
      }
    })();
    await settle(2);
    for (const value of [2, 3, 4]) latest.set(value);
    await settle(30);
    latest.set(5);
    await settle(30);
    control.abort();
    await consumer;
    expect(seen).to.deep.equal([1, 4, 5]);
  });
  it('updates end at once when aborted while waiting', async () => {
    const control = new AbortController();
    const next = new Latest<number>().updates(control.signal).next();
    control.abort();
    expect((await next).done).to.equal(true);
  });
  it('tells listeners at once; one that throws keeps none from hearing; unsubscribing twice is harmless', () => {
    const latest = new Latest<number>();
    const heard: number[] = [];
    latest.subscribe(() => {
      throw new Error('x');
    });
    const stop = latest.subscribe((value) => heard.push(value));
    latest.set(1);
    stop();
    stop();
    latest.set(2);
    expect([heard, latest.current]).to.deep.equal([[1], 2]);
  });
});
