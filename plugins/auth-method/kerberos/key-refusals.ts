// Keeps a wrong key from locking its account: after three refusals of one key the KDC is not asked for 15 minutes, or until the keytab has another
// key (issue rule 1, applied to the KDC). Knows times and digests, no keys.
import { createHash } from 'node:crypto';
import { agentError, type AgentError, type Clock } from 'claviger/sdk';

const MOST = 3;
const REST_MS = 15 * 60_000;

/** Counts refusals of the key in use. */
export class KeyRefusals {
  readonly #clock: Clock;
  #digest = '';
  #count = 0;
  #lastMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws AUTH_CREDENTIAL_INVALID while `digest` must rest. */
  check(digest: string, keytabPath: string): void {
    if (digest !== this.#digest || this.#count < MOST) return;
    const leftMs = this.#lastMs + REST_MS - this.#clock.now();
    if (leftMs > 0) throw resting(keytabPath, leftMs);
    this.#count = 0;
  }

  /** The KDC refused the key. */
  refused(digest: string): void {
    this.#count = digest === this.#digest ? this.#count + 1 : 1;
    this.#digest = digest;
    this.#lastMs = this.#clock.now();
  }

  /** The KDC took the key. */
  taken(): void {
    this.#count = 0;
  }
}

function resting(path: string, leftMs: number): AgentError {
  const minutes = Math.ceil(leftMs / 60_000);
  const why = `the KDC has refused its key ${String(MOST)} times; it is not tried again for ${String(minutes)} min, so that the account does not get locked`;
  const hint = 'write a new keytab; a new key is tried at once';
  return agentError('AUTH_CREDENTIAL_INVALID', { what: `keytab_path ${path}`, why }, { at: path, hint });
}

/** Tells one key of one user from another without showing it. */
export const keyDigest = (user: string, etype: number, key: Buffer): string =>
  createHash('sha256')
    .update(`${user}\0${String(etype)}\0`)
    .update(key)
    .digest('base64url');
