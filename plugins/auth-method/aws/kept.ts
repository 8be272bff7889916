// Kept: temporary credentials that cost a call or a program, kept until shortly before their end or until what they were made of is another.
import type { Clock, Secret } from 'claviger/sdk';
import { EARLY_MS, type AwsCredentials } from './credentials.js';

/** Keeps the last credentials of one maker. Without an end of their own they are not kept. */
export class Kept {
  readonly #clock: Clock;
  #last: { readonly from: Secret; readonly credentials: AwsCredentials } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The kept credentials, or those that `make` gives. `from`: what they are made of. */
  async get(from: Secret, make: () => Promise<AwsCredentials>): Promise<AwsCredentials> {
    const last = this.#last;
    if (last !== undefined && last.from.equals(from) && this.#lasts(last.credentials)) return last.credentials;
    const credentials = await make();
    this.#last = { from, credentials };
    return credentials;
  }

  #lasts({ expiresAtMs }: AwsCredentials): boolean {
    return expiresAtMs !== undefined && this.#clock.now() < expiresAtMs - EARLY_MS;
  }
}
