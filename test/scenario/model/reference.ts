// The reference: what an agent that does everything right holds. It knows requests and removals; whether a secret lives it asks the server.

/** A token that the agent looks after. */
export interface Managed {
  readonly token: string;
  readonly accessor: string;
  readonly namespace: string;
  /** Path of its birth; empty for the agent's own. */
  readonly path: string;
  parent: string | undefined;
}

/** An answer that the agent keeps. */
export interface Kept {
  readonly kind: 'lease' | 'token';
  /** Lease id or token. */
  readonly id: string;
  /** Token that it hangs on; undefined for none. */
  readonly owner: string | undefined;
  readonly namespace: string;
  readonly path: string;
  /** Time of its answer, ms. */
  readonly keptAt: number;
}

/** The reference. */
export class Reference {
  readonly kept = new Map<string, Kept>();
  readonly #managed = new Map<string, Managed>();
  #own: string | undefined;

  manages(token: string): boolean {
    return this.#managed.has(token);
  }

  /** The agent has a new token of its own: what hung on the old one is retired. */
  ownToken(own: Managed): void {
    const before = this.#own;
    this.#own = own.token;
    this.#managed.set(own.token, own);
    if (before === undefined) return;
    this.tokenGone(before);
    this.#managed.delete(before);
  }

  keep(key: string, kept: Kept, token?: Managed): void {
    this.kept.set(key, kept);
    if (token !== undefined) this.#managed.set(token.token, token);
  }

  /** Removes a lease. */
  leaseGone(id: string): void {
    this.#drop((kept) => kept.kind === 'lease' && kept.id === id);
  }

  /** Removes a token with all that hangs on it (D-8); the agent's own stays known (D-15). */
  tokenGone(token: string): void {
    for (const child of [...this.#managed.values()]) if (child.parent === token) this.tokenGone(child.token);
    this.#drop(({ id, owner }) => id === token || owner === token);
    if (token !== this.#own) this.#managed.delete(token);
  }

  accessorGone(accessor: string): void {
    for (const one of [...this.#managed.values()]) if (one.accessor === accessor) this.tokenGone(one.token);
  }

  /** Removes a token and its own leases; its children live on (D-53). */
  orphaned(token: string): void {
    for (const child of this.#managed.values()) if (child.parent === token) child.parent = undefined;
    this.#drop(({ kind, id, owner }) => id === token || (kind === 'lease' && owner === token));
    if (token !== this.#own) this.#managed.delete(token);
  }

  /** Everything born under a path in one namespace, and all that hangs on it. */
  prefixGone(prefix: string, namespace: string): void {
    const below = (path: string): boolean => path === prefix || path.startsWith(`${prefix}/`);
    this.#drop((kept) => kept.kind === 'lease' && kept.namespace === namespace && below(kept.id));
    for (const one of [...this.#managed.values()])
      if (one.path !== '' && one.namespace === namespace && below(one.path)) this.tokenGone(one.token);
  }

  /** cache-clear by request path. */
  pathCleared(start: string, namespace: string): void {
    for (const kept of [...this.kept.values()])
      if (kept.namespace === namespace && `/v1/${kept.path}`.startsWith(start))
        if (kept.kind === 'token') this.tokenGone(kept.id);
        else this.leaseGone(kept.id);
  }

  /** An auth method was written to: its logins are not given out any more, their tokens stay managed. */
  loginsDropped(mount: string, namespace: string): void {
    this.#drop((kept) => kept.kind === 'token' && kept.namespace === namespace && kept.path.startsWith(`${mount}/`));
  }

  cleared(): void {
    this.kept.clear();
    for (const token of this.#managed.keys()) if (token !== this.#own) this.#managed.delete(token);
  }

  #drop(means: (kept: Kept) => boolean): void {
    for (const [key, kept] of this.kept) if (means(kept)) this.kept.delete(key);
  }
}
