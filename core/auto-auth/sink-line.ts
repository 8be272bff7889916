// The way of a token to one sink, as the hub sees it: with or without a child token in between.
import type { TokenState } from '../contracts/token-feed.js';
import type { Secret } from '../sdk/index.js';

/** One line. */
export interface SinkLine {
  /** Makes `state` of the identity the one that counts. */
  offer(state: TokenState): void;
  /** Resolves when nobody is left to be told of a delivery. Nothing depends on whether telling worked. */
  told(): Promise<void>;
  /** Ends waiting and writing; resolves when nothing runs any more. */
  stop(): Promise<void>;
  /** After `stop`: takes back what the sink holds, if `ours` says so of the token in it. Throws what the sink throws. */
  withdraw(signal: AbortSignal, ours: (token: Secret) => boolean): Promise<void>;
  /** After `stop`: revokes the tokens that were made for this sink. What could not be revoked is logged. */
  revoke(signal: AbortSignal): Promise<void>;
}
