// signJwt: a signed JSON web token (RFC 7515, 7519) for services that want one as proof of a key. It checks nothing and knows no claims.
import { constants, createHmac, sign, type KeyObject } from 'node:crypto';
import { agentError } from './errors.js';

/** Algorithms of RFC 7518 that clients need. */
export type JwtAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'HS256';

/** What to sign. `header` gets `alg` and `typ`. */
export interface JwtOrder {
  readonly alg: JwtAlgorithm;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** A private key; for HS256 the secret's bytes. */
  readonly key: KeyObject | Uint8Array;
}

/**
 * The compact form. Throws AUTH_CREDENTIAL_INVALID when the key does not fit the algorithm; the message does not quote it. PS256 salts with the length of
 * the digest, as RFC 7518 3.5 demands.
 */
export function signJwt({ alg, header = {}, claims, key }: JwtOrder): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg, typ: 'JWT', ...header })}.${part(claims)}`;
  try {
    return `${text}.${signature(alg, Buffer.from(text), key).toString('base64url')}`;
  } catch (error) {
    const why = `it cannot sign with ${alg} (${error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : 'unknown'})`;
    throw agentError('AUTH_CREDENTIAL_INVALID', { what: 'the private key', why });
  }
}

function signature(alg: JwtAlgorithm, bytes: Buffer, key: KeyObject | Uint8Array): Buffer {
  if (alg === 'HS256') return createHmac('sha256', key).update(bytes).digest();
  const object = key as KeyObject;
  const wanted = alg === 'ES256' ? 'ec' : 'rsa';
  if (object.asymmetricKeyType !== wanted) throw new TypeError('wrong type of key');
  // RFC 7518 3.4: no other curve
  if (wanted === 'ec' && object.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new TypeError('wrong curve');
  if (alg === 'ES256') return sign('sha256', bytes, { key: object, dsaEncoding: 'ieee-p1363' });
  if (alg === 'RS256') return sign('sha256', bytes, object);
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return sign('sha256', bytes, { key: object, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}
