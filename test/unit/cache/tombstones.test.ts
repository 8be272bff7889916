import { expect } from 'chai';
import { Tombstones } from '../../../core/cache/tombstones.js';

describe('cache/tombstones', () => {
  const means = (word: string) => (scope: string) => scope === word;

  it('R-1: what was sent before a removal ended, or while it was under way, is overtaken', () => {
    const stones = new Tombstones<string>();
    const before = stones.epoch;
    const stone = stones.begin('a');
    const meanwhile = stones.epoch;
    stones.end(stone);
    expect([before, meanwhile, stones.epoch].map((epoch) => stones.raced(epoch, means('a')))).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  it('R-1: a removal that has not ended overtakes everything that is sent', () => {
    const stones = new Tombstones<string>();
    stones.begin('a');
    expect(stones.raced(stones.epoch, means('a'))).to.equal(true);
  });

  it('R-1: by the clock, what was made before a removal ended is overtaken, also while it is under way', () => {
    let now = 100;
    const stones = new Tombstones<string>(() => now);
    const stone = stones.begin('a');
    expect([stones.overtook(500, means('a')), stones.overtook(500, means('b'))]).to.deep.equal([true, false]);
    now = 200;
    stones.end(stone);
    expect([199, 200].map((since) => stones.overtook(since, means('a')))).to.deep.equal([true, false]);
  });

  it('R-1: only what the scope means is overtaken', () => {
    const stones = new Tombstones<string>();
    const before = stones.epoch;
    stones.set('a');
    expect([stones.raced(before, means('a')), stones.raced(before, means('b'))]).to.deep.equal([true, false]);
  });

  it('is bounded: what was sent before the oldest one that is kept counts as overtaken, what was sent after it does not', () => {
    const stones = new Tombstones<string>();
    const early = stones.epoch;
    for (let n = 0; n < 1500; n++) stones.set('a');
    const late = stones.epoch;
    expect([stones.raced(early, means('b')), stones.raced(late, means('b'))]).to.deep.equal([true, false]);
  });

  it('R-1: of more that are under way than it can keep, the end of a forgotten one overtakes all that was sent before', () => {
    const stones = new Tombstones<string>();
    const first = stones.begin('first');
    for (let n = 0; n < 1000; n++) stones.begin('other');
    const sent = stones.epoch;
    expect(stones.raced(sent, means('first'))).to.equal(false);
    stones.end(first);
    expect([stones.raced(sent, means('first')), stones.raced(stones.epoch, means('first'))]).to.deep.equal([
      true,
      false,
    ]);
  });

  it('never forgets one that is still under way while others can go', () => {
    const stones = new Tombstones<string>();
    stones.begin('long');
    for (let n = 0; n < 1500; n++) stones.set('a');
    expect(stones.raced(stones.epoch, means('long'))).to.equal(true);
  });
});
