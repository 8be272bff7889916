// Priority and reach of policy paths.
import { expect } from 'chai';
import { comparePriority, covers } from '../../../../core/dev-server/policy/match.js';

describe('dev server: policy paths', () => {
  const reach: readonly (readonly [string, string, boolean])[] = [
    ['secret/a', 'secret/a', true],
    ['secret/a', 'secret/ab', false],
    ['secret/a*', 'secret/ab/c', true],
    ['secret/*', 'secret', false],
    ['secret/+/x', 'secret/a/x', true],
    ['secret/+/x', 'secret/a/b/x', false],
    ['secret/+/x*', 'secret/a/xy/z', true],
    ['+/a', 'team/a', true],
    ['secret/+', 'secret/a', true],
    ['secret/+', 'secret/a/b', false],
    ['secret/a+b', 'secret/a+b', true],
    ['secret/a+b', 'secret/acb', false],
    ['*', 'anything/at/all', true],
  ];
  for (const [rule, path, want] of reach) {
    it(`"${rule}" ${want ? 'covers' : 'does not cover'} "${path}"`, () => expect(covers(rule, path)).to.equal(want));
  }

  const order: readonly (readonly [string, string, string])[] = [
    ['secret/*', 'secret/data/*', 'the later first wildcard wins'],
    ['secret/+/x*', 'secret/+/x', 'a glob at the end loses'],
    ['secret/+/+/x', 'secret/+/a/x', 'more + segments lose'],
    ['secret/+/a', 'secret/+/ab', 'the shorter one loses'],
    ['secret/+/a', 'secret/+/b', 'the smaller one loses'],
    ['secret/a*', 'secret/ab', 'any wildcard loses against none'],
  ];
  for (const [lower, higher, why] of order) {
    it(`"${higher}" decides before "${lower}": ${why}`, () => {
      expect(comparePriority(lower, higher)).to.be.below(0);
      expect(comparePriority(higher, lower)).to.be.above(0);
    });
  }
});
