import { expect } from 'chai';
import { grantedBy, mayRenew, renewalOf } from '../../../core/cache/renewal-request.js';

const sent = (path: string, body = '') => ({
  method: 'PUT',
  path,
  query: '',
  namespace: '',
  token: 'hvs.own',
  body: Buffer.from(body),
});

describe('renewalOf (D-1)', () => {
  const rows: [string, string, unknown][] = [
    [
      '/v1/sys/leases/renew',
      '{"lease_id":"a/b/1","increment":60}',
      { by: 'lease', value: 'a/b/1', incrementSeconds: 60 },
    ],
    ['/v1/sys/leases/renew/a/b/1', '', { by: 'lease', value: 'a/b/1', incrementSeconds: 0 }],
    ['/v1/sys/renew/a%2Fb/1', '{"increment":"1h30m"}', { by: 'lease', value: 'a/b/1', incrementSeconds: 5400 }],
    [
      '/v1/ns1/auth/token/renew',
      '{"token":"hvs.a","increment":"90s"}',
      { by: 'token', value: 'hvs.a', incrementSeconds: 90 },
    ],
    ['/v1/auth/token/renew-self', '', { by: 'token', value: 'hvs.own', incrementSeconds: 0 }],
    [
      '/v1/auth/token/renew-accessor',
      'accessor=acc&increment=60',
      { by: 'accessor', value: 'acc', incrementSeconds: 60 },
    ],
    ['/v1/sys/leases/renew', '{}', undefined],
    ['/v1/sys/leases/lookup', '{"lease_id":"a"}', undefined],
  ];
  for (const [path, body, want] of rows) {
    it(`${path} ${body}`, () => {
      expect(renewalOf(sent(path, body))).to.deep.equal(want);
      if (want !== undefined) expect(mayRenew('PUT', path)).to.equal(true);
    });
  }

  it('grants only what the answer says', () => {
    expect(grantedBy('lease', { lease_duration: 60, renewable: true })).to.deep.equal({
      ttlMs: 60_000,
      renewable: true,
    });
    expect(grantedBy('token', { lease_duration: 60, auth: { lease_duration: 30, renewable: false } })).to.deep.equal({
      ttlMs: 30_000,
      renewable: false,
    });
    expect(grantedBy('lease', { lease_duration: 0 })).to.equal(undefined);
    expect(grantedBy('token', null)).to.equal(undefined);
  });
});
