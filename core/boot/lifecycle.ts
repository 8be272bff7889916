// Ordered start, reverse stop, time-outs that name the culprit, and the time tree of a boot. It must not know what the components do.
import { AgentError, agentError, describeError, type Clock } from '../sdk/index.js';
import type { StatusBoard } from './health.js';

/** One thing with a life. `label` is what a person reads: `sink "file" (sink.default.1)`. */
export interface Living {
  readonly id: string;
  readonly label: string;
  readonly start?: (signal: AbortSignal) => Promise<void>;
  readonly stop?: (signal: AbortSignal) => Promise<void>;
  /** A failure to start is degraded, not the end of the boot. */
  readonly mayFail?: boolean;
  /** A failure to start ends the boot also when waiting might help (`exit_on_err`). */
  readonly mustStart?: boolean;
  /** Its stop gets at least so long, however little is left of the grace; default 100 ms. */
  readonly leastStopMs?: number;
}

/** How long one step took. */
export interface Timing {
  readonly id: string;
  readonly ms: number;
}

/** Runs a list of components. */
export class Lifecycle {
  readonly #clock: Clock;
  readonly #board: StatusBoard;
  readonly #startTimeoutMs: number;
  readonly #started: Living[] = [];
  readonly #halted = new AbortController();
  #present: Promise<unknown> = Promise.resolve();
  readonly timings: Timing[] = [];

  constructor(options: { readonly clock: Clock; readonly board: StatusBoard; readonly startTimeoutMs?: number }) {
    this.#clock = options.clock;
    this.#board = options.board;
    this.#startTimeoutMs = options.startTimeoutMs ?? 10_000;
  }

  /**
   * Starts one component. Throws what its start threw (an AgentError as it is, anything else as PLUGIN_START), or PLUGIN_START_TIMEOUT; also
   * PLUGIN_START once `stop` was called. An error with `act: 'wait'` is degraded (unless it must start): the component counts as started.
   */
  start(living: Living): Promise<void> {
    const work = this.#bring(living);
    this.#present = work.catch(() => undefined);
    return work;
  }

  async #bring(living: Living): Promise<void> {
    if (this.#halted.signal.aborted) throw stoppedMeanwhile(living);
    this.#board.add(living.id);
    const began = this.#clock.now();
    this.#started.push(living);
    try {
      const boundMs = this.#startTimeoutMs;
      const late = agentError('PLUGIN_START_TIMEOUT', { plugin: living.label, seconds: boundMs / 1000 });
      const halted = { signal: this.#halted.signal, error: stoppedMeanwhile(living) };
      if (living.start) await this.#bounded(living.start, boundMs, { late, halted });
      this.#board.started(living.id);
    } catch (error) {
      const known = asStartError(living, error);
      if ((known.act !== 'wait' || living.mustStart === true) && living.mayFail !== true) throw known;
      this.#board.set(living.id, 'degraded', known);
    } finally {
      this.timings.push({ id: living.id, ms: this.#clock.now() - began });
    }
  }

  /**
   * Stops everything that was started, last first, within one grace. Errors are collected, never thrown early. A start that is under way is told
   * to end and waited for, so that nothing comes to life behind our back.
   */
  async stop(graceMs: number): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    this.#halted.abort();
    await this.#present;
    const deadline = this.#clock.now() + graceMs;
    for (let living = this.#started.pop(); living !== undefined; living = this.#started.pop()) {
      this.#board.set(living.id, 'stopping');
      try {
        const boundMs = Math.max(living.leastStopMs ?? 100, deadline - this.#clock.now());
        if (living.stop) await this.#bounded(living.stop, boundMs, { late: stopTimeout(living, boundMs) });
      } catch (error) {
        errors.push(error);
      }
      this.#board.set(living.id, 'stopped');
    }
    return errors;
  }

  async #bounded(work: (signal: AbortSignal) => Promise<void>, boundMs: number, errors: BoundErrors): Promise<void> {
    const { halted } = errors;
    const abort = new AbortController();
    const halt = (): void => abort.abort(halted?.error);
    halted?.signal.addEventListener('abort', halt, { once: true });
    let cancel: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(boundMs, () => {
        reject(errors.late);
        abort.abort(errors.late);
      });
    });
    try {
      await Promise.race([work(abort.signal), late]);
    } finally {
      cancel?.();
      halted?.signal.removeEventListener('abort', halt);
    }
  }
}

/** What ends a bounded call: its time is over, or the agent is stopped. */
interface BoundErrors {
  readonly late: AgentError;
  readonly halted?: { readonly signal: AbortSignal; readonly error: AgentError };
}

const stopTimeout = (living: Living, boundMs: number): AgentError =>
  agentError('PLUGIN_CALL_TIMEOUT', { plugin: living.label, call: 'stop', seconds: boundMs / 1000 });

const stoppedMeanwhile = (living: Living): AgentError =>
  agentError('PLUGIN_START', { plugin: living.label, why: 'the agent was stopped meanwhile' });

function asStartError(living: Living, error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  return agentError('PLUGIN_START', { plugin: living.label, why: describeError(error) }, { cause: error });
}
