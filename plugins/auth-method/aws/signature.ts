// AWS Signature Version 4 for requests without a query. Pure: it is given the time and knows no service. (Spec auth-wire 4.2; AWS: "Create a
// signed AWS API request".)
import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from './credentials.js';

/** What to sign. All `headers` are signed; `Host`, `X-Amz-Date` and `X-Amz-Security-Token` are added. */
export interface SignOrder {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly credentials: AwsCredentials;
  readonly region: string;
  readonly service: string;
  /** Wall clock, ms. */
  readonly atMs: number;
}

/** A signed request: what to send, and the canonical form for those who compare. */
export interface Signed {
  /** With `Authorization`; `Host` is left to whoever sends. */
  readonly headers: Readonly<Record<string, string>>;
  readonly canonical: string;
}

/** Signs. */
export function signRequest(order: SignOrder): Signed {
  const { credentials, region, service } = order;
  const stamp = timestamp(order.atMs);
  const headers = {
    ...order.headers,
    'X-Amz-Date': stamp,
    ...(credentials.token !== undefined && { 'X-Amz-Security-Token': credentials.token.reveal() }),
  };
  const list = canonicalHeaders({ ...headers, Host: order.url.host });
  const names = list.map(([name]) => name).join(';');
  const lines = list.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = [order.method, pathOf(order.url), '', lines, names, sha256(order.body)].join('\n');
  const day = stamp.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = signingKey(credentials.secret.reveal(), day, region, service);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n')).toString('hex');
  const parts = [`Credential=${credentials.keyId}/${scope}`, `SignedHeaders=${names}`, `Signature=${signature}`];
  // comma and blank between the parts: the server reads the region by splitting at blanks
  return { headers: { ...headers, Authorization: `AWS4-HMAC-SHA256 ${parts.join(', ')}` }, canonical };
}

/** The key of one day, region and service. */
export function signingKey(secret: string, day: string, region: string, service: string): Buffer {
  return [day, region, service, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
}

/** `20150830T123600Z`. */
export function timestamp(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
}

function canonicalHeaders(headers: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')])
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

// Every service but S3 wants the path, which is encoded already, encoded once more.
function pathOf(url: URL): string {
  return url.pathname
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
