// Judges AWS Signature Version 4 the way a service does: from the request as it arrived, written apart from the signer of the plugin and sharing nothing
// with it. (AWS: "Troubleshoot Signature Version 4 signing".)
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Asked } from './http-double.js';

/** What a service knows to judge with. */
export interface Judge {
  /** Wall clock, ms. */
  readonly nowMs: number;
  readonly region: string;
  readonly service: string;
  /** The key of an id, or undefined. */
  readonly keyOf: (id: string) => Key | undefined;
}

/** A key that the service gave out. */
export interface Key {
  readonly secret: string;
  readonly token?: string | undefined;
  readonly expiresAtMs?: number | undefined;
}

/** A refusal as AWS words it. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Who signed, or why nobody did. */
export type Verdict = { readonly keyId: string } | Refusal;

const WINDOW_MS = 15 * 60_000;

/** The verdict on a request. */
export function judge(asked: Asked, by: Judge): Verdict {
  const authorization = asked.headers.authorization;
  if (authorization === undefined)
    return no(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
  const parts = partsOf(authorization);
  const date = headerOf(asked, 'x-amz-date');
  if (parts === undefined || !/^\d{8}T\d{6}Z$/.test(date))
    return no(400, 'IncompleteSignature', 'The request signature does not conform to AWS standards');
  const { keyId, scope, names, signature } = parts;
  const problem = scopeProblem(scope, date, by) ?? timeProblem(date, by.nowMs);
  if (problem !== undefined) return no(403, 'SignatureDoesNotMatch', problem);
  const key = by.keyOf(keyId);
  const token = headerOf(asked, 'x-amz-security-token');
  if (key === undefined || (key.token ?? '') !== token)
    return no(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
  if (key.expiresAtMs !== undefined && key.expiresAtMs <= by.nowMs)
    return no(403, 'ExpiredToken', 'The security token included in the request is expired');
  const unsigned = Object.keys(asked.headers).find(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name),
  );
  if (unsigned !== undefined) return no(403, 'SignatureDoesNotMatch', `Header ${unsigned} must be signed`);
  const canonical = canonicalOf(asked, names);
  if (same(signature, expectedSignature(key.secret, date, scope, canonical))) return { keyId };
  // some services show what they computed, the session token included: the worst case for whoever logs it
  const shown = `The Canonical String for this request should have been '${canonical}'`;
  return no(
    403,
    'SignatureDoesNotMatch',
    `The request signature we calculated does not match the signature you provided. ${shown}`,
  );
}

/** The signature a request ought to have; exported so that it can be held against the published vectors. */
export function expectedSignature(secret: string, date: string, scope: readonly string[], canonical: string): string {
  let key: Buffer | string = `AWS4${secret}`;
  for (const word of scope) key = createHmac('sha256', key).update(word, 'utf8').digest();
  const digest = createHash('sha256').update(canonical, 'utf8').digest('hex');
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope.join('/')}\n${digest}`;
  return createHmac('sha256', key).update(text, 'utf8').digest('hex');
}

/** The canonical request of AWS, of the headers that are named. */
export function canonicalOf(asked: Asked, names: readonly string[]): string {
  let text = `${asked.method}\n${asked.path}\n`;
  text += [...asked.query]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  text += '\n';
  for (const name of names) text += `${name}:${headerOf(asked, name).split(/ +/).join(' ').trim()}\n`;
  return `${text}\n${names.join(';')}\n${createHash('sha256').update(asked.body, 'utf8').digest('hex')}`;
}

interface Parts {
  readonly keyId: string;
  readonly scope: readonly string[];
  readonly names: readonly string[];
  readonly signature: string;
}

function partsOf(authorization: string): Parts | undefined {
  const [algorithm, ...rest] = authorization.split(' ');
  if (algorithm !== 'AWS4-HMAC-SHA256') return undefined;
  const fields = new Map(rest.map((part) => part.replace(/,$/, '').split('=', 2) as [string, string]));
  const [keyId = '', ...scope] = (fields.get('Credential') ?? '').split('/');
  const names = (fields.get('SignedHeaders') ?? '').split(';');
  const signature = fields.get('Signature') ?? '';
  const isSorted = [...names].sort().join() === names.join();
  return keyId !== '' && scope.length === 4 && isSorted && /^[0-9a-f]{64}$/.test(signature)
    ? { keyId, scope, names, signature }
    : undefined;
}

function scopeProblem([day, region, service, end]: readonly string[], date: string, by: Judge): string | undefined {
  if (day !== date.slice(0, 8))
    return 'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP';
  if (region !== by.region) return 'Credential should be scoped to a valid region.';
  if (service !== by.service) return `Credential should be scoped to correct service: '${by.service}'.`;
  return end === 'aws4_request' ? undefined : "Credential should be scoped with a valid terminator: 'aws4_request'";
}

function timeProblem(date: string, nowMs: number): string | undefined {
  const at = Date.parse(date.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3T$4:$5:$6Z'));
  const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  if (at < nowMs - WINDOW_MS)
    return `Signature expired: ${date} is now earlier than ${stamp(nowMs - WINDOW_MS)} (${stamp(nowMs)} - 15 min.)`;
  if (at > nowMs + WINDOW_MS)
    return `Signature not yet current: ${date} is still later than ${stamp(nowMs + WINDOW_MS)} (${stamp(nowMs)} + 15 min.)`;
  return undefined;
}

const headerOf = ({ headers }: Asked, name: string): string => [headers[name] ?? ''].flat().join(',');
const same = (one: string, other: string): boolean => timingSafeEqual(Buffer.from(one), Buffer.from(other));
const no = (status: number, code: string, message: string): Refusal => ({ status, code, message });
