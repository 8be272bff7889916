import { expect } from 'chai';
import { SHARED_PREFIX, shareKeyOf } from '../../../../core/cache/shared/share-key.js';
import { exchange } from '../fixture.js';

describe('cache/shared/share-key (R-7)', () => {
  const standing = { cluster: 'c-1', mount: 'auth/approle', entityId: 'e-1', policies: ['default', 'db'] };
  const cacheKey = `${'b'.repeat(43)}request`;
  const request = exchange('GET', '/v1/db/creds/a');
  const key = shareKeyOf(standing, request, cacheKey);

  it('begins with a prefix that no instance can have as its name', () => {
    expect(key).to.match(/^@x\/[\w-]{43}$/);
    expect(SHARED_PREFIX).to.match(/^[^A-Za-z0-9]/);
  });

  it('is the same whatever the token, the order of policies or how often they are named', () => {
    expect(shareKeyOf(standing, request, `${'x'.repeat(43)}request`)).to.equal(key);
    expect(shareKeyOf({ ...standing, policies: ['db', 'default', 'db'] }, request, cacheKey)).to.equal(key);
  });

  for (const [what, other] of [
    ['cluster', { cluster: 'c-2' }],
    ['mount', { mount: 'team/auth/approle' }],
    ['entity', { entityId: 'e-2' }],
    ['policies', { policies: ['default'] }],
  ] as const)
    it(`is another for another ${what}`, () => {
      expect(shareKeyOf({ ...standing, ...other }, request, cacheKey))
        .to.match(/^@x\//)
        .and.not.to.equal(key);
    });

  it('is another for another namespace or another request', () => {
    expect(shareKeyOf(standing, { ...request, namespace: 'team/' }, cacheKey)).to.not.equal(key);
    expect(shareKeyOf(standing, request, `${cacheKey}2`)).to.not.equal(key);
  });

  for (const [what, unknown] of [
    ['cluster', { cluster: '' }],
    ['entity', { entityId: '' }],
    ['policies', { policies: [] }],
  ] as const)
    it(`is not there while the ${what} is not known`, () => {
      expect(shareKeyOf({ ...standing, ...unknown }, request, cacheKey)).to.equal(undefined);
    });
});
