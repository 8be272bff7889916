import { expect } from 'chai';
import { headerReason, nameOf, type StaticName } from '../../../../core/cache/static/name.js';

const named = (method: string, target: string, namespace = ''): StaticName | string => {
  const [path, query = ''] = target.split('?', 2) as [string, string?];
  return nameOf({ method, path, query, namespace });
};
const key = (method: string, target: string, namespace = ''): string => {
  const name = named(method, target, namespace);
  return typeof name === 'string' ? `- ${name}` : name.key;
};

describe('names of static secrets', () => {
  it('tell lists, reads and versions of one path apart (D-40)', () => {
    const keys = [
      key('GET', '/v1/secret/metadata/a'),
      key('GET', '/v1/secret/metadata/a?list=true'),
      key('GET', '/v1/secret/metadata/a?version=2'),
    ];
    expect(keys).to.deep.equal(['r0:secret/metadata/a', 'l:secret/metadata/a', 'r2:secret/metadata/a']);
    expect(key('LIST', '/v1/secret/metadata/a/')).to.equal(keys[1]);
    expect(key('GET', '/v1/secret/metadata/a?version=0')).to.equal(keys[0]);
  });

  it('are the same however the namespace was given (D-42)', () => {
    const keys = [key('GET', '/v1/ns1/secret/data/a'), key('GET', '/v1/secret/data/a', 'ns1/')];
    expect(new Set(keys)).to.deep.equal(new Set(['r0:ns1/secret/data/a']));
  });

  it('are of the decoded path, and what is sent stays as received', () => {
    const name = named('GET', '/v1/secret/data/a%20b%2Fc') as StaticName;
    expect([name.absolute, name.target.path]).to.deep.equal(['secret/data/a b/c', '/v1/secret/data/a%20b%2Fc']);
  });

  for (const [method, target, why] of [
    ['HEAD', '/v1/secret/data/a', 'method'],
    ['POST', '/v1/secret/data/a', 'method'],
    ['SCAN', '/v1/secret/metadata/a', 'method'],
    ['GET', '/v1/secret/data/a?help=1', 'query'],
    ['GET', '/v1/secret/data/a?help', 'query'],
    ['GET', '/v1/secret/data/a?version=', 'query'],
    ['GET', '/v1/secret/data/a?version=01', 'query'],
    ['GET', '/v1/secret/data/a?version=1&version=2', 'query'],
    ['GET', '/v1/secret/metadata/a?list=true&after=b', 'query'],
    ['LIST', '/v1/secret/metadata/a?limit=1', 'query'],
    ['GET', '/v1/secret/subkeys/a?depth=1', 'query'],
    ['GET', '/v2/secret/data/a', 'path'],
    ['GET', '/v1/', 'path'],
    ['GET', '/v1/secret/data/a/', 'path'],
    ['GET', '/v1/secret//data/a', 'path'],
    ['GET', '/v1/secret%2F%2Fdata/a', 'path'],
    ['GET', '/v1/secret/data/../a', 'path'],
    ['GET', '/v1/secret/data/%2e%2e/a', 'path'],
    ['GET', '/v1/secret/data/%FF', 'path'],
    ['GET', '/v1/secret/data/%', 'path'],
    ['GET', `/v1/secret/data/${'a'.repeat(2000)}`, 'path'],
    ['GET', '/v1/sys/mounts', 'not-static'],
    ['GET', '/v1/auth/token/lookup-self', 'not-static'],
    ['GET', '/v1/cubbyhole/a', 'not-static'],
    ['GET', '/v1/ns1/cubbyhole/a', 'not-static'],
    ['GET', '/v1/ns1/%63ubbyhole/a', 'not-static'],
    ['LIST', '/v1/identity/entity/id', 'not-static'],
  ] as const) {
    it(`there is none for ${method} ${target.slice(0, 60)}: ${why} (R-10)`, () => {
      expect(key(method, target)).to.equal(`- ${why}`);
    });
  }

  it('a dot in a segment is no walk', () => {
    expect(key('GET', '/v1/secret/data/.hidden/a..b')).to.equal('r0:secret/data/.hidden/a..b');
  });

  for (const [headers, why] of [
    [['X-Vault-Wrap-TTL', '60s'], 'wrapped'],
    [['X-Vault-Wrap-TTL', ''], undefined],
    [['Cache-Control', 'no-cache'], 'no-store'],
    [['cache-control', 'max-age=0, No-Store'], 'no-store'],
    [['Authorization', 'Bearer x'], undefined],
    [['Authorization', 'AWS4-HMAC-SHA256 x'], 'header'],
    [['X-Vault-Index', 'x'], 'header'],
    [['X-Vault-MFA', 'x'], 'header'],
    [['x-vault-inline-auth-path', 'x'], 'header'],
    [['X-Vault-Token', 't', 'X-Vault-Request', 'true', 'X-Vault-Namespace', 'n', 'X-Custom-Tracing', 'x'], undefined],
  ] as const) {
    it(`header ${headers.join(' ')}: ${why ?? 'a candidate'} (D-41, D-55)`, () => {
      expect(headerReason(headers)).to.equal(why);
    });
  }
});
