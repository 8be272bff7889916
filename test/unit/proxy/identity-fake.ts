// An identity for tests: the test says which token it has.
import type { Identity, TokenFeed, TokenState } from '../../../core/contracts/token-feed.js';
import { Secret } from '../../../core/sdk/index.js';

export const state = (token: string, identity = 'default', sequence = 1): TokenState => ({
  identity,
  form: 'plain',
  token: new Secret(token),
  accessor: `acc-${token}`,
  policies: [],
  renewable: true,
  kind: 'service',
  expiresAt: 0,
  sequence,
});

/** An identity whose token the test sets. */
export class IdentityFake implements Identity {
  readonly #listeners = new Set<(state: TokenState) => void>();
  current: TokenState | undefined;

  readonly feed: TokenFeed;

  constructor(
    readonly name: string,
    first?: TokenState,
  ) {
    this.current = first;
    const now = (): TokenState | undefined => this.current;
    this.feed = {
      get current(): TokenState | undefined {
        return now();
      },
      updates: () => {
        throw new Error('not in this test');
      },
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  publish(next: TokenState): void {
    this.current = next;
    for (const listener of [...this.#listeners]) listener(next);
  }

  reauthenticate: Identity['reauthenticate'] = () => Promise.reject(new Error('not in this test'));
}
