import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { rig, type Ask, type Rig } from './rig.js';

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const ed = generateKeyPairSync('ed25519');

function token(alg: string, key: KeyObject, claims: object, header: object = {}): string {
  const signed = `${part({ alg, ...header })}.${part(claims)}`;
  const digest = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const input = alg.startsWith('PS') ? pss : alg.startsWith('ES') ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key;
  return `${signed}.${sign(digest, Buffer.from(signed), input).toString('base64url')}`;
}

describe('dev-server/auth/jwt', () => {
  let world: Rig;
  let ask: Ask;
  let nowS: number;
  let claims: Record<string, unknown>;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    nowS = world.clock.now() / 1000;
    claims = { iss: 'https://issuer.test', aud: 'vault', sub: 'app-1', iat: nowS, exp: nowS + 600 };
    await ask('POST', 'sys/auth/jwt', { type: 'jwt' });
    await ask('POST', 'auth/jwt/config', {
      jwt_validation_pubkeys: [rsa, p256, p384, ed].map((pair) => pem(pair.publicKey)),
      bound_issuer: 'https://issuer.test',
      default_role: 'app',
    });
    await ask('POST', 'auth/jwt/role/app', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_audiences: ['vault'],
      token_policies: ['app'],
    });
  });

  const login = (jwt: string, role = 'app') => ask('POST', 'auth/jwt/login', { role, jwt }, { token: '' });
  const es = (more: object = {}) => token('ES256', p256.privateKey, { ...claims, ...more });

  const good: readonly (readonly [string, KeyObject])[] = [
    ['RS256', rsa.privateKey],
    ['RS512', rsa.privateKey],
    ['PS256', rsa.privateKey],
    ['PS384', rsa.privateKey],
    ['ES256', p256.privateKey],
    ['ES384', p384.privateKey],
    ['EdDSA', ed.privateKey],
  ];
  for (const [alg, key] of good) {
    it(`takes a token signed with ${alg}`, async () => {
      const answer = await login(token(alg, key, claims));
      expect(answer.errors).deep.equal([]);
      expect(answer.auth.metadata).deep.equal({ role: 'app' });
    });
  }

  it('refuses a key of another owner, a changed payload, and algorithms that prove nothing', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const [head = '', , signature = ''] = es().split('.');
    const unsigned = `${part({ alg: 'none' })}.${part(claims)}.`;
    const hmac = `${part({ alg: 'HS256' })}.${part(claims)}.${signature}`;
    for (const jwt of [
      token('ES256', other.privateKey, claims),
      `${head}.${part({ ...claims, sub: 'root' })}.${signature}`,
      unsigned,
      token('ES256', p384.privateKey, claims),
      hmac,
    ]) {
      const answer = await login(jwt);
      expect(answer.status).equal(400);
      expect(answer.errors[0]).contain('error validating token: error verifying token signature');
    }
  });

  it('uses the default role and knows roles by any case', async () => {
    const answer = await ask('POST', 'auth/jwt/login', { jwt: es() }, { token: '' });
    expect(answer.status).equal(200);
    expect((await login(es(), 'APP')).status).equal(200);
  });

  const bad: readonly (readonly [string, (now: number) => object, string])[] = [
    ['another issuer', () => ({ iss: 'x' }), 'invalid issuer (iss) claim'],
    ['another audience', () => ({ aud: ['x', 'y'] }), 'invalid audience (aud) claim'],
    ['an expired token', (now) => ({ iat: now - 900, exp: now - 61 }), 'token is expired'],
    ['a token of the future', (now) => ({ nbf: now + 61 }), 'token not yet valid'],
    ['a token issued in the future', (now) => ({ iat: now + 61, nbf: now }), 'token issued in the future'],
  ];
  for (const [title, more, text] of bad) {
    it(`refuses ${title}`, async () => {
      const answer = await login(es(more(nowS)));
      expect(answer.status).equal(400);
      expect(answer.errors[0]).contain(text);
    });
  }

  it('allows a minute of clock skew, or none when the role says so', async () => {
    const late = es({ exp: nowS - 30 });
    expect((await login(late)).status).equal(200);
    await ask('POST', 'auth/jwt/role/app', { clock_skew_leeway: -1 });
    expect((await login(late)).status).equal(400);
  });

  it('holds a token to bound claims, by JSON pointer and glob, and to its subject', async () => {
    await ask('POST', 'auth/jwt/role/app', {
      bound_claims: { '/k8s/ns': ['shop-*'], team: 'a' },
      bound_claims_type: 'glob',
      claim_mappings: { team: 'squad' },
    });
    const fits = await login(es({ k8s: { ns: 'shop-1' }, team: ['a', 'b'] }));
    expect(fits.auth.metadata).deep.equal({ role: 'app', squad: '["a","b"]' });
    expect((await login(es({ k8s: { ns: 'bank' }, team: 'a' }))).errors[0]).contain('does not match any associated');
    expect((await login(es({ team: 'a' }))).errors[0]).contain('claim "/k8s/ns" is missing');
    await ask('POST', 'auth/jwt/role/app', { bound_claims: {}, bound_subject: 'app-2' });
    expect((await login(es())).errors[0]).contain('invalid subject (sub) claim');
  });

  it('asks for the groups claim when the role has one', async () => {
    await ask('POST', 'auth/jwt/role/app', { groups_claim: 'groups' });
    expect((await login(es())).errors[0]).contain('"groups" claim not found in token');
    expect((await login(es({ groups: ['a'] }))).status).equal(200);
  });

  it('refuses an audience that no role asked for, and roles without any bound', async () => {
    await ask('POST', 'auth/jwt/role/sub', { role_type: 'jwt', user_claim: 'sub', bound_subject: 'app-1' });
    expect((await login(es(), 'sub')).errors[0]).contain('no audiences bound to the role');
    const unbound = await ask('POST', 'auth/jwt/role/x', { role_type: 'jwt', user_claim: 'sub' });
    expect(unbound.errors[0]).contain('at least one bound constraint');
    expect((await ask('POST', 'auth/jwt/role/x', { user_claim: 'sub' })).errors[0]).contain('allowed_redirect_uris');
  });

  it('refuses a configuration with broken, no, or two sources of keys', async () => {
    const config = (body: object) => ask('POST', 'auth/jwt/config', body);
    expect((await config({ jwt_validation_pubkeys: ['hello'] })).errors[0]).contain('error parsing public key');
    expect((await config({})).errors[0]).contain('exactly one of');
    const both = { jwt_validation_pubkeys: [pem(ed.publicKey)], jwks_url: 'http://127.0.0.1:1/' };
    expect((await config(both)).errors[0]).contain('exactly one of');
    expect((await config({ jwks_url: 'http://127.0.0.1:1/' })).errors[0]).contain('error checking jwks URL');
  });

  it('takes only the algorithms that the configuration names', async () => {
    await ask('POST', 'auth/jwt/config', {
      jwt_validation_pubkeys: [pem(p256.publicKey)],
      jwt_supported_algs: ['RS256'],
    });
    expect((await login(es())).errors[0]).contain('unexpected signature algorithm "ES256"; expected ["RS256"]');
  });

  it('asks a JWKS address, again when a key was turned', async () => {
    let keys: object[] = [{ ...p256.publicKey.export({ format: 'jwk' }), kid: 'one' }];
    const server = http.createServer((_, response) => response.end(JSON.stringify({ keys })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/keys`;
      expect((await ask('POST', 'auth/jwt/config', { jwks_url: url })).status).equal(204);
      expect((await login(token('ES256', p256.privateKey, claims, { kid: 'one' }))).status).equal(200);
      const turned = token('ES384', p384.privateKey, claims, { kid: 'two' });
      expect((await login(turned)).errors[0]).contain('failed to verify id token signature');
      keys = [{ ...p384.publicKey.export({ format: 'jwk' }), kid: 'two' }];
      expect((await login(turned)).status).equal(200);
    } finally {
      server.close();
    }
  });

  describe('with the discovery document of an issuer', () => {
    let server: http.Server;
    let url: string;
    let document: object;
    beforeEach(async () => {
      const keys = [{ ...p256.publicKey.export({ format: 'jwk' }), kid: 'one' }];
      server = http.createServer(({ url: path }, response) => {
        if (path === '/keys') response.end(JSON.stringify({ keys }));
        else if (path === '/.well-known/openid-configuration') response.end(JSON.stringify(document));
        else response.writeHead(404).end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
      document = { issuer: url, jwks_uri: `${url}/keys` };
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });
    const configure = () => ask('POST', 'auth/jwt/config', { oidc_discovery_url: url });

    it('takes the keys that it names, and shows the address', async () => {
      expect((await configure()).status).equal(204);
      expect((await ask('GET', 'auth/jwt/config')).data).include({ oidc_discovery_url: url, jwks_url: '' });
      expect((await login(token('ES256', p256.privateKey, claims, { kid: 'one' }))).status).equal(200);
      const wrong = await login(token('ES384', p384.privateKey, claims, { kid: 'one' }));
      expect(wrong.errors[0]).contain('failed to verify id token signature');
    });

    for (const [name, change, why] of [
      ['of another issuer', () => ({ issuer: 'https://other', jwks_uri: `${url}/keys` }), 'issuer did not match'],
      ['without keys', () => ({ issuer: url }), 'names no keys'],
      ['whose keys are not there', () => ({ issuer: url, jwks_uri: `${url}/none` }), 'get keys failed: 404'],
    ] as const)
      it(`refuses one ${name}`, async () => {
        document = change();
        const answer = await configure();
        expect(answer.status).equal(400);
        expect(answer.errors[0]).contain('error checking oidc discovery URL').contain(why);
      });

    it('refuses an address where nothing is, and two sources of keys', async () => {
      const nowhere = await ask('POST', 'auth/jwt/config', { oidc_discovery_url: `${url}/tenant` });
      expect(nowhere.errors[0]).contain('error checking oidc discovery URL: 404');
      const both = { oidc_discovery_url: url, jwks_url: `${url}/keys` };
      expect((await ask('POST', 'auth/jwt/config', both)).errors[0]).contain('exactly one of');
    });
  });
});
