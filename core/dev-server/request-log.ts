// Remembers which requests reached the server, for tests that count calls. Holds accessors and names, never tokens.

/** One request as it came in. */
export interface RequestRecord {
  readonly method: string;
  /** Decoded path without `/v1/` and without the query: `auth/token/lookup-self`. */
  readonly path: string;
  /** As sent, with the query. */
  readonly target: string;
  /** Value of `X-Vault-Namespace`, or empty. */
  readonly namespace: string;
  /** Accessor of the token at that moment; empty without a living token. */
  readonly accessor: string;
  readonly displayName: string;
  readonly atMs: number;
  /** Undefined until answered; 0 when the connection was cut instead. */
  status: number | undefined;
}

const MOST_RECORDS = 10_000;

/** The newest requests in order. */
export class RequestLog {
  readonly #records: RequestRecord[] = [];

  add(record: RequestRecord): void {
    this.#records.push(record);
    if (this.#records.length > MOST_RECORDS) this.#records.shift();
  }

  get all(): readonly RequestRecord[] {
    return this.#records;
  }

  /** Number of requests by verb and decoded path. */
  count(method: string, path: string): number {
    return this.#records.filter((record) => record.method === method && record.path === path).length;
  }

  clear(): void {
    this.#records.length = 0;
  }
}
