// Why a request went to the server, or why its answer was or was not kept: every reason code of both caches, once. They are seen in `X-Cache-Reason`,
// in the metric `agent.cache.bypass`, in debug lines and in `claviger cache explain`; docs/reference/cache-reasons.md is generated from this table.

/** Reason code -> one sentence. */
export const CACHE_REASONS = {
  // the request alone tells
  method: 'Only GET, POST and PUT bring secrets that can be kept.',
  path: 'The path is not below /v1/, or has dots that the server would resolve.',
  system: 'Answers below sys/ and cubbyhole/ are never kept.',
  'token-upkeep': 'Looking up, renewing and revoking tokens is never answered from the cache.',
  wrapped: 'The answer is a wrapping token, which is good for one.',
  'no-store': 'The request said Cache-Control: no-store or no-cache.',
  mfa: 'The request carries a second factor, or the login wants one; that is good for one login.',
  'dynamic-off': 'The configuration turns the cache of leases and tokens off.',
  authorization: 'The request proves who it is by an Authorization header that is not Bearer.',
  'inline-auth': 'The request logs in by headers of its own (inline authentication).',
  policy: 'The configuration says that this path is not cached.',
  'path-policy': 'A path block of the configuration says that this path is not cached.',
  header: 'A header of the request asks for something else than the plain secret.',
  body: 'A read with a body is not answered from the cache of static secrets.',
  'no-key': 'The request hasher has no digest for this request.',
  'body-too-large': 'The body of the request is too long to be held in memory.',
  'answer-too-large': 'The answer is too long to be held in memory.',
  'body-budget': 'All bodies in memory together had reached their bound, so this one was passed on without being held.',
  paced: 'The cache has no room, and requests for new secrets of this path come faster than it lets through.',
  // the answer tells: leases and tokens
  'stored-lease': 'The answer holds a lease; it is kept, and renewed while it can be.',
  'stored-token': 'The answer holds a token; it is kept, and renewed while it can be.',
  status: 'The server did not answer with success.',
  encoded: 'The answer is compressed.',
  'not-json': 'The answer is no JSON.',
  empty: 'The answer has no body.',
  'no-envelope': 'The answer does not have the shape of an answer of Vault.',
  'no-lease': 'The answer holds neither a lease nor a token.',
  'not-renewable': 'The lease or token cannot be renewed.',
  'no-ttl': 'The lease or token has no lifetime.',
  'token-not-managed':
    'The token of the request is not known to the cache, so the end of its leases is not known either.',
  'parent-not-managed': 'The token that made this token is not known to the cache, so its end is not known either.',
  'no-token': 'The request carries no token, or the login did not give one.',
  'batch-token': 'Batch tokens are not kept.',
  'use-limited': 'The token may be used a limited number of times.',
  raced: 'Something that may have meant this secret was revoked, cleared or written while the request was under way.',
  full: 'The cache holds as much as it may.',
  'share-full': 'The secrets of this token take as much of the cache as one token may.',
  error: 'The cache failed over this answer, which was passed on as it is; please report it.',
  'shared-lost': 'Another agent got a secret for the same request first; that one was given out.',
  // static secrets
  'stored-static': 'The answer is a static secret; it is kept for its time to live.',
  'not-static': 'The path is not one of static secrets.',
  query: 'The query has keys that the cache of static secrets does not know.',
  'not-kv': 'The mount of this path is not KV, or the answer does not have the shape of one.',
  'no-data': 'The answer has no data.',
  auth: 'The answer holds a token, which is never kept as a static secret.',
  leased: 'The answer holds a lease, which is never kept as a static secret.',
  older: 'A newer version is held already.',
  deleted: 'The version that was asked for is deleted, or will be at once.',
  stale: 'A hit: the answer is past its time to live and is being fetched anew.',
} as const satisfies Readonly<Record<string, string>>;

/** A documented reason code. */
export type CacheReason = keyof typeof CACHE_REASONS;
