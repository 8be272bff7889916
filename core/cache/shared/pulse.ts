// Does the shared store still tell us what happens? Silent for longer than the bound: what is shared must be looked up before it is used, again and again
// until it speaks. Says so once, and once when it is over.
import { agentError, describeError, type Clock, type Health, type Logger } from '../../sdk/index.js';

/** What the pulse needs. `silent` is called at the bound, and then once per bound; `back` when the store speaks again. */
export interface PulseOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly boundMs: number;
  readonly silent: () => void;
  readonly back: () => void;
}

/** Watches for silence. */
export class Pulse {
  readonly #options: PulseOptions;
  #cancel: () => void = () => undefined;
  #silent = false;
  #failing = false;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** True while asking the store would only cost time. */
  get away(): boolean {
    return this.#silent || this.#failing;
  }

  start(): void {
    this.#arm();
  }

  stop(): void {
    this.#cancel();
  }

  /** The store spoke. */
  heard(): void {
    const was = this.away;
    this.#silent = false;
    this.#failing = false;
    this.#arm();
    if (!was) return;
    this.#options.log.info({}, 'the shared store is back');
    this.#options.health.ok();
    this.#options.back();
  }

  /** A call failed: the memory is all there is until the store speaks again. */
  failed(error: unknown): void {
    if (!this.away) this.#tell(describeError(error));
    this.#failing = true;
  }

  #arm(): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(this.#options.boundMs, () => {
      if (!this.away) this.#tell('nothing was heard of it');
      this.#silent = true;
      this.#options.silent();
      this.#arm();
    });
  }

  #tell(why: string): void {
    const { log, health, boundMs } = this.#options;
    log.warn({ why, boundMs }, 'the shared store is away; going on from memory');
    health.degraded(agentError('CACHE_STORE_UNAVAILABLE', { why }));
  }
}
