// Request -> the one name of the secret it reads, or why it is none for the cache of static secrets. Pure; runs for each request. It must not know
// what is held.
import { sameName } from '../../kernel/raw-headers.js';
import type { RawHeaders } from '../../sdk/index.js';

/** What reads: the operation is part of the name, as a list and a read of one path differ (D-40). */
export type Operation = 'read' | 'list';

/** The name of an answer. */
export interface StaticName {
  /** Operation, version and absolute path: equal for all spellings of one question. */
  readonly key: string;
  readonly operation: Operation;
  /** Version asked for; 0 is the current one. */
  readonly version: number;
  /** Canonical namespace and decoded path in one, without `/v1/` and slashes at the end, however the namespace was given (D-42). */
  readonly absolute: string;
  /** Decoded path in `namespace`. */
  readonly path: string;
  readonly namespace: string;
  /** What is sent, by GET, when it is fetched anew: the path as received. */
  readonly target: { readonly path: string; readonly query: string };
}

/** What is named. `path` is raw, `namespace` canonical. */
export interface NamedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly namespace: string;
}

/** Longer paths are not held: clients choose them. */
const LONGEST = 1024;
const NOT_STATIC = new Set(['sys', 'auth', 'identity', 'cubbyhole']);
// below a namespace too: each token has one of its own, and may write there what looks like an answer of KV
const CUBBYHOLE = /\/cubbyhole(?:\/|$)/;
const VERSION = /^version=(0|[1-9]\d{0,8})$/;

/**
 * The name, or a reason code. `method`: only GET and LIST are held (HEAD is forwarded). `query`: something else than `version` or `list=true`, such
 * as `help`. `path`: not under `/v1/`, or not in the one spelling that the server takes. `not-static`: never a secret engine (R-10).
 */
export function nameOf(request: NamedRequest): StaticName | string {
  const asked = askedFor(request.method, request.query);
  if (typeof asked === 'string') return asked;
  const path = pathOf(request.path, asked.operation);
  if (path === undefined) return 'path';
  const slash = path.indexOf('/');
  if (NOT_STATIC.has(slash < 0 ? path : path.slice(0, slash)) || CUBBYHOLE.test(path)) return 'not-static';
  const { namespace } = request;
  const absolute = namespace + path;
  // both ways to ask for a list are one question
  const target = { path: request.path, query: asked.operation === 'list' ? 'list=true' : request.query };
  const { operation, version } = asked;
  return { key: keyOf(operation, version, absolute), operation, version, absolute, path, namespace, target };
}

/** The key of a name. */
export function keyOf(operation: Operation, version: number, absolute: string): string {
  return `${operation === 'list' ? 'l' : `r${version}`}:${absolute}`;
}

function askedFor(method: string, query: string): { operation: Operation; version: number } | string {
  if (method === 'LIST') return query === '' ? { operation: 'list', version: 0 } : 'query';
  if (method !== 'GET') return 'method';
  if (query === '') return { operation: 'read', version: 0 };
  if (query === 'list=true') return { operation: 'list', version: 0 };
  const version = VERSION.exec(query)?.[1];
  return version === undefined ? 'query' : { operation: 'read', version: Number(version) };
}

// What cannot be decoded is not held: taken literally it could be the name of another secret.
function pathOf(raw: string, operation: Operation): string | undefined {
  if (!raw.startsWith('/v1/') || raw.length > LONGEST) return undefined;
  let path = raw.slice(4);
  if (path.includes('%')) {
    try {
      path = decodeURIComponent(path);
    } catch {
      return undefined;
    }
  }
  if (operation === 'list' && path.endsWith('/')) path = path.slice(0, -1);
  const odd = path === '' || path.startsWith('/') || path.endsWith('/') || path.includes('//');
  return odd || (path.includes('.') && /(?:^|\/)\.\.?(?:\/|$)/.test(path)) ? undefined : path;
}

// `X-Vault-MFA`
const SHORTEST = 11;
const PLAIN_HEADERS = ['x-vault-token', 'x-vault-namespace', 'x-vault-request'];

/**
 * Reason code of a header that changes what the answer is, or undefined. `no-store`: the client wants a fresh one (D-55). `wrapped`: it would be a
 * wrapping token (D-41). `header`: any other header of the API, and credentials besides the token.
 */
export function headerReason(headers: RawHeaders): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    if (name.length < SHORTEST) continue;
    const reason = reasonOf(name, headers[at + 1]!);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function reasonOf(name: string, value: string): string | undefined {
  const first = name.charCodeAt(0) | 0x20;
  if (first === 0x63 && sameName(name, 'cache-control'))
    return /no-store|no-cache/i.test(value) ? 'no-store' : undefined;
  if (first === 0x61 && sameName(name, 'authorization')) return /^bearer\s/i.test(value) ? undefined : 'header';
  if (first !== 0x78) return undefined;
  const lower = name.toLowerCase();
  if (!lower.startsWith('x-vault-') || PLAIN_HEADERS.includes(lower)) return undefined;
  return lower === 'x-vault-wrap-ttl' ? (value === '' ? undefined : 'wrapped') : 'header';
}
