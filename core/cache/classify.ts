// (answer, is the request's token managed) -> lease, token or nothing with a reason (spec cache 5.4 with D-1, D-2, D-37, D-56). Pure and total.
import { isJsonType } from '../kernel/media-type.js';
import { headerOf } from '../kernel/raw-headers.js';
import type { RawHeaders } from '../sdk/index.js';
import { envelopeOf, parseJson, type AuthPart, type Envelope } from './envelope.js';

/** What an answer is to the cache. Reasons are codes for logs and metrics. */
export type Verdict =
  | { readonly kind: 'lease'; readonly leaseId: string; readonly ttlMs: number }
  | { readonly kind: 'token'; readonly auth: AuthPart }
  | { readonly kind: 'none'; readonly why: string };

const none = (why: string): Verdict => ({ kind: 'none', why });

/**
 * Why the head of an answer rules storing out: `status` (300 and above, or below 200), `encoded` (compressed), `not-json` (a charset parameter is
 * accepted). Undefined when the body decides.
 */
export function headRefusal(status: number, headers: RawHeaders): string | undefined {
  if (status < 200 || status >= 300) return 'status';
  if (headerOf(headers, 'content-encoding') !== undefined) return 'encoded';
  return isJsonType(headerOf(headers, 'content-type')) ? undefined : 'not-json';
}

/** Rules on the body of an answer whose head is no obstacle. `managed`: the request's token is the subject of an entry. */
export function classify(body: Uint8Array, managed: boolean): Verdict {
  if (body.length === 0) return none('empty');
  const envelope = envelopeOf(parseJson(body));
  if (envelope === undefined) return none('no-envelope');
  if (envelope.wrapped) return none('wrapped');
  if (envelope.mfa) return none('mfa');
  if (envelope.leaseId !== '') return classifyLease(envelope, managed);
  if (envelope.auth !== undefined) return classifyToken(envelope.auth, managed);
  return none('no-lease');
}

function classifyLease(envelope: Envelope, managed: boolean): Verdict {
  if (!envelope.renewable) return none('not-renewable');
  if (envelope.leaseTtlMs === 0) return none('no-ttl');
  if (!managed) return none('token-not-managed');
  return { kind: 'lease', leaseId: envelope.leaseId, ttlMs: envelope.leaseTtlMs };
}

function classifyToken(auth: AuthPart, managed: boolean): Verdict {
  if (auth.token === '') return none('no-token');
  if (auth.batch) return none('batch-token');
  if (!auth.renewable) return none('not-renewable');
  if (auth.ttlMs === 0) return none('no-ttl');
  if (auth.numUses > 0) return none('use-limited');
  if (!auth.orphan && !managed) return none('parent-not-managed');
  return { kind: 'token', auth };
}

/** False when no member named `renewable` is true, so that nothing in the answer could be stored. Costs no parsing. */
export function saysRenewable(body: Uint8Array): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (let at = bytes.indexOf(MEMBER); at >= 0; at = bytes.indexOf(MEMBER, at)) {
    at += MEMBER.length;
    while (BEFORE_VALUE.has(bytes[at] ?? 0)) at++;
    if (bytes[at] === 0x74) return true;
  }
  return false;
}

const MEMBER = Buffer.from('"renewable"');
const BEFORE_VALUE = new Set([0x20, 0x09, 0x0a, 0x0d, 0x3a]);
