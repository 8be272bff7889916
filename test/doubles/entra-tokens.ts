// Tokens made and proven the way Entra does it, by node:crypto alone: no code of the plugins or the SDK (spec auth-wire 11.1).
import {
  constants,
  createHash,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
  type X509Certificate,
} from 'node:crypto';

/** Claims of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/** A token in its parts. */
export interface Parts {
  readonly header: Claims;
  readonly claims: Claims;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signs with RS256. */
export function rs256(claims: Claims, key: KeyObject, header: Claims = {}): string {
  const text = `${part({ alg: 'RS256', typ: 'JWT', ...header })}.${part(claims)}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

/** A key pair of an issuer. */
export const issuerKeys = (): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Splits a token; undefined when it is none. */
export function partsOf(token: string): Parts | undefined {
  const parts = token.split('.');
  const [head = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) return undefined;
  try {
    const read = (text: string): Claims => JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Claims;
    return {
      header: read(head),
      claims: read(payload),
      signed: Buffer.from(`${head}.${payload}`),
      signature: Buffer.from(signature, 'base64url'),
    };
  } catch {
    return undefined;
  }
}

/** Whether the key made the signature with RS256 or, with a salt of 32 bytes, PS256. */
export function isSignedBy({ header, signed, signature }: Parts, key: KeyObject): boolean {
  if (header['alg'] === 'RS256') return verify('RSA-SHA256', signed, key, signature);
  if (header['alg'] !== 'PS256') return false;
  const padding = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return verify('RSA-SHA256', signed, padding, signature);
}

/** Thumbprint by which a header names a certificate. */
export const thumbprint = (certificate: X509Certificate): string =>
  createHash('sha256').update(certificate.raw).digest('base64url');
