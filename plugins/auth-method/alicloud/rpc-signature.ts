// Signature version 1.0 of Alibaba Cloud's RPC style (auth-wire 7.3; vendor's documentation of the RPC mechanism). Pure.
import { createHmac } from 'node:crypto';

/** Percent-encoding of RFC 3986: all but letters, digits and `-_.~`. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The value of `Signature`: HMAC-SHA1 with the secret and `&`, base64. */
export function rpcSignature(method: string, parameters: Readonly<Record<string, string>>, secret: string): string {
  const text = [method, '/', canonicalQuery(parameters)].map(percentEncoded).join('&');
  return createHmac('sha1', `${secret}&`).update(text).digest('base64');
}

/** The query with all parameters and their signature. */
export function signedQuery(method: string, parameters: Readonly<Record<string, string>>, secret: string): string {
  return canonicalQuery({ ...parameters, Signature: rpcSignature(method, parameters, secret) });
}

function canonicalQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.keys(parameters)
    .sort()
    .map((name) => `${percentEncoded(name)}=${percentEncoded(parameters[name] ?? '')}`)
    .join('&');
}

/** What every signed call carries. */
export interface Stamp {
  readonly nowMs: number;
  /** Used once. */
  readonly nonce: string;
}

/** The parameters that are the same for all actions of the Security Token Service. */
export function commonParameters(action: string, { nowMs, nonce }: Stamp): Record<string, string> {
  return {
    Action: action,
    Format: 'JSON',
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: nonce,
    SignatureType: '',
    SignatureVersion: '1.0',
    Timestamp: timestamp(nowMs),
    Version: '2015-04-01',
  };
}

/** `2026-01-31T12:00:00Z`. */
export const timestamp = (nowMs: number): string => `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
