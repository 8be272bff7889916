import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { formatGoDuration, parseDuration, readDuration } from '../../../core/kernel/duration.js';

interface Vector {
  readonly in: unknown;
  readonly seconds?: number;
  readonly error?: string;
}

const golden = new URL('../../golden/vectors/durations.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(golden, 'utf8')) as { cases: Vector[] };

describe('durations', () => {
  it('has all recorded values', () => expect(cases).to.have.length(38));

  for (const { in: value, seconds, error } of cases) {
    it(`reads ${JSON.stringify(value)} as the reference does`, () => {
      const reading = readDuration(value);
      if (error !== undefined) return void expect(reading).to.deep.equal({ error });
      expect('ms' in reading).to.equal(true);
      expect(parseDuration(value)).to.be.closeTo((seconds ?? 0) * 1000, 1e-12);
    });
  }

  for (const text of [
    '',
    '0',
    '+',
    '-',
    '.',
    '.s',
    '1.h',
    '1..5h',
    '1d12h',
    '1.5d',
    '1e3s',
    'd',
    '99999999999999d',
    '9223372037',
    '٣s',
    '1h\n',
    'm',
    '1h.m',
  ]) {
    it(`never throws and never gives NaN: ${JSON.stringify(text)}`, () => {
      const reading = readDuration(text);
      if ('ms' in reading) expect(Number.isFinite(reading.ms)).to.equal(true);
      else expect(reading.error).to.match(/^time: /);
    });
  }

  it('refuses what is no duration', () => {
    for (const text of ['+', '-', '.', '.s', '1d12h', '5M', '1w', '1e3s', '1h ', '9223372037', '99999999999999d'])
      expect(parseDuration(text), text).to.equal(undefined);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, {}, [], false])
      expect(parseDuration(value)).to.equal(undefined);
  });

  it('keeps what is below a millisecond', () => {
    expect(parseDuration('1us')).to.equal(0.001);
    expect(parseDuration('1.5µs')).to.equal(0.0015);
    expect(parseDuration('1.5μs')).to.equal(0.0015);
  });

  const printed: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [300_000, '5m0s'],
    [5_400_000, '1h30m0s'],
    [250, '250ms'],
    [1_500, '1.5s'],
    [0.0015, '1.5µs'],
    [0.000005, '5ns'],
    [-90_000, '-1m30s'],
    [768 * 3_600_000, '768h0m0s'],
    [61_001, '1m1.001s'],
    [999.999, '999.999ms'],
  ];
  for (const [ms, text] of printed) {
    it(`prints ${ms} ms as ${text}, and reads it back`, () => {
      expect(formatGoDuration(ms)).to.equal(text);
      expect(parseDuration(text)).to.be.closeTo(ms, 1e-9);
    });
  }
});
