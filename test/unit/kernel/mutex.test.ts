import { expect } from 'chai';
import { Mutex } from '../../../core/kernel/mutex.js';
import { settle } from '../../../core/sdk/testing/virtual-clock.js';

describe('kernel/mutex', () => {
  it('runs one at a time in the order of asking, also after a failure', async () => {
    const mutex = new Mutex();
    const order: string[] = [];
    const task =
      (name: string, fail = false) =>
      async () => {
        order.push(`${name} in`);
        await settle(2);
        order.push(`${name} out`);
        if (fail) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([mutex.run(task('a', true)), mutex.run(task('b'))]);
    expect(order).to.deep.equal(['a in', 'a out', 'b in', 'b out']);
    expect(results.map((result) => result.status)).to.deep.equal(['rejected', 'fulfilled']);
  });
});
