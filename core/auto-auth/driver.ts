// Runs the machine: carries out its effects against method, server, clock and feed, and feeds the results back as events. No decision is made here.
import type { Clock, ClientIdentity, LoginPlan, Secret } from '../sdk/index.js';
import { AgentError, agentError, describeError } from '../sdk/index.js';
import type { Feed } from './feed.js';
import type { Grant } from './grant.js';
import { login, lookupOffered, lookupSelf, renewSelf, type LoginParts } from './login.js';
import { serverWords } from './server-words.js';
import { IDLE, step, type Effect, type MachineEvent, type MachineState, type Report, type Rules } from './machine.js';

/** What a driver needs. */
export interface DriverParts extends LoginParts {
  readonly address: URL;
  readonly clock: Clock;
  readonly rules: Rules;
  readonly feed: Feed;
  readonly onReport: (report: Report, state: MachineState) => void;
  /** The method threw in `accepted` or `changes`; nothing depends on it. */
  readonly onMethodTrouble: (error: unknown) => void;
  readonly onExit: (error: AgentError) => void;
}

/** The driver of one identity. */
export class Driver {
  readonly #parts: DriverParts;
  readonly #stop = new AbortController();
  #state: MachineState = IDLE;
  #plan: LoginPlan | undefined;
  #offered: Secret | undefined;
  #held: { readonly grant: Grant; readonly tls: ClientIdentity | undefined } | undefined;
  #cancelTimer: (() => void) | undefined;
  #listening = false;
  readonly #running = new Set<Promise<void>>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  get state(): MachineState {
    return this.#state;
  }

  /** Begins. A token of an earlier run is asked about before any login. */
  start(offered?: Secret): void {
    this.#offered = offered;
    this.send({ type: 'start', offered: offered !== undefined });
  }

  /** Takes one event through the table and does what it says. */
  send(event: MachineEvent): void {
    const { state, effects } = step(this.#state, event, this.#parts.rules);
    this.#state = state;
    for (const effect of effects) this.#do(effect);
  }

  /** Stops the machine, cancels what runs and waits until it has ended. The token is neither revoked nor withdrawn. */
  async stop(): Promise<void> {
    this.send({ type: 'stop' });
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #do(effect: Effect): void {
    switch (effect.do) {
      case 'prepare':
        this.#setTimer(undefined);
        return this.#work(this.#prepare(effect.turn), effect.turn);
      case 'login':
      case 'lookup-self':
        return this.#work(this.#login(effect.turn), effect.turn);
      case 'lookup-offered':
        this.#setTimer(undefined);
        return this.#work(this.#lookupOffered(effect.turn), effect.turn);
      case 'publish':
        this.#held = { grant: effect.grant, tls: this.#plan && 'login' in this.#plan ? this.#plan.tls : undefined };
        return void this.#parts.feed.publish(effect.grant, this.#parts.clock.now());
      case 'accepted':
        return this.#background(this.#accepted(effect.grant));
      case 'listen':
        return this.#listenOnce();
      case 'schedule':
      case 'sleep':
        return this.#setTimer(this.#timer(effect.turn, effect.delayMs));
      case 'renew':
        return this.#work(this.#renew(effect.turn, effect.incrementSeconds), effect.turn);
      case 'report':
        return this.#parts.onReport(effect.report, this.#state);
      case 'exit':
        return this.#parts.onExit(effect.error);
      case 'cancel':
        return this.#setTimer(undefined);
    }
  }

  #timer(turn: number, delayMs: number): () => void {
    const { clock } = this.#parts;
    return clock.after(delayMs, () => this.send({ type: 'timer', turn, now: clock.now() }));
  }

  #setTimer(cancel: (() => void) | undefined): void {
    this.#cancelTimer?.();
    this.#cancelTimer = cancel;
  }

  #work(task: Promise<void>, turn: number): void {
    this.#background(
      task.catch((error: unknown) => {
        if (this.#stop.signal.aborted) return;
        const known = error instanceof AgentError ? error : unknownError(error);
        this.send({ type: known.code === 'AUTH_REFUSED' ? 'refused' : 'failed', turn, error: known });
      }),
    );
  }

  #background(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #prepare(turn: number): Promise<void> {
    const { method, config, address } = this.#parts;
    const attempt = { signal: this.#stop.signal, address, namespace: config.namespace, purpose: 'login' as const };
    const plan = await orAborted(method.prepare(attempt), this.#stop.signal);
    if (plan === undefined || turn !== this.#state.turn) return;
    this.#plan = plan;
    this.send({ type: 'prepared', turn, holds: 'token' in plan ? 'token' : 'credentials' });
  }

  async #login(turn: number): Promise<void> {
    const plan = this.#plan as LoginPlan;
    const { signal } = this.#stop;
    const grant =
      'token' in plan ? await lookupSelf(this.#parts, plan.token, signal) : await login(this.#parts, plan, signal);
    if (signal.aborted) return;
    this.send({ type: 'granted', turn, now: this.#parts.clock.now(), grant });
  }

  async #lookupOffered(turn: number): Promise<void> {
    const { signal } = this.#stop;
    const grant = this.#offered && (await lookupOffered(this.#parts, this.#offered, signal));
    if (signal.aborted) return;
    if (grant === undefined) return this.send({ type: 'offer-refused', turn });
    this.send({ type: 'granted', turn, now: this.#parts.clock.now(), grant });
  }

  async #accepted({ accessor, policies }: Grant): Promise<void> {
    const { method, onMethodTrouble } = this.#parts;
    try {
      await orAborted(Promise.resolve(method.accepted?.({ accessor, policies })), this.#stop.signal);
    } catch (error) {
      onMethodTrouble(error);
    }
    this.#listenOnce();
  }

  #listenOnce(): void {
    if (this.#listening || this.#stop.signal.aborted) return;
    this.#listening = true;
    this.#background(this.#listen());
  }

  // Always consumed, so that a method never waits for us; the table decides whether it leads to a login.
  async #listen(): Promise<void> {
    const { method, onMethodTrouble } = this.#parts;
    const { signal } = this.#stop;
    try {
      const changes = method.changes?.(signal)[Symbol.asyncIterator]();
      while (changes && !signal.aborted) {
        const next = await orAborted(changes.next(), signal);
        if (next === undefined || next.done === true || signal.aborted) return;
        this.send({ type: 'credentials-changed' });
      }
    } catch (error) {
      if (!signal.aborted) onMethodTrouble(error);
    }
  }

  async #renew(turn: number, incrementSeconds: number): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    const { clock, feed } = this.#parts;
    const options = { incrementSeconds, tls: held.tls, signal: this.#stop.signal };
    const renewal = await renewSelf(this.#parts, held.grant.token, options);
    const now = clock.now();
    if ('denied' in renewal) return this.send({ type: 'renewal-denied', turn, now, error: renewal.denied });
    if ('failed' in renewal) return this.send({ type: 'renewal-failed', turn, now, error: renewal.failed });
    if (turn === this.#state.turn) feed.extend(now + renewal.ttlMs);
    this.send({ type: 'renewed', turn, now, ...renewal });
  }
}

function unknownError(cause: unknown): AgentError {
  return agentError('AUTH_METHOD_FAILED', { why: serverWords([describeError(cause)]) }, { cause });
}

/** `task`, or undefined as soon as the signal is aborted; leaves no listener behind. */
function orAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(undefined);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
