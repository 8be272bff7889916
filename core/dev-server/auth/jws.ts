// Compact JSON Web Signatures (RFC 7515): splitting a token and checking its signature with public keys. Pure.
// Error texts are the ones the server's library gives; it knows no claims.
import { constants, createPublicKey, verify } from 'node:crypto';
import type { KeyObject, VerifyKeyObjectInput } from 'node:crypto';

/** Every algorithm the server takes (RFC 7518, RFC 8037). */
export const SIGNING_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
] as const;

/** A token in its parts; nothing of it is proven. */
export interface Jws {
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** Splits a compact token. Throws a plain Error with the library's text. */
export function parseJws(token: string): Jws {
  const parts = token.split('.');
  const [head = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) throw new Error('go-jose/go-jose: compact JWS format must have three parts');
  const header = jsonObject(head);
  const algorithm = header['alg'];
  const keyId = header['kid'];
  return {
    algorithm: typeof algorithm === 'string' ? algorithm : '',
    keyId: typeof keyId === 'string' ? keyId : undefined,
    claims: jsonObject(payload),
    signed: Buffer.from(`${head}.${payload}`, 'ascii'),
    signature: Buffer.from(signature, 'base64url'),
  };
}

function jsonObject(part: string): Record<string, unknown> {
  const bytes = Buffer.from(part, 'base64url');
  const value = parsed(bytes.toString('utf8'));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error('go-jose/go-jose: malformed token');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error('go-jose/go-jose: malformed token');
  }
}

/** The public key of a PEM text (SPKI, PKCS#1 or a certificate). Throws a plain Error. */
export function publicKeyOf(pem: string): KeyObject {
  if (!/-----BEGIN (RSA )?PUBLIC KEY-----|-----BEGIN CERTIFICATE-----/.test(pem)) {
    throw new Error('data does not contain any valid public keys');
  }
  return createPublicKey(pem);
}

/** Whether one of the keys made the signature; a key of another type than the algorithm never did. */
export function signatureHolds(jws: Jws, keys: readonly KeyObject[]): boolean {
  return keys.some((key) => holds(jws, key));
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

function holds(jws: Jws, key: KeyObject): boolean {
  const input = verifyInput(jws.algorithm, key);
  if (input === undefined) return false;
  const digest = jws.algorithm === 'EdDSA' ? null : `sha${jws.algorithm.slice(2)}`;
  try {
    return verify(digest, jws.signed, input, jws.signature);
  } catch {
    return false;
  }
}

function verifyInput(algorithm: string, key: KeyObject): VerifyKeyObjectInput | KeyObject | undefined {
  const type = key.asymmetricKeyType;
  const family = (SIGNING_ALGORITHMS as readonly string[]).includes(algorithm) ? algorithm.slice(0, 2) : '';
  if (family === 'Ed') return type === 'ed25519' ? key : undefined;
  if (family === 'RS') return type === 'rsa' ? key : undefined;
  if (family === 'PS' && type === 'rsa') {
    return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  }
  if (family !== 'ES' || type !== 'ec') return undefined;
  if (key.asymmetricKeyDetails?.namedCurve !== CURVES[algorithm]) return undefined;
  return { key, dsaEncoding: 'ieee-p1363' };
}
