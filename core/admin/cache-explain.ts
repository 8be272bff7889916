// GET cache/explain: would this request be a hit, and if not, why? It asks the caches only: nothing is sent to the server, nothing is changed.
import type { Exchange, Handler, Reply } from '../contracts/exchange.js';
import type { Held, LeaseCache } from '../contracts/lease-cache.js';
import { CACHE_REASONS } from '../contracts/reasons.js';
import type { StaticCache } from '../contracts/static-cache.js';
import { errorReply, jsonReply } from '../kernel/local-reply.js';
import { headerOf, withoutHeaders } from '../kernel/raw-headers.js';
import { Secret, type Clock } from '../sdk/index.js';
import { onlyMethods } from './answers.js';
import { barePath, entryJson, type EntryJson } from './cache-view.js';

/** What is asked. */
export interface CacheExplainOptions {
  readonly cache: Pick<LeaseCache, 'bypass' | 'keyOf' | 'held' | 'entries'> | undefined;
  readonly statics?: Pick<StaticCache, 'bypass' | 'entries'> | undefined;
  /** Gives the exchange the token, identity and namespace that a request of this kind would get. Absent: the client's own token. */
  readonly identify?: ((exchange: Exchange) => void | Promise<void>) | undefined;
  /** Why the last request for this path was not a hit, or why its answer was kept. */
  readonly lastReason?: ((exchange: Exchange) => string | undefined) | undefined;
  readonly clock: Clock;
}

const MOST_ENTRIES = 20;

/** Makes the endpoint. Query: `path` (with or without /v1/, may hold a query), `method` (default GET), `namespace`. */
export function cacheExplain(options: CacheExplainOptions): Handler {
  return onlyMethods(['GET'], async (exchange) => {
    const asked = new URLSearchParams(exchange.query);
    const path = asked.get('path') ?? '';
    const method = (asked.get('method') ?? 'GET').toUpperCase();
    if (path === '') return errorReply(400, 'path is missing');
    if (!/^[A-Z]{1,16}$/.test(method)) return errorReply(400, 'method is not one of HTTP');
    const about = exchangeFor(exchange, { method, path, namespace: asked.get('namespace') ?? '' });
    await options.identify?.(about);
    return explained(options, about);
  });
}

/** The request that is asked about: the one at hand with another target. */
function exchangeFor(asking: Exchange, to: { method: string; path: string; namespace: string }): Exchange {
  const target = /^\/?v1\//.test(to.path) ? to.path.replace(/^\/?/, '/') : `/v1/${to.path.replace(/^\/+/, '')}`;
  const at = target.indexOf('?');
  const own = withoutHeaders(asking.headers, ['x-vault-request', 'x-vault-namespace', 'content-length', 'host']);
  const namespace = to.namespace || (headerOf(asking.headers, 'x-vault-namespace') ?? '');
  const token = headerOf(asking.headers, 'x-vault-token') ?? '';
  return {
    id: asking.id,
    method: to.method,
    path: at < 0 ? target : target.slice(0, at),
    query: at < 0 ? '' : target.slice(at + 1),
    headers: namespace === '' ? own : [...own, 'X-Vault-Namespace', namespace],
    body: new Uint8Array(0),
    signal: asking.signal,
    token: token === '' ? undefined : new Secret(token),
    identity: undefined,
    namespace: namespace === '' ? '' : `${namespace.replace(/^\/+|\/+$/g, '')}/`,
    notes: {},
  };
}

interface Verdict {
  readonly candidate: boolean;
  readonly reason?: string;
  readonly meaning?: string;
  readonly held: string | null;
}

function explained({ cache, statics, lastReason, clock }: CacheExplainOptions, about: Exchange): Reply {
  const now = clock.now();
  const here = (part: { entries(): Iterable<Parameters<typeof entryJson>[0]> } | undefined): EntryJson[] =>
    [...(part?.entries() ?? [])]
      .filter(({ path, namespace }) => barePath(path) === target(about) && sameNamespace(namespace, about.namespace))
      .slice(0, MOST_ENTRIES)
      .map((view) => entryJson(view, now));
  const leases = here(cache);
  const secrets = here(statics);
  const lease = leaseVerdict(cache, about);
  const fixed = staticVerdict(statics, about, secrets[0]);
  const last = lastReason?.(about);
  return jsonReply(200, {
    method: about.method,
    path: about.path,
    namespace: about.namespace,
    token:
      about.identity === undefined ? (about.token === undefined ? 'none' : 'client') : `identity ${about.identity}`,
    verdict: verdictOf(lease, fixed),
    lease,
    static: fixed,
    entries: [...leases, ...secrets],
    ...(last !== undefined && { last_reason: last, last_meaning: meaningOf(last) }),
  });
}

// leases are shown without their query, static secrets with it
const target = ({ path, query }: Exchange): string => barePath(query === '' ? path : `${path}?${query}`);

const sameNamespace = (a: string, b: string): boolean => a.replace(/\/+$/, '') === b.replace(/\/+$/, '');

function leaseVerdict(cache: CacheExplainOptions['cache'], about: Exchange): Verdict {
  if (cache === undefined) return { candidate: false, reason: 'off', meaning: OFF, held: null };
  const reason = cache.bypass(about);
  if (reason !== undefined) return refused(reason);
  const key = cache.keyOf(about);
  if (key === undefined) return refused('no-key');
  return { candidate: true, held: cache.held(key) ?? heldForClients(cache, about) ?? null };
}

// official clients send this header with everything, others never do: they are different requests to the cache
function heldForClients(cache: NonNullable<CacheExplainOptions['cache']>, about: Exchange): Held {
  const key = cache.keyOf({ ...about, headers: [...about.headers, 'X-Vault-Request', 'true'], cacheKey: undefined });
  return key === undefined ? undefined : cache.held(key);
}

/** Whether this very token may have it is only known when it asks. */
function staticVerdict(
  statics: CacheExplainOptions['statics'],
  about: Exchange,
  entry: EntryJson | undefined,
): Verdict {
  if (statics === undefined) return { candidate: false, reason: 'off', meaning: OFF, held: null };
  const reason = statics.bypass(about);
  return reason === undefined ? { candidate: true, held: entry?.state ?? null } : refused(reason);
}

const OFF = 'This cache is not configured.';

const refused = (reason: string): Verdict => ({ candidate: false, reason, meaning: meaningOf(reason), held: null });

const meaningOf = (reason: string): string =>
  Object.hasOwn(CACHE_REASONS, reason) ? CACHE_REASONS[reason as keyof typeof CACHE_REASONS] : '';

/** `hit`, `lookup` (asked about at the server first), `perhaps` (a static secret that this token may have to read once), `miss` or `bypass`. */
function verdictOf(lease: Verdict, fixed: Verdict): string {
  if (lease.held === 'fresh') return 'hit';
  if (lease.held === 'suspect') return 'lookup';
  if (fixed.held !== null) return 'perhaps';
  return lease.candidate || fixed.candidate ? 'miss' : 'bypass';
}
