// The current identity, fanned out (architecture 2.5 (5)).
import type { Secret } from '../sdk/index.js';

/** One token of an identity. Wrapped ones are for sinks only. */
export interface TokenState {
  readonly identity: string;
  /** `plain`: the token. `wrapped`: the wrap_info JSON with its trailing newline. */
  readonly form: 'plain' | 'wrapped';
  readonly token: Secret;
  readonly accessor: string;
  readonly policies: readonly string[];
  readonly renewable: boolean;
  readonly kind: 'service' | 'batch' | 'unknown';
  /** Wall clock, ms; 0 when it does not expire or is unknown. */
  readonly expiresAt: number;
  /** Grows with each published token of the identity. */
  readonly sequence: number;
  /** Entity of the token; absent when it has none or it is unknown. Two agents with one entity and the same policies may share answers. */
  readonly entityId?: string | undefined;
  /** Requests that the token is good for; absent when there is no limit or it is unknown. */
  readonly numUses?: number | undefined;
}

/** Latest-wins: a slow consumer skips intermediate tokens and never gets an old one after a new one. */
export interface TokenFeed {
  readonly current: TokenState | undefined;
  updates(signal: AbortSignal): AsyncIterable<TokenState>;
  /** Called at once with each new token; the result ends the subscription. */
  subscribe(listener: (state: TokenState) => void): () => void;
}

/** What other parts may ask of one identity. */
export interface Identity {
  readonly name: string;
  readonly feed: TokenFeed;
  /** Asks for a new login because the server refused the token with this sequence; one login serves all that ask. Resolves with the next token. */
  reauthenticate(sequence: number, signal: AbortSignal): Promise<TokenState>;
}
