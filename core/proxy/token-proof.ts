// Whether the token of an identity lives: proven by a read that every live token may do and that spends no use. Who asks while a proof is under
// way gets its result; for some seconds after a proof of life none is asked for. It must not know who asks.
import type { Clock, Secret, Vault } from '../sdk/index.js';

/** What a proof found. `unknown`: the server did not answer, or said neither. */
export type Proven = 'alive' | 'dead' | 'unknown';

/** Proves that a token lives or not. It never rejects. */
export type TokenProof = (token: Secret) => Promise<Proven>;

const REMEMBERED_MS = 5_000;

/** Makes the proof for one identity. `vault` is a client for the namespace in which the identity's tokens live; its own time-out is the bound. */
export function createTokenProof({ vault, clock }: { readonly vault: Vault; readonly clock: Clock }): TokenProof {
  const running = new WeakMap<Secret, Promise<Proven>>();
  const alive = new WeakMap<Secret, number>();
  const prove = async (token: Secret): Promise<Proven> => {
    const proven = await asked(vault, token);
    running.delete(token);
    if (proven === 'alive') alive.set(token, clock.now());
    return proven;
  };
  return (token) => {
    const sinceMs = clock.now() - (alive.get(token) ?? -Infinity);
    if (sinceMs >= 0 && sinceMs < REMEMBERED_MS) return Promise.resolve('alive');
    const known = running.get(token);
    if (known !== undefined) return known;
    const proof = prove(token);
    running.set(token, proof);
    return proof;
  };
}

async function asked(vault: Vault, token: Secret): Promise<Proven> {
  try {
    const { status } = await vault.request('GET', 'sys/internal/ui/mounts', { token });
    if (status === 200) return 'alive';
    return status === 403 ? 'dead' : 'unknown';
  } catch {
    return 'unknown';
  }
}
