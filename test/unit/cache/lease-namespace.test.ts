import { expect } from 'chai';
import { placeOfLease, placeOfToken, splitNamespace } from '../../../core/cache/lease-namespace.js';

describe('splitNamespace (E-1)', () => {
  const rows: [string, string, string, string][] = [
    ['', '/v1/ns1/sys/mounts', '', '/v1/ns1/sys/mounts'],
    ['ns1/', '/v1/sys/mounts', 'ns1/', '/v1/sys/mounts'],
    ['ns1/', '/v1/ns2/sys/mounts', 'ns1/', '/v1/ns2/sys/mounts'],
    ['', '/v1/ns1/sys/leases/revoke', 'ns1/', '/v1/sys/leases/revoke'],
    ['ns1/', '/v1/sys/leases/revoke', 'ns1/', '/v1/sys/leases/revoke'],
    ['ns1/', '/v1/ns2/sys/leases/revoke', 'ns1/ns2/', '/v1/sys/leases/revoke'],
    ['', '/v1/ns1/sys/leases/revoke-prefix/foo', 'ns1/', '/v1/sys/leases/revoke-prefix/foo'],
    ['ns1/', '/v1/sys/leases/revoke-prefix/foo', 'ns1/', '/v1/sys/leases/revoke-prefix/foo'],
    ['ns1/', '/v1/ns2/sys/leases/revoke-prefix/foo', 'ns1/ns2/', '/v1/sys/leases/revoke-prefix/foo'],
    ['', '/v1/sys/leases/revoke-prefix/auth/token/revoked', '', '/v1/sys/leases/revoke-prefix/auth/token/revoked'],
  ];
  for (const [namespace, path, toNamespace, toPath] of rows) {
    it(`${namespace || 'root'} ${path}`, () => {
      expect(splitNamespace(namespace, path)).to.deep.equal({ namespace: toNamespace, path: toPath });
    });
  }

  it('finds where a lease and a token live when the namespace was written in the path', () => {
    expect(placeOfLease('', '/v1/ns1/db/creds/a', 'db/creds/a/id.x')).to.deep.equal({
      namespace: 'ns1/',
      path: '/v1/db/creds/a',
    });
    expect(placeOfLease('ns1/', '/v1/db/creds/a', 'db/creds/a/id.x')).to.deep.equal({
      namespace: 'ns1/',
      path: '/v1/db/creds/a',
    });
    expect(placeOfLease('', '/v1/db/creds/a', 'odd')).to.deep.equal({ namespace: '', path: '/v1/db/creds/a' });
    expect(placeOfToken('', '/v1/ns1/auth/approle/login')).to.deep.equal({
      namespace: 'ns1/',
      path: '/v1/auth/approle/login',
    });
  });
});
