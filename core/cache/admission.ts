// Why a request can neither be answered from the cache nor its answer be stored, judged by its head alone. Pure; runs for each request.
import { sameName } from '../kernel/raw-headers.js';
import type { RawHeaders } from '../sdk/index.js';
import { canonicalPath } from './request-path.js';

/** What is judged. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: RawHeaders;
}

/**
 * Reason code, or undefined for a candidate. `method`: only GET, POST and PUT issue leases and tokens. `path`: not under `/v1/`. `system`: `sys/`
 * and `cubbyhole/` in any namespace, which includes wrapping and renewals of leases (D-1, D-2). `token-upkeep`: looks up, renews or revokes a
 * token (D-1). `wrapped`: the answer will be a wrapping token, good for one. `no-store`: the client wants a fresh answer (D-55).
 * `mfa`: it carries a second factor, good for one. `authorization`, `inline-auth`: the request proves who it is by other means than a token.
 */
export function bypassReason({ method, path, headers }: RequestHead): string | undefined {
  if (method !== 'GET' && method !== 'POST' && method !== 'PUT') return 'method';
  return pathReason(path) ?? headerReason(headers);
}

const INLINE_AUTH = 'x-vault-inline-auth-';

const UPKEEP = /\/auth\/token\/(renew|revoke|lookup|tidy)/;

function pathReason(raw: string): string | undefined {
  const path = raw.includes('%') || raw.includes('//') ? canonicalPath(raw) : raw;
  if (!path.startsWith('/v1/') || path.includes('/.')) return 'path';
  if (path.includes('/sys/') || path.includes('/cubbyhole/')) return 'system';
  if (path.includes('/auth/token/') && UPKEEP.test(path)) return 'token-upkeep';
  return undefined;
}

function headerReason(headers: RawHeaders): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    if (name.length === 13) {
      if (sameName(name, 'cache-control') && /no-store|no-cache/i.test(headers[at + 1]!)) return 'no-store';
      if (sameName(name, 'authorization') && !/^bearer(\s|$)/i.test(headers[at + 1]!)) return 'authorization';
    }
    if (name.length > INLINE_AUTH.length && sameName(name.slice(0, INLINE_AUTH.length), INLINE_AUTH))
      return 'inline-auth';
    if (name.length === 11 && sameName(name, 'x-vault-mfa')) return 'mfa';
    if (name.length === 16 && sameName(name, 'x-vault-wrap-ttl') && headers[at + 1] !== '') return 'wrapped';
  }
  return undefined;
}
