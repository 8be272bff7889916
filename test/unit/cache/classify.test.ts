import { expect } from 'chai';
import { classify, headRefusal, saysRenewable } from '../../../core/cache/classify.js';
import { authAnswer, leaseAnswer } from './fixture.js';

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('classify (spec cache 5.4)', () => {
  const heads: [string, number, string[], string | undefined][] = [
    ['rule 1: errors', 403, ['Content-Type', 'application/json'], 'status'],
    ['rule 2: redirects', 307, ['Content-Type', 'application/json'], 'status'],
    ['rule 3: other content', 200, ['content-type', 'text/html'], 'not-json'],
    ['rule 3: no type', 200, [], 'not-json'],
    ['a charset is accepted', 200, ['Content-Type', 'Application/JSON; charset=utf-8'], undefined],
    ['201 stays a candidate', 201, ['Content-Type', 'application/json'], undefined],
    ['compressed answers', 200, ['Content-Type', 'application/json', 'Content-Encoding', 'gzip'], 'encoded'],
  ];
  for (const [name, status, headers, why] of heads)
    it(`${name}: ${why}`, () => expect(headRefusal(status, headers)).to.equal(why));

  const bodies: [string, unknown, boolean, string][] = [
    ['rule 4: an array', '[1]', true, 'no-envelope'],
    ['rule 4: no JSON (D-37)', 'hello', true, 'no-envelope'],
    ['rule 4: a scalar', '3', true, 'no-envelope'],
    ['rule 6: empty', '', true, 'empty'],
    [
      'rule 9: kv 1 data with a text named renewable (D-37)',
      { lease_id: '', data: { renewable: 'maybe' } },
      true,
      'no-lease',
    ],
    ['rule 10: kv', { lease_id: '', renewable: false, lease_duration: 0, data: {} }, true, 'no-lease'],
    ['rule 10: an sts lease', leaseAnswer('aws/sts/x/1', 900, { renewable: false }), true, 'not-renewable'],
    ['rule 10: a batch token', authAnswer('hvb.x', { token_type: 'batch' }), true, 'batch-token'],
    ['rule 10: a token that is not renewable', authAnswer('hvs.x', { renewable: false }), true, 'not-renewable'],
    ['rule 10: a wrapped answer', { ...authAnswer('hvs.x'), wrap_info: { token: 'w' } }, true, 'wrapped'],
    ['rule 11', leaseAnswer('db/creds/a/1'), false, 'token-not-managed'],
    ['rule 12', leaseAnswer('db/creds/a/1'), true, 'lease'],
    ['rule 13', authAnswer('hvs.x', { orphan: false }), false, 'parent-not-managed'],
    ['rule 14: orphan', authAnswer('hvs.x'), false, 'token'],
    ['rule 14: child', authAnswer('hvs.x', { orphan: false }), true, 'token'],
    ['rule 15: a lookup', { data: { renewable: true, id: 'x' } }, true, 'no-lease'],
    ['D-56: a use limit', authAnswer('hvs.x', { num_uses: 3 }), true, 'use-limited'],
    ['no time to live', leaseAnswer('db/creds/a/1', 0), true, 'no-ttl'],
    ['a lease_duration that is no number (D-37)', leaseAnswer('db/creds/a/1', '1h' as never), true, 'no-ttl'],
    ['MFA: an empty token', authAnswer(''), true, 'no-token'],
    ['auth that is no object (D-37)', { auth: 'x' }, true, 'no-lease'],
  ];
  for (const [name, body, managed, want] of bodies) {
    it(`${name}: ${want}`, () => {
      const verdict = classify(bytes(body), managed);
      expect(verdict.kind === 'none' ? verdict.why : verdict.kind).to.equal(want);
    });
  }

  it('sees without parsing whether anything says that it is renewable', () => {
    const yes = [
      '{"renewable":true}',
      '{"auth":{"renewable" :\n true}}',
      '{"renewable":false,"auth":{"renewable":true}}',
    ];
    const no = ['{"renewable":false}', '{}', '', '{"data":{"x":"renewable"}}', '{"renewable"'];
    expect(yes.map((text) => saysRenewable(Buffer.from(text)))).to.deep.equal([true, true, true]);
    expect(no.some((text) => saysRenewable(Buffer.from(text)))).to.equal(false);
  });
});
