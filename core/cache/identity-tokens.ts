// The tokens of the identities as managed tokens (C-30). A new token retires what hung on the one before (D-6): it is evicted, because nothing
// can renew it any more and the old token may be dead.
import type { Origin } from '../contracts/lease-cache.js';
import type { TokenState } from '../contracts/token-feed.js';
import type { Criteria } from './criteria.js';
import { Entry } from './entry.js';
import type { EntryIndex } from './index.js';

/** Keeps one entry per identity; two identities may hold the same token. */
export class IdentityTokens {
  readonly #index: EntryIndex;
  readonly #evict: (criteria: Criteria, why: string) => number;
  readonly #current = new Map<string, Entry>();
  readonly #ends = new WeakMap<Entry, () => number>();

  constructor(index: EntryIndex, evict: (criteria: Criteria, why: string) => number) {
    this.#index = index;
    this.#evict = evict;
  }

  /** Registers a token; the same token again changes nothing. Wrapped ones are for sinks only. */
  adopt(state: TokenState, { expiresAt = () => state.expiresAt, home }: Origin): void {
    if (state.form !== 'plain') return;
    const token = state.token.reveal();
    const before = this.#current.get(state.identity);
    const entry = this.#index.byToken(token) ?? this.#register(token, home);
    if (state.accessor !== '') this.#index.setAccessor(entry, state.accessor);
    this.#current.set(state.identity, entry);
    this.#ends.set(entry, expiresAt);
    if (before !== undefined && before !== entry) this.#retire(before);
  }

  /** The identity's entry above `entry` whose token has ended: a lease lives only as long as its token, whatever its own seconds say (corrections). */
  endedAbove(entry: Entry, now: number): Entry | undefined {
    let top = entry;
    while (top.parent !== undefined) top = top.parent;
    const expiresAt = top.kind === 'identity' ? (this.#ends.get(top)?.() ?? 0) : 0;
    return expiresAt !== 0 && expiresAt <= now ? top : undefined;
  }

  #register(token: string, home: Origin['home'] = { namespace: '', path: '' }): Entry {
    const entry = new Entry({ kind: 'identity', namespace: '', path: '', home, token });
    this.#index.add(entry);
    return entry;
  }

  #retire(entry: Entry): void {
    if ([...this.#current.values()].includes(entry)) return;
    this.#evict({ by: 'token', token: entry.token }, 'retired');
    if (entry.kind === 'identity') this.#index.remove(entry);
  }
}
