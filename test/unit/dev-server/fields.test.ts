// Values out of request bodies.
import { expect } from 'chai';
import {
  durationMs,
  optionalDuration,
  optionalFlag,
  optionalList,
  optionalNumber,
  optionalText,
  optionalTextMap,
} from '../../../core/dev-server/fields.js';

describe('dev server: fields', () => {
  const durations: readonly (readonly [unknown, number | undefined])[] = [
    [90, 90_000],
    ['90', 90_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['250ms', 250],
    ['', 0],
    ['-5s', -5_000],
    ['soon', undefined],
    [true, undefined],
    [null, undefined],
  ];
  for (const [value, ms] of durations) {
    it(`${JSON.stringify(value)} lasts ${String(ms)} ms`, () => expect(durationMs(value)).to.equal(ms));
  }

  it('a bad duration is a 400 with the text of the real server; an absent one is undefined', () => {
    expect(() => optionalDuration({ ttl: 'soon' }, 'ttl')).to.throw('time: invalid duration "soon"');
    expect(optionalDuration({ ttl: null }, 'ttl')).to.equal(undefined);
  });

  it('lists come as lists or as text with commas', () => {
    expect(optionalList({ p: 'a, b,,c ' }, 'p')).to.deep.equal(['a', 'b', 'c']);
    expect(optionalList({ p: ['a', 1] }, 'p')).to.deep.equal(['a', '1']);
    expect(optionalList({}, 'p')).to.equal(undefined);
  });

  it('flags, numbers, texts and maps come in the forms that clients send', () => {
    expect([true, 'true', '1', 1, 'on', 'false', 0, 'no'].map((v) => optionalFlag({ v }, 'v'))).to.deep.equal([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([5, '5', 'five', null].map((v) => optionalNumber({ v }, 'v'))).to.deep.equal([5, 5, undefined, undefined]);
    expect(['a', 5, true, {}].map((v) => optionalText({ v }, 'v'))).to.deep.equal(['a', '5', 'true', undefined]);
    expect(optionalTextMap({ m: '{"k":"v"}' }, 'm')).to.deep.equal({ k: 'v' });
    expect(optionalTextMap({ m: { n: 1 } }, 'm')).to.deep.equal({ n: '1' });
    expect([[], 'x', null].map((m) => optionalTextMap({ m }, 'm'))).to.deep.equal([undefined, undefined, undefined]);
  });
});
