// Request targets: clean, redirected, refused.
import { expect } from 'chai';
import { readTarget } from '../../../../core/dev-server/wire/target.js';

describe('dev server: request targets', () => {
  const redirects: readonly (readonly [string, string])[] = [
    ['/v1/secret//data/x', '/v1/secret/data/x'],
    ['/v1/secret/data/../data/x', '/v1/secret/data/x'],
    ['/v1/./sys/health?x=1&y=a%20b', '/v1/sys/health?x=1&y=a%20b'],
    ['/v1/sys/leases//revoke/', '/v1/sys/leases/revoke/'],
    ['//v1/sys/health', '/v1/sys/health'],
    ['/v1/secret/..', '/v1/'],
    ['/', '/ui/'],
    ['/ui', '/ui/'],
  ];
  for (const [raw, location] of redirects) {
    it(`${raw} redirects to ${location}`, () => expect(readTarget(raw)).to.deep.equal({ kind: 'redirect', location }));
  }

  const paths: readonly (readonly [string, string])[] = [
    ['/v1/sys/leases/%72evoke', 'sys/leases/revoke'],
    ['/v1/a/b%2Fc', 'a/b/c'],
    ['/v1/secret/', 'secret/'],
    ['/v1/', ''],
    ['/v1/s%C3%A9cret', 's\u00e9cret'],
  ];
  for (const [raw, path] of paths) {
    it(`${raw} means "${path}"`, () => expect(readTarget(raw)).to.include({ kind: 'path', path }));
  }

  it('/ui/ is a page', () => expect(readTarget('/ui/')).to.deep.equal({ kind: 'page' }));

  const refusals: readonly (readonly [string, number])[] = [
    ['/v2/x', 404],
    ['/ui/x', 404],
    ['/v1', 404],
    ['/v1/a/%2e%2e/b', 400],
    ['/v1/a%00b', 400],
    ['/v1/a%zz', 400],
    ['/v1/a%ff', 400],
  ];
  for (const [raw, status] of refusals) {
    it(`${raw} is refused with ${String(status)}`, () =>
      expect(readTarget(raw)).to.include({ kind: 'refused', status }));
  }
});
