// What of an entry outlives the process, as plain data. Secrets are in it: it is sealed before it leaves the memory.

/** Where an entry hangs: on another entry, or on the token of an identity. */
export type RecordParent =
  | { readonly on: 'entry'; readonly id: string }
  | { readonly on: 'identity'; readonly identity: string; readonly token: string }
  | undefined;

/** One entry. Times are wall clock ms. */
export interface EntryRecord {
  readonly id: string;
  readonly kind: 'lease' | 'token';
  readonly namespace: string;
  readonly path: string;
  readonly home: { readonly namespace: string; readonly path: string };
  readonly lease: string;
  readonly token: string;
  readonly accessor: string;
  readonly parent: RecordParent;
  readonly keys: readonly string[];
  readonly expiresAt: number;
  /** The last remaining life that was told, and the part at its end in which nothing is served. */
  readonly priorMs: number;
  readonly graceMs: number;
  readonly renewable: boolean;
  readonly incrementSeconds: number;
  readonly renewals: number;
  readonly storedAt: number;
  readonly status: number;
  readonly head: readonly string[];
  /** The body as last rendered; seconds in it stand from `digitsAt` to `digitsEnd`. */
  readonly body: Uint8Array;
  readonly digitsAt: number;
  readonly digitsEnd: number;
}
