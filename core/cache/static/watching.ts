// A request that changes something -> what it changes, as the server would understand it (R-11, D-67). Pure.
import type { Exchange } from '../../contracts/exchange.js';
import type { Criteria } from '../criteria.js';
import { servedPath, trimSlashes } from '../request-path.js';
import { mayRevoke, revocationOf } from '../revocation.js';
import { digestOf, digestOfText } from './digest.js';
import { writtenBy } from './family.js';
import type { Scope } from './scope.js';

const READS = new Set(['GET', 'LIST', 'HEAD', 'SCAN', 'OPTIONS']);
const OWN = '\nown';
const NOTHING = new Uint8Array(0);

/** The kind of a request, judged before its body is there: undefined for most. `revokes`: its body tells what. */
export function changeKind({ method, path }: Exchange): 'revokes' | 'writes' | undefined {
  if (READS.has(method)) return undefined;
  const canonical = servedPath(path);
  if (!canonical.startsWith('/v1/')) return undefined;
  if (mayRevoke(method, path)) return 'revokes';
  const [first] = canonical.slice(4).split('/', 1);
  if (first === 'auth' || first === 'cubbyhole') return undefined;
  if (first === 'identity') return IDENTITIES.test(canonical.slice(4)) ? 'writes' : undefined;
  if (first === 'sys') return changesSystem(trimSlashes(canonical.slice(4))) ? 'writes' : undefined;
  return 'writes';
}

const NO_SECRETS = new Set(['sys', 'auth', 'identity', 'cubbyhole']);
const POLICIES = /(?:^|\/)sys\/polic(?:y|ies)\//;
const IDENTITIES = /^identity\/(?:entity|group|alias|persona)/;
const ANYTHING = /(?:^|\/)sys\/(?:storage\/raft\/snapshot|raw\/)/;
const MOUNTS = 'sys/mounts/';
const TUNE = '/tune';

// By hand: a pattern takes quadratic time for a path that repeats its words, and clients choose it.
function tunedMount(path: string): string | undefined {
  const at = path.indexOf(MOUNTS);
  const end = path.length - TUNE.length;
  const from = at + MOUNTS.length;
  return at >= 0 && path.endsWith(TUNE) && end > from ? path.slice(0, at) + path.slice(from, end) : undefined;
}

const changesSystem = (path: string): boolean =>
  POLICIES.test(path) || ANYTHING.test(path) || tunedMount(path) !== undefined;

/** What a request changes when it succeeds. A secret may have words of the API in its path: then both readings count. */
export function changesOf(exchange: Exchange): Scope[] {
  const path = trimSlashes(servedPath(exchange.path).slice(4));
  if (path === '') return [];
  const [first = ''] = path.split('/', 1);
  const secret = NO_SECRETS.has(first) ? [] : [writtenBy(exchange.namespace + path)];
  const revokes = changeKind(exchange) === 'revokes';
  return [...secret, ...(revokes ? revokedBy(exchange) : systemChanges(path, exchange.namespace))];
}

function systemChanges(path: string, namespace: string): Scope[] {
  if (ANYTHING.test(path)) return [{ by: 'all' }];
  if (POLICIES.test(path) || IDENTITIES.test(path)) return [{ by: 'tokens' }];
  const tuned = tunedMount(path);
  return tuned === undefined ? [] : [{ by: 'below', prefix: namespace + tuned }];
}

function revokedBy(exchange: Exchange): Scope[] {
  const { method, path, query, namespace, body } = exchange;
  const whole = body instanceof Uint8Array;
  const token = exchange.token === undefined ? '' : OWN;
  const criteria = revocationOf({ method, path, query, namespace, token, body: whole ? body : NOTHING });
  if (criteria !== undefined) return scopesOf(criteria, exchange);
  if (whole) return [];
  return servedPath(path).includes('/sys/remount') ? [{ by: 'all' }] : [{ by: 'tokens' }];
}

function scopesOf(criteria: Criteria, { token }: Exchange): Scope[] {
  const digest = (text: string): string => (text === OWN ? digestOf(token!) : digestOfText(text));
  switch (criteria.by) {
    case 'token':
      return [{ by: 'token', digest: digest(criteria.token), children: true }];
    case 'orphan':
      return [{ by: 'token', digest: digest(criteria.token), children: false }];
    case 'accessor':
      return [{ by: 'accessor', accessor: criteria.accessor, children: true }];
    case 'lease':
      return criteria.lease.includes('auth/') ? [{ by: 'tokens' }] : [];
    case 'prefix':
      return prefixScopes(criteria.namespace + criteria.prefix, criteria.prefix);
    case 'namespace':
      return [{ by: 'below', prefix: trimSlashes(criteria.namespace) }, { by: 'tokens' }];
    default:
      return [{ by: 'all' }];
  }
}

function prefixScopes(absolute: string, prefix: string): Scope[] {
  return /(?:^|\/)auth\//.test(`${prefix}/`) ? [{ by: 'tokens' }] : [{ by: 'below', prefix: absolute }];
}
