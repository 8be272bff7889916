// What is to be removed. Revocations and cache-clear both say it in these words.

/** Entries to remove. Tokens and lease ids are secrets: never print one. `orphan` removes a token and its own leases; its child tokens live on. */
export type Criteria =
  | { readonly by: 'all' }
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'lease'; readonly lease: string }
  | { readonly by: 'token'; readonly token: string }
  | { readonly by: 'accessor'; readonly accessor: string }
  | { readonly by: 'orphan'; readonly token: string }
  /**
   * Leases whose id, and tokens whose place of birth, lie under `prefix` (by segment) in this namespace. A prefix may begin with a namespace below it, as
   * a remount's source may.
   */
  | { readonly by: 'prefix'; readonly prefix: string; readonly namespace: string }
  /** Everything in this namespace and below it. */
  | { readonly by: 'namespace'; readonly namespace: string }
  /** Entries whose request path begins with this text, in exactly this namespace (spec cache section 8). */
  | { readonly by: 'request-path'; readonly path: string; readonly namespace: string }
  /** Cached logins of the auth mount that `path` lies below: their answers are forgotten, their tokens stay managed. */
  | { readonly by: 'logins'; readonly path: string; readonly namespace: string };
