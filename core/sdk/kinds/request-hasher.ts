// Contract of a request hasher: it decides which requests count as equal. It is pure and total, and cannot widen access, because the core
// binds token and namespace around its output.
import type { RawHeaders } from '../host.js';

/** What a digest may look at. There is no token in it: credential headers are taken out before. */
export interface HashInput {
  readonly method: string;
  /** Path as received, without the query. */
  readonly path: string;
  /** Query as received, without the question mark. */
  readonly query: string;
  readonly headers: RawHeaders;
  readonly body: Uint8Array;
}

/** A request hasher. The digest is ASCII text of at most 128 characters. */
export interface RequestHasher {
  digest(input: HashInput): string;
}
