// Requests of clients that renew something the cache may hold: their answers are never stored, but they move the entry's expiry (D-1). Pure.
import { splitNamespace } from './lease-namespace.js';
import { parametersOf } from './request-body.js';
import { servedPath, trimSlashes } from './request-path.js';
import { envelopeOf } from './envelope.js';
import type { SentRequest } from './revocation.js';

/** Whom a request renews, and what it asked for: 0 when it left that to the server. */
export interface RenewalTarget {
  readonly by: 'lease' | 'token' | 'accessor';
  readonly value: string;
  readonly incrementSeconds: number;
}

/** What the server granted. */
export interface Granted {
  readonly ttlMs: number;
  readonly renewable: boolean;
}

const RENEWALS = ['auth/token/renew', 'sys/leases/renew', 'sys/renew'];

/** True when the path may renew something, judged cheaply. */
export function mayRenew(method: string, path: string): boolean {
  return (method === 'POST' || method === 'PUT') && /\/(auth\/token|sys\/leases|sys)\/renew/.test(servedPath(path));
}

/** Whom the request renews, or undefined. */
export function renewalOf(request: SentRequest): RenewalTarget | undefined {
  const { path } = splitNamespace(request.namespace, servedPath(request.path), RENEWALS);
  const match = /^\/v1\/(auth\/token|sys\/leases|sys)\/(renew[a-z-]*)(?:\/(.*))?$/.exec(path);
  if (match === null) return undefined;
  const parameters = parametersOf(request.body, request.query);
  const incrementSeconds = parameters.seconds('increment');
  const given = (name: string): string => parameters.text(name) || trimSlashes(match[3] ?? '');
  const target = (by: RenewalTarget['by'], value: string): RenewalTarget | undefined =>
    value === '' ? undefined : { by, value, incrementSeconds };
  if (match[1] !== 'auth/token') return match[2] === 'renew' ? target('lease', given('lease_id')) : undefined;
  if (match[2] === 'renew-self') return target('token', request.token);
  if (match[2] === 'renew') return target('token', given('token'));
  return match[2] === 'renew-accessor' ? target('accessor', given('accessor')) : undefined;
}

/** What an answer to a renewal grants, or undefined when it grants nothing that can be counted on. */
export function grantedBy(by: 'lease' | 'token', body: unknown): Granted | undefined {
  const envelope = envelopeOf(body);
  if (envelope === undefined) return undefined;
  if (by === 'lease')
    return envelope.leaseTtlMs > 0 ? { ttlMs: envelope.leaseTtlMs, renewable: envelope.renewable } : undefined;
  const auth = envelope.auth;
  return auth !== undefined && auth.ttlMs > 0 ? { ttlMs: auth.ttlMs, renewable: auth.renewable } : undefined;
}
