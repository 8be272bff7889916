// The bounded memory of heads (architecture 2.18, rule 1).
import { expect } from 'chai';
import { LARGEST_HEAD, Memo } from '../../../../core/proxy/front/memo.js';

describe('front: memo', () => {
  it('finds what it was given, by the whole head', () => {
    const memo = new Memo<number>();
    memo.set('a', 1);
    expect([memo.get('a'), memo.get('A'), memo.get('a ')]).to.deep.equal([1, undefined, undefined]);
    memo.set('a', 2);
    expect(memo.get('a')).to.equal(2);
  });

  for (const limit of [1, 2, 3, 10, 1000]) {
    it(`never holds more than ${limit} heads, and always the latest`, () => {
      const memo = new Memo<number>(limit);
      for (let n = 0; n < 3 * limit; n++) {
        memo.set(`h${n}`, n);
        expect(memo.size).to.be.at.most(limit);
        expect(memo.get(`h${n}`)).to.equal(n);
      }
    });
  }

  it('keeps what is asked for while others pass, and loses what is not', () => {
    const memo = new Memo<string>(10);
    memo.set('asked', 'yes');
    memo.set('idle', 'no');
    for (let n = 0; n < 50; n++) {
      memo.set(`h${n}`, '');
      expect(memo.get('asked'), `after ${n}`).to.equal('yes');
    }
    expect(memo.get('idle')).to.equal(undefined);
  });

  it('forgets at once all heads of an answer that was removed, whichever generation holds them (2.18 rule 4)', () => {
    const memo = new Memo<string>(4);
    for (const [head, value] of [
      ['a', 'gone'],
      ['b', 'kept'],
      ['c', 'gone'],
    ] as const)
      memo.set(head, value);
    memo.deleteWhere((value) => value === 'gone');
    expect([memo.get('a'), memo.get('b'), memo.get('c'), memo.size]).to.deep.equal([undefined, 'kept', undefined, 1]);
  });

  it('forgets from both generations, also a head that was set again', () => {
    const memo = new Memo<number>(4);
    memo.set('a', 1);
    memo.set('b', 1);
    memo.set('a', 2);
    memo.delete('a');
    memo.delete('never');
    expect([memo.get('a'), memo.get('b'), memo.size]).to.deep.equal([undefined, 1, 1]);
  });

  it('a head that was set again is never answered with its old value', () => {
    const memo = new Memo<number>(4);
    for (const [head, value] of [
      ['a', 1],
      ['b', 1],
      ['a', 2],
      ['c', 1],
      ['d', 1],
      ['e', 1],
    ] as const)
      memo.set(head, value);
    expect(memo.get('a')).not.to.equal(1);
  });

  it('does not take a head above 16 KB', () => {
    const memo = new Memo<number>();
    memo.set('x'.repeat(LARGEST_HEAD), 1);
    memo.set('y'.repeat(LARGEST_HEAD + 1), 1);
    expect(memo.size).to.equal(1);
  });
});
