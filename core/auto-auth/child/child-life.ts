// The life of one child token: renewed with itself by the rules of core/vault/lifetime.ts, until it has to be replaced. It must not know about its
// parent, nor about sinks.
import { describeError, type Clock, type Logger, type Vault } from '../../sdk/index.js';
import {
  beginLifetime,
  nextStep,
  type EndReason,
  type Lifetime,
  type LifetimeEvent,
  type LifetimeStep,
} from '../../vault/lifetime.js';
import type { Grant } from '../grant.js';
import { renewSelf } from '../login.js';
import { isDead } from '../revoke.js';

/** What a life needs. */
export interface ChildLifeParts {
  readonly vault: Vault;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The sink, for the log. */
  readonly sink: string;
  /** Called once: it has to be replaced. `dead`: the server no longer knows it. */
  readonly onOver: (reason: EndReason | 'dead') => void;
}

/** One life. `begin` once, `end` at any time. */
export class ChildLife {
  readonly #grant: Grant;
  readonly #parts: ChildLifeParts;
  readonly #end = new AbortController();
  #life: Lifetime;
  readonly #first: LifetimeStep;
  #cancelTimer: () => void = () => undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(grant: Grant, parts: ChildLifeParts) {
    const { clock, random } = parts;
    this.#grant = grant;
    this.#parts = parts;
    const { ttlMs, renewable } = grant;
    const { state, step } = beginLifetime({ ttlMs, renewable, now: clock.now() }, random);
    this.#life = state;
    this.#first = step;
  }

  /** When it dies by itself, wall clock, ms; 0 when it does not. */
  get expiresAt(): number {
    return this.#life.expiresAt;
  }

  /** Starts its clock. */
  begin(): void {
    this.#do(this.#first);
  }

  /** Nothing is renewed any more; resolves when nothing runs. */
  async end(): Promise<void> {
    this.#end.abort();
    this.#cancelTimer();
    await this.#renewing;
  }

  #take(event: LifetimeEvent): void {
    const { state, step } = nextStep(this.#life, event, this.#parts.random);
    this.#life = state;
    this.#do(step);
  }

  #do(step: LifetimeStep): void {
    const { clock } = this.#parts;
    if (this.#end.signal.aborted) return;
    if (step.do === 'wait')
      this.#cancelTimer = clock.after(step.delayMs, () => this.#take({ type: 'timer', now: clock.now() }));
    else if (step.do === 'renew') this.#renewing = this.#renew(step.incrementSeconds);
    else if (step.do === 'end') this.#over(step.reason);
  }

  #over(reason: EndReason | 'dead'): void {
    this.#end.abort();
    this.#parts.onOver(reason);
  }

  async #renew(incrementSeconds: number): Promise<void> {
    const event = await this.#renewal(incrementSeconds);
    if (this.#end.signal.aborted) return;
    if (event === 'dead') this.#over('dead');
    else this.#take(event);
  }

  async #renewal(incrementSeconds: number): Promise<LifetimeEvent | 'dead'> {
    const { vault, namespace, clock, log, sink } = this.#parts;
    const { signal } = this.#end;
    const options = { incrementSeconds, tls: undefined, signal };
    const renewal = await renewSelf({ vault, config: { namespace } }, this.#grant.token, options).catch(
      (error: unknown) => ({ failed: error }),
    );
    const now = clock.now();
    if ('ttlMs' in renewal) return { type: 'renewed', now, ...renewal };
    if (signal.aborted) return { type: 'failed', now };
    if ('denied' in renewal && (await this.#isDead())) return 'dead';
    const error = describeError('denied' in renewal ? renewal.denied : renewal.failed);
    log.warn({ sink, error }, 'error renewing the child token of a sink');
    return { type: 'denied' in renewal ? 'denied' : 'failed', now };
  }

  #isDead(): Promise<boolean> {
    return isDead({ ...this.#parts, signal: this.#end.signal }, this.#grant.token).catch(() => false);
  }
}
