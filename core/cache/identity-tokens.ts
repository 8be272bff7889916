// The tokens of the identities as managed tokens (C-30). A new token retires what hung on the one before (D-6): it is evicted, because nothing
// can renew it any more and the old token may be dead.
import type { Origin } from '../contracts/lease-cache.js';
import type { TokenState } from '../contracts/token-feed.js';
import type { Criteria } from './criteria.js';
import { Entry } from './entry.js';
import type { EntryIndex } from './index.js';
import { marginOf } from './life-plan.js';

/** What the registration of tokens needs. */
export interface IdentityOptions {
  readonly index: EntryIndex;
  readonly now: () => number;
  readonly evict: (criteria: Criteria, why: string) => number;
}

/** Keeps one entry per identity; two identities may hold the same token. */
export class IdentityTokens {
  readonly #options: IdentityOptions;
  readonly #current = new Map<string, Entry>();
  readonly #ends = new WeakMap<Entry, () => number>();

  constructor(options: IdentityOptions) {
    this.#options = options;
  }

  /** Registers a token; the same token again changes nothing. Wrapped ones are for sinks only: undefined. The result is the token's entry. */
  adopt(state: TokenState, { expiresAt = () => state.expiresAt, home }: Origin): Entry | undefined {
    if (state.form !== 'plain') return undefined;
    const { index, now } = this.#options;
    const token = state.token.reveal();
    const before = this.#current.get(state.identity);
    const entry = index.byToken(token) ?? this.#register(token, home);
    if (state.accessor !== '') index.setAccessor(entry, state.accessor);
    this.#current.set(state.identity, entry);
    this.#ends.set(entry, expiresAt);
    if (entry.kind === 'identity') entry.marginMs = expiresAt() === 0 ? 0 : marginOf(Math.max(0, expiresAt() - now()));
    if (before !== undefined && before !== entry) this.#retire(before);
    return entry;
  }

  /** The entry of an identity's present token. */
  current(identity: string): Entry | undefined {
    return this.#current.get(identity);
  }

  /** Name of the identity whose token an entry is; empty for none. */
  nameOf(entry: Entry): string {
    for (const [name, current] of this.#current) if (current === entry) return name;
    return '';
  }

  /** When an entry ends: for an identity's token as the identity says, because a lease lives only as long as its token (corrections); 0 for never. */
  endOf(entry: Entry): number {
    if (entry.kind !== 'identity') return entry.life?.expiresAt ?? 0;
    return this.#ends.get(entry)?.() ?? 0;
  }

  #register(token: string, home: Origin['home'] = { namespace: '', path: '' }): Entry {
    const entry = new Entry({ kind: 'identity', namespace: '', path: '', home, token });
    this.#options.index.add(entry);
    return entry;
  }

  #retire(entry: Entry): void {
    if ([...this.#current.values()].includes(entry)) return;
    this.#options.evict({ by: 'token', token: entry.token }, 'retired');
    if (entry.kind === 'identity') this.#options.index.remove(entry);
  }
}
