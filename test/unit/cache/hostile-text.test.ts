import { expect } from 'chai';
import { IssueMemory } from '../../../core/cache/issues.js';
import { parametersOf } from '../../../core/cache/request-body.js';
import { trimSlashes } from '../../../core/cache/request-path.js';
import { mayRevoke, revocationOf } from '../../../core/cache/revocation.js';

// Each of these took from many seconds to for ever; mocha's bound on a test is what tells.
describe('texts of clients that are made to cost time', () => {
  it('an increment of many digits that is none', () => {
    const seconds = (increment: string): number =>
      parametersOf(Buffer.from(JSON.stringify({ increment })), '').seconds('increment');
    expect(seconds(`${'1'.repeat(40)}!`)).to.equal(0);
    expect(seconds('1'.repeat(100_000))).to.equal(0);
    expect([seconds('90'), seconds('90s'), seconds('1h30m'), seconds('1h30'), seconds(''), seconds('m')]).to.deep.equal(
      [90, 90, 5400, 3630, 0, 0],
    );
  });

  it('a megabyte of slashes as a prefix to revoke', () => {
    const prefix = `a${'/'.repeat(1e6)}b`;
    expect(trimSlashes(prefix)).to.equal(prefix);
    expect(['', '/', '//a/b//', 'a'].map(trimSlashes)).to.deep.equal(['', '', 'a/b', 'a']);
    const body = Buffer.from(JSON.stringify({ prefix }));
    const sent = { method: 'PUT', query: '', namespace: '', token: 'hvs.own', body };
    expect(revocationOf({ ...sent, path: '/v1/kv/sys/leases/revoke-prefix' })).to.deep.include({ prefix });
  });

  it('a form of megabytes', () => {
    const form = (fields: number): Buffer => Buffer.from(`${'a=1&'.repeat(fields)}lease_id=x`);
    expect(parametersOf(form(1000), '').text('lease_id')).to.equal('x');
    expect(parametersOf(form(100_000), '').text('lease_id')).to.equal('');
  });

  it('a path of the largest size that repeats the beginning of a pattern', () => {
    const path = (part: string): string => `/v1${part.repeat(Math.floor(500_000 / part.length))}`;
    for (const part of ['/sys/', '/auth/token/']) expect(mayRevoke('POST', path(part))).to.equal(false);
    expect(new IssueMemory().judge('GET', path('/auth/'), '')).to.equal('perhaps');
    expect(new IssueMemory().judge('POST', '/v1/auth/approle/login', '')).to.equal('surely');
  });
});
