// Component states: starting -> ok <-> degraded -> failed, any -> stopping -> stopped (architecture 2.5 (1)). Illegal changes are ignored and
// counted. `failed` is sticky.
import type { AgentError, Health } from '../sdk/index.js';

/** State of one component. */
export type State = 'starting' | 'ok' | 'degraded' | 'failed' | 'stopping' | 'stopped';

/** One line of a status view. */
export interface ComponentStatus {
  readonly id: string;
  readonly state: State;
  /** Code and text of the last trouble. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly since: number;
}

const ALLOWED: Readonly<Record<State, readonly State[]>> = {
  starting: ['ok', 'degraded', 'failed', 'stopping'],
  ok: ['degraded', 'failed', 'stopping'],
  degraded: ['ok', 'degraded', 'failed', 'stopping'],
  failed: ['stopping'],
  stopping: ['stopped'],
  stopped: [],
};

/** The states of all components of an agent. */
export class StatusBoard {
  readonly #rows = new Map<string, ComponentStatus>();
  readonly #now: () => number;
  #illegal = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a component in state `starting`. */
  add(id: string): void {
    this.#rows.set(id, { id, state: 'starting', since: this.#now() });
  }

  /** Its start is over: what has not said of itself how it is, is well. */
  started(id: string): void {
    if (this.#rows.get(id)?.state === 'starting') this.set(id, 'ok');
  }

  /** Changes a state; an illegal change is counted and ignored. */
  set(id: string, state: State, error?: AgentError): void {
    const row = this.#rows.get(id);
    if (row === undefined || (row.state !== state && !ALLOWED[row.state].includes(state))) {
      this.#illegal++;
      return;
    }
    if (row.state === state && error === undefined) return;
    const trouble = error === undefined ? undefined : { code: error.code, message: error.message };
    this.#rows.set(id, { id, state, since: row.state === state ? row.since : this.#now(), error: trouble });
  }

  /** The reporting port of one component. */
  reporter(id: string): Health {
    return {
      ok: () => this.set(id, 'ok'),
      degraded: (error) => this.set(id, 'degraded', error),
      failed: (error) => this.set(id, 'failed', error),
    };
  }

  /** All components in the order in which they were added. */
  view(): readonly ComponentStatus[] {
    return [...this.#rows.values()];
  }

  /** Number of illegal changes so far. */
  get illegalChanges(): number {
    return this.#illegal;
  }
}
