// Moments in the life of an entry.
import { expect } from 'chai';
import { remainingBy } from '../../../core/cache/life-plan.js';

describe('cache/life-plan: what a lookup in whole seconds tells', () => {
  const AT = 1_000_000;
  for (const [what, known, told, left] of [
    ['the same: what is known stays', 10_000, 10_000, 10_000],
    ['rounded up by the server: what is known stays', 9_500, 10_000, 9_500],
    ['rounded down by the server: what is known stays', 11_500, 10_000, 11_500],
    ['less than is known: the least that it can mean', 20_000, 10_000, 9_500],
    ['more than is known, renewed elsewhere: the least that it can mean', 5_000, 10_000, 9_500],
  ] as const)
    it(`R-3 R-8 ${what}`, () => expect(remainingBy({ expiresAt: AT + known }, told, AT)).to.equal(left));

  it('a life without end, before or after', () => {
    expect([remainingBy({ expiresAt: AT + 5 }, 0, AT), remainingBy({ expiresAt: 0 }, 10_000, AT)]).to.deep.equal([
      0, 9_500,
    ]);
  });
});
