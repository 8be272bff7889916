import { constants, createHmac, generateKeyPairSync, verify } from 'node:crypto';
import { expect } from 'chai';
import { AgentError, signJwt } from '../../../core/sdk/index.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const claims = { iss: 'me', exp: 1 };

const parts = (jwt: string): { head: unknown; body: unknown; text: Buffer; signature: Buffer } => {
  const [head = '', body = '', signature = ''] = jwt.split('.');
  const json = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  return {
    head: json(head),
    body: json(body),
    text: Buffer.from(`${head}.${body}`),
    signature: Buffer.from(signature, 'base64url'),
  };
};

describe('signJwt', () => {
  it('signs with RS256 (RFC 7515 A.2)', () => {
    const { head, body, text, signature } = parts(
      signJwt({ alg: 'RS256', header: { kid: 'k' }, claims, key: rsa.privateKey }),
    );
    expect([head, body]).to.deep.equal([{ alg: 'RS256', typ: 'JWT', kid: 'k' }, claims]);
    expect(verify('sha256', text, rsa.publicKey, signature)).to.equal(true);
  });

  it('signs with PS256 and a salt as long as the digest (RFC 7518 3.5)', () => {
    const { text, signature } = parts(signJwt({ alg: 'PS256', claims, key: rsa.privateKey }));
    const key = { key: rsa.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verify('sha256', text, key, signature)).to.equal(true);
  });

  it('signs with ES256 as 64 bytes (RFC 7518 3.4)', () => {
    const { text, signature } = parts(signJwt({ alg: 'ES256', claims, key: ec.privateKey }));
    expect(signature).to.have.lengthOf(64);
    expect(verify('sha256', text, { key: ec.publicKey, dsaEncoding: 'ieee-p1363' }, signature)).to.equal(true);
  });

  it('signs with HS256 (RFC 7518 3.2)', () => {
    const key = Buffer.from('a secret');
    const { text, signature } = parts(signJwt({ alg: 'HS256', claims, key }));
    expect(signature.equals(createHmac('sha256', key).update(text).digest())).to.equal(true);
  });

  it('refuses a key that does not fit, without quoting it', () => {
    for (const [alg, key] of [
      ['RS256', ec.privateKey],
      ['ES256', rsa.privateKey],
      ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
      ['PS256', rsa.publicKey],
    ] as const)
      expect(() => signJwt({ alg, claims, key }))
        .to.throw(AgentError)
        .with.property('code', 'AUTH_CREDENTIAL_INVALID');
  });
});
