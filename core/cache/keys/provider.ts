// What a key provider is: it wraps the store's data key and gives it back. It never sees a record and never decides what happens without a key.
import type { EnvAccess, Logger, Secret, Vault } from '../../sdk/index.js';

/**
 * Keeps the data key of one store. `binding` is bound to the wrapped key: with another one it does not open.
 * Throws CACHE_KEY_UNAVAILABLE (the provider cannot be asked now, or has nothing) or CACHE_UNSEAL_FAILED (it has another key).
 */
export interface KeyProvider {
  /** Name of the type, as operators write it; it stands in the store's meta record. */
  readonly name: string;
  /** True when it works only with the agent's own token: the store is locked until the first login. */
  readonly needsToken: boolean;
  /** Finds what an operator has to mend before anything runs: CONFIG_CONFLICT, CACHE_KEY_UNAVAILABLE. Makes nothing. */
  check(): Promise<void>;
  /** May make the key that it wraps with, when there is none yet. */
  wrap(dataKey: Uint8Array, binding: Uint8Array): Promise<Uint8Array>;
  /** Never makes a key. */
  unwrap(wrapped: Uint8Array, binding: Uint8Array): Promise<Uint8Array>;
}

/** What a provider may use. */
export interface KeyHost {
  readonly log: Logger;
  readonly env: EnvAccess;
  /** Numeric user of the process; 0 has its key in /etc/claviger. */
  readonly uid: number;
  /** Folder of the store's data, for stores that have one. */
  readonly storeFolder?: string | undefined;
  /** `compat`: a key file may lie inside `storeFolder`. Default false. */
  readonly allowKeyBesideData?: boolean | undefined;
  /** Client without a token and the agent's token when there is one; `transit` needs both. */
  readonly vault?: Vault | undefined;
  readonly token?: (() => Promise<Secret>) | undefined;
  /** Cost of scrypt as a power of two; default 17. Less is for tests. */
  readonly scryptLogN?: number | undefined;
}

/** Length of every key here, bytes. */
export const KEY_BYTES = 32;
