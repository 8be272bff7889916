// The lifetime rule.
import { expect } from 'chai';
import { lifetime, type TtlQuestion } from '../../../../core/dev-server/tokens/ttl.js';

const MINUTE = 60_000;
const plain: TtlQuestion = {
  incrementMs: 0,
  ttlMs: 0,
  maxTtlMs: 0,
  periodMs: 0,
  explicitMaxTtlMs: 0,
  mountDefaultMs: 10 * MINUTE,
  mountMaxMs: 60 * MINUTE,
  issuedAtMs: 0,
  nowMs: 0,
};

describe('dev server: lifetimes', () => {
  const table: readonly (readonly [string, Partial<TtlQuestion>, number])[] = [
    ['nothing set: the default of the mount', {}, 10],
    ['a TTL of its own', { ttlMs: 5 * MINUTE }, 5],
    ['the increment before the TTL', { ttlMs: 5 * MINUTE, incrementMs: 7 * MINUTE }, 7],
    ['never beyond the maximum of the mount', { ttlMs: 90 * MINUTE }, 60],
    ['never beyond a lower maximum of the role', { ttlMs: 90 * MINUTE, maxTtlMs: 20 * MINUTE }, 20],
    ['the maximum counts from the issue', { incrementMs: 30 * MINUTE, nowMs: 50 * MINUTE }, 10],
    ['a period knows no maximum', { periodMs: 30 * MINUTE, nowMs: 500 * MINUTE }, 30],
    ['a period is not moved by an increment', { periodMs: 30 * MINUTE, incrementMs: MINUTE }, 30],
    [
      'but ends at the explicit maximum',
      { periodMs: 30 * MINUTE, explicitMaxTtlMs: 40 * MINUTE, nowMs: 20 * MINUTE },
      20,
    ],
  ];
  for (const [title, question, minutes] of table) {
    it(title, () => expect(lifetime({ ...plain, ...question }).ttlMs).to.equal(minutes * MINUTE));
  }

  it('warns when it caps', () => {
    const answer = lifetime({ ...plain, incrementMs: 120 * MINUTE, maxTtlMs: 15 * MINUTE });
    expect(answer.warnings).to.deep.equal([
      'TTL of "2h" exceeded the effective max_ttl of "15m"; TTL value is capped accordingly',
    ]);
  });

  it('refuses once the maximum is past', () => {
    expect(() => lifetime({ ...plain, nowMs: 60 * MINUTE })).to.throw('past the max TTL');
  });
});
