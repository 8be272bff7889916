// Contract of a cache store: opaque sealed bytes under opaque keys. It knows nothing of Vault and sees no plaintext.
import type { Component } from '../host.js';

/** One write of a batch; no value means delete. */
export interface StoreWrite {
  readonly key: string;
  readonly value?: Uint8Array;
  /** Wall clock, ms. */
  readonly expiresAt?: number;
}

/**
 * A store. Returned bytes are copies. `delete` of an unknown key is no error. `batch` happens as a whole or not at all. `swap` exists where the
 * manifest says `supports.shared`. Damage is reported as CACHE_STORE_CORRUPT, never by a crash; an unreachable store as CACHE_STORE_UNAVAILABLE.
 */
export interface CacheStore extends Component {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array, expiresAt?: number): Promise<void>;
  delete(key: string): Promise<void>;
  entries(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  batch(writes: readonly StoreWrite[]): Promise<void>;
  swap?(key: string, expected: Uint8Array | undefined, value: Uint8Array): Promise<boolean>;
  clear(): Promise<void>;
}
