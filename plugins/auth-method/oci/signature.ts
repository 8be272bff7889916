// Signatures of Oracle Cloud (draft-cavage HTTP signatures, version 1; auth-wire 9.4). Pure and deterministic.
import { sign, type KeyObject } from 'node:crypto';

/** Header names and values in the order in which they are signed. */
export type SignedHeaders = readonly (readonly [name: string, value: string])[];

/** Who signs. */
export interface Signer {
  /** For instances it holds a session token: a secret. */
  readonly keyId: string;
  readonly key: KeyObject;
}

/** The lines that are signed. */
export function signingString(headers: SignedHeaders): string {
  return headers.map(([name, value]) => `${name}: ${value}`).join('\n');
}

/** The value of `Authorization`: RSASSA-PKCS1-v1_5 with SHA-256. */
export function authorization(headers: SignedHeaders, { keyId, key }: Signer): string {
  const signature = sign('sha256', Buffer.from(signingString(headers)), key).toString('base64');
  const names = headers.map(([name]) => name).join(' ');
  return `Signature version="1",headers="${names}",keyId="${keyId}",algorithm="rsa-sha256",signature="${signature}"`;
}

/** `Thu, 05 Jan 2014 21:31:40 GMT` (RFC 1123). */
export const httpDate = (nowMs: number): string => new Date(nowMs).toUTCString();
