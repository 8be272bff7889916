import { expect } from 'chai';
import { RequestKeys, withoutCredentials } from '../../../core/cache/key.js';
import type { HashInput } from '../../../core/sdk/index.js';
import { exchange } from './fixture.js';

describe('RequestKeys', () => {
  const same = new RequestKeys({ digest: () => 'same' });

  it('binds token and namespace around the digest, so that a hasher cannot widen access', () => {
    const keys = [
      exchange('GET', '/v1/a'),
      exchange('GET', '/v1/a', { token: 'hvs.a' }),
      exchange('GET', '/v1/a', { token: 'hvs.b' }),
      exchange('GET', '/v1/a', { token: 'hvs.a', namespace: 'ns1/' }),
      exchange('GET', '/v1/a', { namespace: 'ns1/' }),
      exchange('GET', '/v1/a', { headers: ['Authorization', 'Negotiate one'] }),
      exchange('GET', '/v1/a', { headers: ['Authorization', 'Negotiate two'] }),
    ].map((request) => same.of(request));
    expect(new Set(keys).size).to.equal(keys.length);
    expect(same.of(exchange('GET', '/v1/other', { token: 'hvs.a' }))).to.equal(keys[1]);
  });

  it('has none for a body that still streams: all of them would be alike', () => {
    const body = { collect: () => Promise.resolve(undefined), pipeTo: () => undefined, cancel: () => undefined };
    expect(same.of({ ...exchange('GET', '/v1/a'), body })).to.equal(undefined);
  });

  it('shows the hasher no credential, and no token in the key', () => {
    const seen: HashInput[] = [];
    const keys = new RequestKeys({ digest: (input) => (seen.push(input), 'd') });
    const headers = [
      'X-Vault-Token',
      'hvs.a',
      'authorization',
      'Bearer hvs.a',
      'x-vault-NAMESPACE',
      'ns1',
      'Accept',
      '*/*',
    ];
    const key = keys.of(exchange('GET', '/v1/a', { headers, token: 'hvs.a', namespace: 'ns1/' }));
    expect(seen[0]!.headers).to.deep.equal(['Accept', '*/*']);
    expect(key).to.match(/^[\w-]{43}d$/);
    expect(withoutCredentials(headers)).to.deep.equal(['Accept', '*/*']);
  });

  it('cannot be made to mix up a token and an Authorization', () => {
    const two = exchange('GET', '/v1/a', { token: 'hvs.a', headers: ['Authorization', 'Basic x'] });
    const one = exchange('GET', '/v1/a', { token: 'hvs.a ["Basic x"]' });
    expect(same.of(two)).not.to.equal(same.of(one));
  });

  it('has no key when the hasher has no digest or throws (D-37)', () => {
    expect(new RequestKeys({ digest: () => '' }).of(exchange('GET', '/v1/a'))).to.equal(undefined);
    const throwing = new RequestKeys({
      digest: () => {
        throw new Error('no');
      },
    });
    expect(throwing.of(exchange('GET', '/v1/a'))).to.equal(undefined);
  });

  it('stays the same when its memory of tokens overflows', () => {
    const request = exchange('GET', '/v1/a', { token: 'hvs.a' });
    const before = same.of(request);
    for (let at = 0; at < 2500; at++) same.of(exchange('GET', '/v1/a', { token: `hvs.${at}` }));
    expect(same.of(request)).to.equal(before);
  });
});
