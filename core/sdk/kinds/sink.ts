// Contract of a sink: it puts a finished payload somewhere, replacing what was there as one step.
import type { Component } from '../host.js';
import type { Secret } from '../secret.js';

/** One token on its way to one sink; wrapping and encryption are already applied. */
export interface Delivery {
  /** The exact content to write. */
  readonly payload: Secret;
  readonly form: 'plain' | 'wrapped' | 'encrypted';
  /** Name of the identity the token belongs to. */
  readonly identity: string;
  readonly accessor: string;
  /** Wall clock, ms; 0 when the token does not expire or its life is unknown. */
  readonly expiresAt: number;
  /** Grows with each token of the identity. */
  readonly sequence: number;
}

/**
 * A sink.
 *
 * `start` is the write check: an error with `act: 'fix-host'` stops the boot, `act: 'wait'` means degraded. `write` replaces atomically: after a
 * failed write the previous content is intact. The host never runs two writes of one sink at once. `withdraw` removes what was delivered. `recover`
 * gives back the payload that an earlier run delivered and that is still there (manifest: `supports.reads_back`); what cannot be read is nothing.
 */
export interface Sink extends Component {
  write(delivery: Delivery, signal: AbortSignal): Promise<void>;
  withdraw?(signal: AbortSignal): Promise<void>;
  recover?(signal: AbortSignal): Promise<Secret | undefined>;
}
