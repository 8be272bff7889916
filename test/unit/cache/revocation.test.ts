import { expect } from 'chai';
import type { Criteria } from '../../../core/cache/criteria.js';
import { mayRevoke, revocationOf, tookEffect, type SentRequest } from '../../../core/cache/revocation.js';

const sent = (method: string, target: string, body = '', namespace = ''): SentRequest => {
  const [path, query = ''] = target.split('?');
  return { method, path: path!, query, namespace, token: 'hvs.own', body: Buffer.from(body) };
};

describe('revocationOf (spec cache section 7)', () => {
  const lease = (id: string): Criteria => ({ by: 'lease', lease: id });
  const prefix = (text: string, namespace = ''): Criteria => ({ by: 'prefix', prefix: text, namespace });
  const rows: [string, SentRequest, Criteria | undefined][] = [
    ['E-2 token/revoke', sent('POST', '/v1/auth/token/revoke', '{"token":"hvs.a"}'), { by: 'token', token: 'hvs.a' }],
    ['token in the URL (D-11)', sent('POST', '/v1/auth/token/revoke/hvs.a'), { by: 'token', token: 'hvs.a' }],
    ['E-2 revoke-self', sent('PUT', '/v1/auth/token/revoke-self'), { by: 'token', token: 'hvs.own' }],
    [
      'E-2 revoke-accessor',
      sent('POST', '/v1/auth/token/revoke-accessor', '{"accessor":"acc"}'),
      { by: 'accessor', accessor: 'acc' },
    ],
    [
      'E-2 revoke-orphan',
      sent('POST', '/v1/auth/token/revoke-orphan', '{"token":"hvs.a"}'),
      { by: 'orphan', token: 'hvs.a' },
    ],
    ['E-2 leases/revoke', sent('PUT', '/v1/sys/leases/revoke', '{"lease_id":"db/creds/a/1"}'), lease('db/creds/a/1')],
    ['lease in the URL (D-11)', sent('PUT', '/v1/sys/leases/revoke/db/creds/a/1?sync=true'), lease('db/creds/a/1')],
    [
      'lease in the query (D-11)',
      sent('PUT', '/v1/sys/leases/revoke?lease_id=db%2Fcreds%2Fa%2F1'),
      lease('db/creds/a/1'),
    ],
    ['old path (D-11)', sent('PUT', '/v1/sys/revoke/db/creds/a/1'), lease('db/creds/a/1')],
    [
      'old path with a body (D-11)',
      sent('PUT', '/v1/sys/revoke', '{"lease_id":"db/creds/a/1"}'),
      lease('db/creds/a/1'),
    ],
    [
      'encoded verb and id (corrections)',
      sent('PUT', '/v1/sys/leases/%72evoke/db%2Fcreds%2Fa%2F1'),
      lease('db/creds/a/1'),
    ],
    ['double slash (corrections)', sent('PUT', '/v1//sys/leases//revoke/db/creds/a/1'), lease('db/creds/a/1')],
    [
      'form body (corrections)',
      sent('PUT', '/v1/sys/leases/revoke', 'lease_id=db%2Fcreds%2Fa%2F1&sync=true'),
      lease('db/creds/a/1'),
    ],
    [
      'text behind the first JSON value, which servers ignore (corrections)',
      sent('PUT', '/v1/sys/leases/revoke', '{"lease_id":"db/creds/a/\\u0031"}\n{"lease_id":"x"}'),
      lease('db/creds/a/1'),
    ],
    ['prefix (D-12)', sent('PUT', '/v1/sys/leases/revoke-prefix/db/creds/'), prefix('db/creds')],
    ['force (D-12)', sent('POST', '/v1/sys/leases/revoke-force/db'), prefix('db')],
    ['old prefix path (D-11)', sent('PUT', '/v1/sys/revoke-prefix/auth/approle'), prefix('auth/approle')],
    [
      'prefix in a namespace of the path (E-1)',
      sent('PUT', '/v1/ns2/sys/leases/revoke-prefix/db', '', 'ns1/'),
      prefix('db', 'ns1/ns2/'),
    ],
    ['unmount (corrections)', sent('DELETE', '/v1/sys/mounts/db/'), prefix('db')],
    ['disabled auth method (corrections)', sent('DELETE', '/v1/ns1/sys/auth/approle'), prefix('auth/approle', 'ns1/')],
    ['deleted namespace', sent('DELETE', '/v1/sys/namespaces/team'), { by: 'namespace', namespace: 'team/' }],
    ['remount', sent('POST', '/v1/sys/remount', '{"from":"db","to":"db2"}'), prefix('db')],
    [
      'dots in the path, which the server takes out (R-11)',
      sent('PUT', '/v1/x/../sys/./leases/revoke/db/creds/a/1'),
      lease('db/creds/a/1'),
    ],
    [
      'encoded dots in the path (R-11)',
      sent('PUT', '/v1/x/%2e%2e/sys/leases/revoke/db/creds/a/1'),
      lease('db/creds/a/1'),
    ],
    ['no body (D-38)', sent('PUT', '/v1/sys/leases/revoke'), undefined],
    ['not JSON (D-38)', sent('POST', '/v1/auth/token/revoke', '{"token":'), undefined],
    ['wrong type (D-38)', sent('POST', '/v1/auth/token/revoke', '{"token":7}'), undefined],
    ['empty prefix: never everything', sent('PUT', '/v1/sys/leases/revoke-prefix/'), undefined],
    ['tidy', sent('POST', '/v1/sys/leases/tidy'), undefined],
    [
      "a client's own cubbyhole (E-1)",
      sent('POST', '/v1/cubbyhole/sys/leases/revoke', '{"lease_id":"db/1"}'),
      undefined,
    ],
    ['a cubbyhole, prefix', sent('POST', '/v1/cubbyhole/sys/leases/revoke-prefix/db'), undefined],
    ['a cubbyhole, accessor', sent('POST', '/v1/cubbyhole/auth/token/revoke-accessor', '{"accessor":"a"}'), undefined],
    ['a cubbyhole, remount', sent('POST', '/v1/cubbyhole/sys/remount', '{"from":"db"}'), undefined],
    ['a cubbyhole, unmount', sent('DELETE', '/v1/ns1/cubbyhole/sys/mounts/db'), undefined],
    ['a policy of that name', sent('PUT', '/v1/sys/policies/acl/a/sys/leases/revoke-prefix/db'), undefined],
    ['remount in a namespace', sent('POST', '/v1/ns1/sys/remount', '{"from":"db"}'), prefix('db', 'ns1/')],
    ['a secret of that name', sent('DELETE', '/v1/secret/data/revoke'), undefined],
  ];
  for (const [name, request, want] of rows) it(name, () => expect(revocationOf(request)).to.deep.equal(want));

  it('is foreseen by the cheap look at the path for every row that revokes', () => {
    for (const [name, request, want] of rows)
      if (want !== undefined) expect(mayRevoke(request.method, request.path), name).to.equal(true);
    expect(mayRevoke('GET', '/v1/secret/data/app')).to.equal(false);
    expect(mayRevoke('POST', '/v1/secret/data/app')).to.equal(false);
    expect(mayRevoke('DELETE', '/v1/secret/data/app')).to.equal(false);
  });

  it('counts with 200, 202 and 204 (D-10) and when the outcome is unclear (R-11), not when it was refused', () => {
    expect([200, 202, 204, 500, 502, 504, undefined].every(tookEffect)).to.equal(true);
    expect([307, 400, 403, 404, 429].some(tookEffect)).to.equal(false);
  });
});
