// The tokens of the identities as managed tokens (C-30). A new token retires what hung on the one before (D-6): it is evicted, because nothing
// can renew it any more and the old token may be dead.
import type { TokenState } from '../contracts/token-feed.js';
import type { Criteria } from './criteria.js';
import { Entry } from './entry.js';
import type { EntryIndex } from './index.js';

/** Keeps one entry per identity; two identities may hold the same token. */
export class IdentityTokens {
  readonly #index: EntryIndex;
  readonly #evict: (criteria: Criteria, why: string) => number;
  readonly #current = new Map<string, Entry>();

  constructor(index: EntryIndex, evict: (criteria: Criteria, why: string) => number) {
    this.#index = index;
    this.#evict = evict;
  }

  /** Registers a token; the same token again changes nothing. Wrapped ones are for sinks only. */
  adopt(state: TokenState): void {
    if (state.form !== 'plain') return;
    const token = state.token.reveal();
    const before = this.#current.get(state.identity);
    const entry = this.#index.byToken(token) ?? this.#register(token);
    if (state.accessor !== '') this.#index.setAccessor(entry, state.accessor);
    this.#current.set(state.identity, entry);
    if (before !== undefined && before !== entry) this.#retire(before);
  }

  #register(token: string): Entry {
    const entry = new Entry({ kind: 'identity', namespace: '', path: '', home: { namespace: '', path: '' }, token });
    this.#index.add(entry);
    return entry;
  }

  #retire(entry: Entry): void {
    if ([...this.#current.values()].includes(entry)) return;
    this.#evict({ by: 'token', token: entry.token }, 'retired');
    if (entry.kind === 'identity') this.#index.remove(entry);
  }
}
