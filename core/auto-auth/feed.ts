// The current token of one identity, fanned out; latest wins (architecture 2.5 (5)). It must not know who follows it.
import type { TokenFeed, TokenState } from '../contracts/token-feed.js';
import { Latest } from '../kernel/latest.js';
import type { Grant } from './grant.js';

/** A feed with the one who publishes. */
export class Feed implements TokenFeed {
  readonly #identity: string;
  readonly #latest = new Latest<TokenState>();
  #current: TokenState | undefined;
  #sequence = 0;

  constructor(identity: string) {
    this.#identity = identity;
  }

  get current(): TokenState | undefined {
    return this.#current;
  }

  updates(signal: AbortSignal): AsyncIterable<TokenState> {
    return this.#latest.updates(signal);
  }

  subscribe(listener: (state: TokenState) => void): () => void {
    return this.#latest.subscribe(listener);
  }

  /** Makes `grant` the current token and tells everybody. */
  publish(grant: Grant, now: number): TokenState {
    this.#sequence += 1;
    const { form, token, accessor, policies, renewable, kind, ttlMs, entityId, numUses } = grant;
    const expiresAt = ttlMs === 0 ? 0 : now + ttlMs;
    const state = {
      identity: this.#identity,
      form,
      token,
      accessor,
      policies,
      renewable,
      kind,
      expiresAt,
      sequence: this.#sequence,
      ...(entityId !== undefined && { entityId }),
      ...(numUses !== undefined && { numUses }),
    };
    this.#current = state;
    this.#latest.set(state);
    return state;
  }

  /** The current token lives longer than was said; nobody is told, `current` shows it. */
  extend(expiresAt: number): void {
    if (this.#current) this.#current = { ...this.#current, expiresAt };
  }
}
