// Which namespace a request or a lease belongs to, when part of it was written in the path (spec cache E-1). Pure. The root is the empty text.
import { joinNamespaces } from '../vault/namespace.js';

/** A namespace, and the path in it with `/v1/`. */
export interface Place {
  readonly namespace: string;
  readonly path: string;
}

/** The paths of the API that revoke, as they follow a namespace (spec cache section 7; old spellings by D-11). */
const REVOCATIONS = [
  'auth/token/revoke',
  'auth/token/revoke-self',
  'auth/token/revoke-accessor',
  'auth/token/revoke-orphan',
  'sys/leases/revoke',
  'sys/leases/revoke-force',
  'sys/leases/revoke-prefix',
  'sys/revoke',
  'sys/revoke-force',
  'sys/revoke-prefix',
] as const;

/** Names that no namespace has. A path below one of them is something else, such as a client's own cubbyhole, and revokes nothing. */
const NO_NAMESPACE = new Set(['sys', 'audit', 'auth', 'cubbyhole', 'identity']);

/** Splits what a revocation path has before the API's own path into the namespace (E-1). Other paths stay as they are. `path` is canonical. */
export function splitNamespace(namespace: string, path: string, known: readonly string[] = REVOCATIONS): Place {
  const rest = path.startsWith('/v1/') ? path.slice(4) : path;
  const at = known.map((api) => positionOf(rest, api)).reduce((a, b) => (b >= 0 && (a < 0 || b < a) ? b : a), -1);
  if (at < 0) return { namespace, path };
  if (at === 0) return { namespace, path: `/v1/${rest}` };
  const before = rest.slice(0, at);
  if (before.split('/').some((segment) => NO_NAMESPACE.has(segment))) return { namespace, path };
  return { namespace: joinNamespaces(namespace, before), path: `/v1/${rest.slice(at)}` };
}

// Where `api` begins as whole segments at its start; -1 when nowhere.
function positionOf(rest: string, api: string): number {
  if (rest.startsWith(api)) return 0;
  const at = rest.indexOf(`/${api}`);
  return at < 0 ? -1 : at + 1;
}

/** Where a lease lives: its id begins with the path of its mount, and what the request path has before that is a namespace. */
export function placeOfLease(namespace: string, path: string, leaseId: string): Place {
  const mountPath = leaseId.slice(0, leaseId.lastIndexOf('/'));
  return mountPath === '' ? { namespace, path } : splitNamespace(namespace, path, [mountPath]);
}

/** Where a token was made: all paths that issue tokens begin with `auth/`. */
export function placeOfToken(namespace: string, path: string): Place {
  return splitNamespace(namespace, path, ['auth/']);
}
