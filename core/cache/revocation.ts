// Request -> what it revokes when the server agrees (spec cache section 7 with D-10, D-11, D-12, D-38, D-53 and the corrections). Pure and total.
import { inOrder } from '../kernel/in-order.js';
import type { Criteria } from './criteria.js';
import { splitNamespace, type Place } from './lease-namespace.js';
import { parametersOf, type Parameters } from './request-body.js';
import { servedPath, trimSlashes } from './request-path.js';

/** A request as it was sent. `path` is raw, `namespace` canonical, `token` the request's own (empty for none). */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly namespace: string;
  readonly token: string;
  readonly body: Uint8Array;
}

/**
 * True when it happened, or may have: 204 by default, 202 when it goes on in the background, 200 with a warning (D-10); also when the outcome is
 * unclear, a 5xx or no answer at all. A 4xx changed nothing: a revocation that failed with `sync` is a 400, and the lease lives.
 */
export function tookEffect(status: number | undefined): boolean {
  return status === undefined || status >= 500 || (status >= 200 && status < 300);
}

/** True when the path may revoke something, judged cheaply: false for nearly all requests. */
export function mayRevoke(method: string, path: string): boolean {
  const canonical = servedPath(path);
  if (method === 'POST' || method === 'PUT') {
    const revokes = inOrder(canonical, '/sys/', 'revoke') || inOrder(canonical, '/auth/token/', 'revoke');
    return revokes || canonical.includes('/sys/remount');
  }
  return method === 'DELETE' && /\/sys\/(mounts|auth|namespaces)\//.test(canonical);
}

/** What the request revokes, or undefined. Odd bodies revoke nothing (D-38). */
export function revocationOf(request: SentRequest): Criteria | undefined {
  const canonical = servedPath(request.path);
  if (request.method === 'DELETE') return removalOf(splitNamespace(request.namespace, canonical, REMOVALS));
  const place = splitNamespace(request.namespace, canonical);
  const parameters = parametersOf(request.body, request.query);
  if (place.path.startsWith('/v1/auth/token/')) return tokenRevocation(place.path.slice(15), parameters, request.token);
  if (canonical.endsWith('/sys/remount'))
    return remountOf(splitNamespace(request.namespace, canonical, ['sys/remount']), parameters);
  return leaseRevocation(place, parameters);
}

const REMOVALS = ['sys/mounts/', 'sys/auth/', 'sys/namespaces/'];

// Unmounting an engine and disabling an auth method kill their leases and tokens (corrections).
function removalOf({ namespace, path }: Place): Criteria | undefined {
  const [, , , what, ...rest] = path.split('/');
  const name = trimSlashes(rest.join('/'));
  if (name === '') return undefined;
  if (what === 'mounts') return { by: 'prefix', prefix: name, namespace };
  if (what === 'auth') return { by: 'prefix', prefix: `auth/${name}`, namespace };
  if (what === 'namespaces') return { by: 'namespace', namespace: `${namespace}${name}/` };
  return undefined;
}

function remountOf({ namespace, path }: Place, parameters: Parameters): Criteria | undefined {
  const from = trimSlashes(parameters.text('from'));
  return from === '' || path !== '/v1/sys/remount' ? undefined : { by: 'prefix', prefix: from, namespace };
}

function tokenRevocation(rest: string, parameters: Parameters, own: string): Criteria | undefined {
  const [verb, inPath = ''] = cut(rest);
  const given = (name: string): string => parameters.text(name) || inPath;
  switch (verb) {
    case 'revoke-self':
      return own === '' ? undefined : { by: 'token', token: own };
    case 'revoke':
      return given('token') === '' ? undefined : { by: 'token', token: given('token') };
    case 'revoke-accessor':
      return given('accessor') === '' ? undefined : { by: 'accessor', accessor: given('accessor') };
    case 'revoke-orphan':
      return given('token') === '' ? undefined : { by: 'orphan', token: given('token') };
    default:
      return undefined;
  }
}

function leaseRevocation({ namespace, path }: Place, parameters: Parameters): Criteria | undefined {
  const rest = /^\/v1\/sys\/(?:leases\/)?(revoke.*)$/.exec(path)?.[1];
  if (rest === undefined) return undefined;
  const [verb, inPath = ''] = cut(rest);
  const target = trimSlashes(inPath);
  if (verb === 'revoke') {
    const lease = parameters.text('lease_id') || target;
    return lease === '' ? undefined : { by: 'lease', lease };
  }
  const prefix =
    verb === 'revoke-prefix' || verb === 'revoke-force' ? target || trimSlashes(parameters.text('prefix')) : '';
  return prefix === '' ? undefined : { by: 'prefix', prefix, namespace };
}

function cut(rest: string): [string, string?] {
  const at = rest.indexOf('/');
  return at < 0 ? [rest] : [rest.slice(0, at), rest.slice(at + 1)];
}
