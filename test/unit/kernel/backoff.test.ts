import { expect } from 'chai';
import { fullJitter, jittered, nextBackoff } from '../../../core/kernel/backoff.js';

describe('kernel/backoff', () => {
  const bounds = { minMs: 1000, maxMs: 5000 };
  it('starts at the minimum, doubles, stays at the maximum', () => {
    const waits = [0, 1000, 2000, 4000, 5000].map((current) => nextBackoff(current, bounds, () => 0));
    expect(waits).to.deep.equal([1000, 2000, 4000, 5000, 5000]);
  });
  it('takes off less than a quarter', () => expect(nextBackoff(0, bounds, () => 0.999999)).to.be.closeTo(750, 0.01));
  it('full jitter lies between nothing and the ceiling', () => {
    expect([fullJitter(100, () => 0), fullJitter(100, () => 0.5), fullJitter(-5, () => 0.5)]).to.deep.equal([0, 50, 0]);
  });
  it('jittered grows by its factor and stays within its share', () => {
    const shape = { baseMs: 2000, share: 0.5, factor: 1.5, maxMs: 4000 };
    expect([1, 2, 3].map((attempt) => jittered(attempt, shape, () => 0.5))).to.deep.equal([2000, 3000, 4000]);
    expect([jittered(1, shape, () => 0), jittered(1, shape, () => 1)]).to.deep.equal([1000, 3000]);
  });
});
