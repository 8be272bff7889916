// The made-up access keys of one `aws` mount: which exist and until when. A key of a user lives until it is deleted, a temporary
// one until its time is over, whatever happens to its lease (as with the real service).
/** A key that was issued. `expiresAtMs` is absent for keys of users. */
export interface AwsKey {
  readonly accessKey: string;
  readonly kind: string;
  readonly arn: string;
  readonly expiresAtMs: number | undefined;
}

/** All living keys. */
export class AwsKeys {
  readonly #keys = new Map<string, AwsKey>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Lets a key exist from now on. */
  add(key: AwsKey): void {
    this.#keys.set(key.accessKey, key);
  }

  /** Deletes a key; an unknown one is no error. */
  delete(accessKey: string): void {
    this.#keys.delete(accessKey);
  }

  /** The key if it exists now. */
  find(accessKey: string): AwsKey | undefined {
    const key = this.#keys.get(accessKey);
    if (key?.expiresAtMs !== undefined && key.expiresAtMs <= this.#now()) this.#keys.delete(accessKey);
    return this.#keys.get(accessKey);
  }
}
