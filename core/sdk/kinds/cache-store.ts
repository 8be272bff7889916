// Contract of a cache store: opaque sealed bytes under opaque keys. It knows nothing of Vault and sees no plaintext.
import type { Component } from '../host.js';

/** One write of a batch; no value means delete. */
export interface StoreWrite {
  readonly key: string;
  readonly value?: Uint8Array;
  /** Wall clock, ms. After it the record may vanish by itself. */
  readonly expiresAt?: number;
}

/** How a batch is written. */
export interface BatchOptions {
  /** True: the promise resolves only when the writes would survive a crash of the machine. Default false: soon, as the store groups its writes. */
  readonly durable?: boolean;
}

/**
 * News of a shared store. `changed`: somebody else wrote or deleted the key. `heard`: no change was missed up to now (a heartbeat). `gap`: changes
 * may have been missed, whatever was read before must be looked at again.
 */
export type StoreNews = { readonly news: 'changed'; readonly key: string } | { readonly news: 'heard' | 'gap' };

/**
 * A store. Returned bytes are copies. `delete` of an unknown key is no error. `batch` happens as a whole or not at all. `swap` and `changes` exist
 * where the manifest says `supports.shared`. Damage is reported as CACHE_STORE_CORRUPT, never by a crash; an unreachable store as
 * CACHE_STORE_UNAVAILABLE; one that another process holds as CACHE_STORE_LOCKED (from `start`).
 */
export interface CacheStore extends Component {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array, expiresAt?: number): Promise<void>;
  delete(key: string): Promise<void>;
  entries(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  batch(writes: readonly StoreWrite[], options?: BatchOptions): Promise<void>;
  /** Compare and set: writes `value` (undefined: deletes) only while the key holds `expected` (undefined: nothing). Atomic among all agents. */
  swap?(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    expiresAt?: number,
  ): Promise<boolean>;
  /** News of what other agents do, until `signal` is aborted. Survives an outage of the store by itself: after one it yields `gap`. */
  changes?(signal: AbortSignal): AsyncIterable<StoreNews>;
  clear(): Promise<void>;
}
