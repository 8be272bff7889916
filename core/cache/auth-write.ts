// Requests that change an auth method, a role or a user: logins that were cached under the old rules are not given out any more. Pure.
import type { Criteria } from './criteria.js';
import { splitNamespace } from './lease-namespace.js';
import { servedPath } from './request-path.js';
import type { SentRequest } from './revocation.js';

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
// parts of a login, which change nothing that later logins depend on
const LOGIN = /^auth\/[^/]+\/(?:.*\/)?(?:login|oidc|auth_url|callback|nonce|challenge)(?:\/|$)/;

/** True when the request writes below an auth mount and is no login, judged cheaply. */
export function mayWriteAuth(method: string, path: string): boolean {
  if (!WRITES.has(method)) return false;
  const clean = servedPath(path);
  return clean.includes('/auth/') && authPathOf('', clean) !== undefined;
}

/** The logins that such a request drops, or undefined. */
export function loginsDroppedBy({ method, namespace, path }: SentRequest): Criteria | undefined {
  const place = WRITES.has(method) ? authPathOf(namespace, servedPath(path)) : undefined;
  return place && { by: 'logins', path: place.path, namespace: place.namespace };
}

function authPathOf(
  namespace: string,
  clean: string,
): { readonly namespace: string; readonly path: string } | undefined {
  const place = splitNamespace(namespace, clean, ['auth/']);
  const path = place.path.slice(4);
  if (!path.startsWith('auth/') || path.split('/').length < 3 || LOGIN.test(path)) return undefined;
  if (path.startsWith('auth/token/') && !path.startsWith('auth/token/roles/')) return undefined;
  return { namespace: place.namespace, path };
}
