// Request, answer and verdict -> what the new entry is made of. Pure.
import type { Exchange } from '../contracts/exchange.js';
import type { BufferedReply, ClearRequest } from '../contracts/lease-cache.js';
import { canonicalNamespace } from '../vault/namespace.js';
import { storeAnswer } from './age.js';
import type { Verdict } from './classify.js';
import type { Criteria } from './criteria.js';
import type { Entry, EntryFacts, KeptRequest } from './entry.js';
import { placeOfLease, placeOfToken, type Place } from './lease-namespace.js';
import { canonicalPath } from './request-path.js';

/** A verdict that says to store. */
export type Storable = Exclude<Verdict, { kind: 'none' }>;

/** What is stored and how. `head` is already shared, `parent` the entry of the request's token. */
export interface Storing {
  readonly exchange: Exchange;
  readonly reply: BufferedReply;
  readonly verdict: Storable;
  readonly parent: Entry | undefined;
  /** Text of the request's token; empty for none. */
  readonly own: string;
  readonly head: readonly string[];
  readonly now: number;
  readonly verbatim: boolean;
  /** Shares equal lists of headers. */
  readonly share: (headers: readonly string[]) => readonly string[];
}

/** The facts of a new entry. An orphan token hangs on nothing (C-31). */
export function factsOf(storing: Storing): EntryFacts {
  const { exchange, reply, verdict, parent, head, now, verbatim, share } = storing;
  const { namespace, path } = exchange;
  const field = verdict.kind === 'lease' ? 'lease' : 'auth';
  const answer = storeAnswer({ status: reply.status, body: reply.body, head, storedAt: now, field, verbatim });
  const clean = canonicalPath(path);
  const payer = payerOf(storing);
  if (verdict.kind === 'lease') {
    const home = homeOf(placeOfLease(namespace, clean, verdict.leaseId));
    const request = keptRequest(exchange, share);
    return { kind: 'lease', namespace, path, home, parent, answer, request, payer, lease: verdict.leaseId };
  }
  const { token, accessor, orphan } = verdict.auth;
  const home = homeOf(placeOfToken(namespace, clean));
  const under = orphan ? undefined : parent;
  return { kind: 'token', namespace, path, home, answer, token, accessor, payer, parent: under };
}

/** What a request that can be repeated is kept as: a GET without a body. */
function keptRequest(exchange: Exchange, share: Storing['share']): KeptRequest | undefined {
  const { method, query, headers, identity, body } = exchange;
  if (method !== 'GET' || !(body instanceof Uint8Array) || body.length > 0) return undefined;
  return sharedRequest({ query, headers: share(headers), identity });
}

const requests = new WeakMap<readonly string[], KeptRequest>();

// most requests of a client differ in their path only
function sharedRequest(request: KeptRequest): KeptRequest {
  const known = requests.get(request.headers);
  if (known?.query === request.query && known.identity === request.identity) return known;
  requests.set(request.headers, request);
  return request;
}

/** The client token that pays for an entry: the uppermost that the cache holds, or the request's own. Requests of identities pay nothing. */
function payerOf({ exchange, parent, own }: Storing): string {
  if (exchange.identity !== undefined) return '';
  let top = parent;
  while (top?.parent !== undefined && top.parent.kind === 'token') top = top.parent;
  if (top === undefined) return own;
  return top.kind === 'identity' ? '' : top.token;
}

const homeOf = ({ namespace, path }: Place): EntryFacts['home'] => ({
  namespace,
  path: path.startsWith('/v1/') ? path.slice(4) : path,
});

/** The criteria of a cache-clear (spec cache section 8). */
export function criteriaOf(request: ClearRequest): Criteria {
  switch (request.type) {
    case 'all':
      return { by: 'all' };
    case 'request_path':
      return { by: 'request-path', path: request.value, namespace: canonicalNamespace(request.namespace) };
    case 'token':
      return { by: 'token', token: request.value };
    case 'token_accessor':
      return { by: 'accessor', accessor: request.value };
    case 'lease':
      return { by: 'lease', lease: request.value };
    case 'id':
      return { by: 'id', id: request.value };
  }
}
