// Under which key the answer to a request is shared, as far as that is known now: the cluster may not be yet, and the identity may have logged in anew.
import type { Clock } from '../../sdk/index.js';
import type { Exchange } from '../../contracts/exchange.js';
import type { TokenState } from '../../contracts/token-feed.js';
import { shareKeyOf } from './share-key.js';

/** What keys are made of. */
export interface ShareKeysOptions {
  readonly clock: Clock;
  /** The cluster's id, empty when it is not known now; asked again until it is (readClusterId). */
  readonly clusterId: () => Promise<string>;
  /** An identity's present token and the full path of its login (namespace and mount). */
  readonly identity: (name: string) => { readonly state: TokenState; readonly mount: string } | undefined;
}

const RETRY_MS = 5000;

/** Makes keys. */
export class ShareKeys {
  readonly #options: ShareKeysOptions;
  #cluster = '';
  #askedAt = -Infinity;

  constructor(options: ShareKeysOptions) {
    this.#options = options;
  }

  /** Asks for the cluster, not more often than every 5 s. */
  ask(): void {
    const { clock, clusterId } = this.#options;
    if (this.#askedAt + RETRY_MS > clock.now()) return;
    this.#askedAt = clock.now();
    clusterId().then(
      (id) => (this.#cluster = id),
      () => undefined,
    );
  }

  /** The key; undefined for what is not shared, or not now. */
  of(exchange: Exchange, cacheKey: string): string | undefined {
    const identity = exchange.identity === undefined ? undefined : this.#options.identity(exchange.identity);
    if (identity === undefined) return undefined;
    const { state, mount } = identity;
    // the feed may be ahead of the request
    if (state.form !== 'plain' || !state.token.equals(exchange.token)) return undefined;
    if (this.#cluster === '') return this.ask() as undefined;
    const standing = { cluster: this.#cluster, mount, entityId: state.entityId ?? '', policies: state.policies };
    return shareKeyOf(standing, exchange, cacheKey);
  }
}
