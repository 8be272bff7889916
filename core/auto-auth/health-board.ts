// One health out of several parts: degraded while any part has an error. It must not know what the parts are.
import type { AgentError, Health } from '../sdk/index.js';

/** Collects the parts of one component. */
export class HealthBoard {
  readonly #health: Health;
  readonly #errors = new Map<string, AgentError>();

  constructor(health: Health) {
    this.#health = health;
  }

  /** Sets or, with undefined, clears the error of `part` and reports the whole. */
  set(part: string, error: AgentError | undefined): void {
    if (error === undefined) this.#errors.delete(part);
    else this.#errors.set(part, error);
    const [first] = this.#errors.values();
    if (first === undefined) this.#health.ok();
    else this.#health.degraded(first);
  }
}
