// Says once what is wrong with the store, and once when it is well again: to the log and to health. It decides nothing.
import { AgentError, agentError, describeError, type Health, type Logger } from '../../sdk/index.js';

/** Any failure of a store as an AgentError. */
export function storeError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  const why = error instanceof Error ? error.message : 'it failed';
  return agentError('CACHE_STORE_UNAVAILABLE', { why }, { cause: error });
}

/** The board of one store. */
export class Trouble {
  readonly #log: Logger;
  readonly #health: Health;
  #code = '';

  constructor(log: Logger, health: Health) {
    this.#log = log;
    this.#health = health;
  }

  /** One line per change of what is wrong, not per failure. */
  bad(error: AgentError): void {
    if (error.code === this.#code) return;
    this.#code = error.code;
    this.#log.error({ error: describeError(error) }, 'the cache goes on from memory, nothing is persisted');
    this.#health.degraded(error);
  }

  well(): void {
    if (this.#code !== '') this.#log.info({}, 'the cache store works again');
    this.#code = '';
    this.#health.ok();
  }
}
