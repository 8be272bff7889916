// Taking entries out: by criteria, with all that hangs on them, after revocations, and when no request leads to them any more.
import { Secret } from '../sdk/index.js';
import type { Criteria } from './criteria.js';
import type { Entry } from './entry.js';
import { entriesFor, identitiesIn, loginsFor } from './eviction.js';
import type { Holdings } from './holdings.js';
import { mayMean } from './matches.js';
import type { Renewals } from './renewals.js';

/** What removing needs. */
export interface RemovingOptions {
  readonly holdings: Holdings;
  readonly renewals: () => Renewals;
  readonly now: () => number;
  readonly onIdentityRevoked: ((token: Secret) => void) | undefined;
}

/** Removes. */
export class Removing {
  readonly #options: RemovingOptions;

  constructor(options: RemovingOptions) {
    this.#options = options;
  }

  /** Removes what the criteria mean; the result is how many answers. Children of an orphaned token live on by themselves (D-53). */
  evict(criteria: Criteria, why: string): number {
    const { holdings } = this.#options;
    const chosen = entriesFor(criteria, holdings.index);
    const released = criteria.by === 'orphan' ? holdings.index.releaseTokens(criteria.token) : [];
    const count = holdings.remove(chosen, why);
    for (const child of released) holdings.changed(child);
    return count;
  }

  /** Removes one entry and what hangs on it (D-8). */
  withSubtree(entry: Entry, why: string): number {
    const { holdings } = this.#options;
    if (entry.kind === 'lease') return holdings.remove([entry], why);
    return holdings.remove(entriesFor({ by: 'token', token: entry.token }, holdings.index), why);
  }

  /** A removal went through this agent. Only a sure one makes an identity log in anew (D-15). */
  revoked(criteria: Criteria, surely: boolean): void {
    const { holdings, onIdentityRevoked } = this.#options;
    for (const login of loginsFor(criteria, holdings.index)) {
      holdings.index.unpoint(login);
      holdings.told([login]);
      holdings.changed(login);
    }
    this.evict(criteria, 'revoked');
    this.#doubtWhatMayBeMeant(criteria);
    if (!surely) return;
    for (const { token } of identitiesIn(criteria, holdings.index)) onIdentityRevoked?.(new Secret(token));
  }

  // The accessor of another agent's token, and where a token that was handed in was made, are unknown: what hangs on such a token may be dead now.
  #doubtWhatMayBeMeant(criteria: Criteria): void {
    const { holdings } = this.#options;
    if (criteria.by !== 'accessor' && criteria.by !== 'prefix' && criteria.by !== 'namespace') return;
    if (criteria.by === 'accessor' && holdings.index.byAccessor(criteria.accessor) !== undefined) return;
    const meant = [...holdings.index.all].filter((entry) => entry.answer !== undefined && mayMean(criteria, entry));
    holdings.doubt(meant, this.#options.now());
  }

  /** No request leads to this one any more: a lease is not renewed in secret; a token stays managed to its end, for what hangs on it. */
  unused(entry: Entry): void {
    const { holdings, renewals } = this.#options;
    if (entry.kind === 'lease') return void holdings.remove([entry], 'replaced');
    renewals().serveToEnd(entry);
    holdings.changed(entry);
  }
}
