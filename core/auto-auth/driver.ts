// Runs the machine: carries out its effects against method, server, clock and feed, and feeds the results back as events. No decision is made here.
import type { Clock, ClientIdentity, LoginPlan, Secret } from '../sdk/index.js';
import { AgentError, agentError, describeError } from '../sdk/index.js';
import type { Feed } from './feed.js';
import { fingerprint } from './fingerprint.js';
import { isVerdict, type Grant } from './grant.js';
import { login, lookupOffered, lookupSelf, renewSelf, type LoginParts } from './login.js';
import { secondFactor } from './mfa/second-factor.js';
import { serverWords } from './server-words.js';
import { IDLE, step, type Effect, type MachineEvent, type MachineState, type Report, type Rules } from './machine.js';

/** What a driver needs. */
export interface DriverParts extends LoginParts {
  readonly address: URL;
  readonly clock: Clock;
  readonly rules: Rules;
  readonly feed: Feed;
  readonly onReport: (report: Report, state: MachineState) => void;
  /** A login of this identity made this token: neither the method nor an earlier run had it. */
  readonly onMinted: (grant: Grant) => void;
  /** How long a login that is under way at the stop may go on, so that its token is known and can be revoked; default: it is cut at once. */
  readonly lastLoginMs?: number;
  /** The method threw in `accepted` or `changes`; nothing depends on it. */
  readonly onMethodTrouble: (error: unknown) => void;
  readonly onExit: (error: AgentError) => void;
}

/** The driver of one identity. */
export class Driver {
  readonly #parts: DriverParts;
  readonly #stop = new AbortController();
  /** Ends logins, and these only. */
  readonly #cut = new AbortController();
  #state: MachineState = IDLE;
  #plan: LoginPlan | undefined;
  #offered: readonly Secret[] = [];
  #held: { readonly grant: Grant; readonly tls: ClientIdentity | undefined } | undefined;
  #cancelTimer: (() => void) | undefined;
  #listening = false;
  readonly #running = new Set<Promise<void>>();

  constructor(parts: DriverParts) {
    this.#parts = { ...parts, factor: parts.factor ?? secondFactor(parts) };
  }

  get state(): MachineState {
    return this.#state;
  }

  /** Begins. Tokens of an earlier run are asked about in their order before any login. */
  start(offered: readonly Secret[] = []): void {
    this.#offered = offered;
    this.send({ type: 'start', offered: offered.length > 0 });
  }

  /** Takes one event through the table and does what it says. */
  send(event: MachineEvent): void {
    const { state, effects } = step(this.#state, event, this.#parts.rules);
    this.#state = state;
    for (const effect of effects) this.#do(effect);
  }

  /** Stops the machine, cancels what runs and waits until it has ended. The token is neither revoked nor withdrawn. */
  async stop(): Promise<void> {
    const { clock, lastLoginMs = 0 } = this.#parts;
    this.send({ type: 'stop' });
    this.#stop.abort();
    const cancel = lastLoginMs > 0 ? clock.after(lastLoginMs, () => this.#cut.abort()) : this.#cut.abort();
    await Promise.all(this.#running);
    cancel?.();
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
        return this.#publish(effect.grant);
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
        if (!isVerdict(known)) return this.send({ type: 'failed', turn, error: known });
        this.send({ type: 'refused', turn, now: this.#parts.clock.now(), error: known });
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
    const holds = 'token' in plan ? 'token' : 'credentials';
    this.send({ type: 'prepared', turn, now: this.#parts.clock.now(), holds, credential: fingerprint(plan) });
  }

  async #login(turn: number): Promise<void> {
    const plan = this.#plan as LoginPlan;
    const { signal } = this.#stop;
    const grant =
      'token' in plan
        ? await lookupSelf(this.#parts, plan.token, signal)
        : await login(this.#parts, plan, this.#cut.signal);
    if (signal.aborted && 'login' in plan) this.#parts.onMinted(grant);
    if (signal.aborted) return;
    this.send({ type: 'granted', turn, now: this.#parts.clock.now(), grant });
  }

  #publish(grant: Grant): void {
    const plan = this.#plan && 'login' in this.#plan ? this.#plan : undefined;
    this.#held = { grant, tls: plan?.tls };
    if (plan) this.#parts.onMinted(grant);
    this.#parts.feed.publish(grant, this.#parts.clock.now());
  }

  // A token that the server says is dead is not offered again; the others are, when it could not say.
  async #lookupOffered(turn: number): Promise<void> {
    const { signal } = this.#stop;
    for (let next = this.#offered[0]; next !== undefined; next = this.#offered[0]) {
      const grant = await lookupOffered(this.#parts, next, signal);
      if (signal.aborted) return;
      if (grant) return this.send({ type: 'granted', turn, now: this.#parts.clock.now(), grant });
      this.#offered = this.#offered.slice(1);
    }
    this.send({ type: 'offer-refused', turn });
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
    } finally {
      // before the first success a method may have nothing to watch yet
      if (this.#held === undefined) this.#listening = false;
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
