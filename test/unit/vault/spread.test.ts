import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { Attempt } from '../../../core/vault/attempt.js';
import { Spread } from '../../../core/vault/spread.js';

describe('vault/spread', () => {
  const make = () => {
    let opened = 0;
    return new Spread(() => (opened += 1), { mostHeld: 2, mostPools: 3 });
  };
  const hold = (spread: Spread<number>, count: number): number[] =>
    Array.from({ length: count }, () => {
      const share = spread.pick();
      share.held += 1;
      return share.pool;
    });

  it('without long answers there is one pool', () => {
    const spread = make();
    for (let turn = 0; turn < 100; turn++) expect(spread.pick().pool).to.equal(1);
    expect(spread.pools).to.deep.equal([1]);
  });
  it('a pool with its share of long answers gets no more requests', () => {
    expect(hold(make(), 5)).to.deep.equal([1, 1, 2, 2, 3]);
  });
  it('a share that is free again is used before a new pool is opened', () => {
    const spread = make();
    const first = spread.pick();
    hold(spread, 3);
    first.held -= 1;
    expect([spread.pick().pool, spread.pools]).to.deep.equal([1, [1, 2]]);
  });
  it('is bounded: above all shares, the pool with the fewest long answers is taken', () => {
    const spread = make();
    hold(spread, 6);
    spread.pick().held += 1;
    expect([spread.pick().pool, spread.pools]).to.deep.equal([2, [1, 2, 3]]);
  });

  describe('what an answer counts', () => {
    const flowing = () => {
      const share = { held: 0 };
      const attempt = new Attempt('http://x', () => undefined);
      attempt.share = share;
      attempt.onHeaders(200, [], () => undefined);
      return { share, attempt };
    };
    it('while it flows, until its end', () => {
      const { share, attempt } = flowing();
      attempt.pipeTo(new PassThrough());
      expect(share.held).to.equal(1);
      attempt.onComplete();
      expect(share.held).to.equal(0);
    });
    it('until its client leaves, once', () => {
      const { share, attempt } = flowing();
      attempt.pipeTo(new PassThrough());
      attempt.cancel();
      attempt.cancel();
      expect(share.held).to.equal(0);
    });
    it('nothing when it was complete before anyone read it, or is collected', async () => {
      const { share, attempt } = flowing();
      const all = attempt.collect(100);
      expect(share.held).to.equal(0);
      attempt.onComplete();
      await all;
      expect(share.held).to.equal(0);
    });
  });
});
