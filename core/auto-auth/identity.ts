// One identity put together: method -> machine -> feed -> sinks. The entry of this folder; it must not know about other identities.
import type { IdentityConfig } from '../contracts/agent-config.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { Identity, TokenState } from '../contracts/token-feed.js';
import {
  describeError,
  type AgentError,
  type AuthMethod,
  type Clock,
  type Health,
  type Secret,
  type Vault,
} from '../sdk/index.js';
import { Driver } from './driver.js';
import { Feed } from './feed.js';
import { HealthBoard } from './health-board.js';
import type { MachineState } from './machine.js';
import { Reporter } from './reporter.js';
import { SinkHub } from './sink-hub.js';
import type { SinkSlot } from './sink-loop.js';

/** What an identity is made of. */
export interface IdentityOptions {
  readonly config: IdentityConfig;
  readonly method: AuthMethod;
  readonly sinks: readonly SinkSlot[];
  /** Client of the `auto-auth` part: without retries, without a token. */
  readonly vault: Vault;
  readonly address: URL;
  readonly clock: Clock;
  readonly log: LogRoot;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly random?: () => number;
  /** First word of the logger names; default `agent`. */
  readonly product?: 'agent' | 'proxy';
}

/** A running identity. */
export interface RunningIdentity extends Identity {
  /**
   * Offers a token of an earlier run (before `start`; later it has no effect). It is looked up first and used when it lives; a dead one leads
   * to a login at once, a server that cannot be asked is asked again. Not used with `wrap_ttl`.
   */
  preload(token: Secret): void;
  /** Begins with the first login; returns at once. Method and sinks must have been started. */
  start(): void;
  /** Ends all background work. Nothing is revoked. Safe twice and without start. */
  stop(): Promise<void>;
  /** Resolves when for the first time every sink holds the current token (exit_after_auth). */
  readonly delivered: Promise<void>;
  /** Resolves with the reason when `exit_on_err` ends the identity (R11); otherwise never. */
  readonly failed: Promise<AgentError>;
  state(): MachineState;
}

class Assembled implements RunningIdentity {
  readonly name: string;
  readonly feed: Feed;
  readonly failed: Promise<AgentError>;
  readonly #hub: SinkHub;
  readonly #driver: Driver;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  readonly #wrapped: boolean;
  #offered: Secret | undefined;
  #ended = false;

  constructor(options: IdentityOptions) {
    const { config, clock } = options;
    this.name = config.name;
    this.feed = new Feed(config.name);
    this.#clock = clock;
    const board = new HealthBoard(options.health);
    const log = options.log.named(`${options.product ?? 'agent'}.auth.handler`);
    const { metrics, product } = options;
    const wrapped = config.method.wrapTtlMs > 0;
    this.#wrapped = wrapped;
    this.#reporter = new Reporter({ log, metrics, board, identity: config.name, wrapped, product });
    this.#hub = hubOf(options, board);
    let fail!: (error: AgentError) => void;
    this.failed = new Promise((resolve) => (fail = resolve));
    this.#driver = this.#drive(options, fail);
    this.feed.subscribe((state) => this.#hub.offer(state));
  }

  #drive(options: IdentityOptions, onExit: (error: AgentError) => void): Driver {
    const { config, method, vault, address, clock, random = Math.random } = options;
    const { minBackoffMs, maxBackoffMs, exitOnErr } = config.method;
    const log = options.log.named(`${options.product ?? 'agent'}.auth.handler`);
    return new Driver({
      vault,
      method: announce(method, () => this.#reporter.say('authenticating')),
      config: config.method,
      address,
      clock,
      feed: this.feed,
      rules: { minBackoffMs, maxBackoffMs, exitOnErr, reauthOnNewCredentials: config.reauthOnNewCredentials, random },
      onReport: (report) => this.#reporter.tell(report),
      onMethodTrouble: (error) =>
        log.warn({ error: describeError(error) }, 'the auth method had trouble after the login'),
      onExit,
    });
  }

  get delivered(): Promise<void> {
    return this.#hub.delivered;
  }

  start(): void {
    this.#reporter.say('starting auth handler');
    this.#driver.start(this.#offered);
    this.#offered = undefined;
  }

  preload(token: Secret): void {
    if (!this.#wrapped) this.#offered = token;
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#reporter.say('shutdown triggered, stopping lifetime watcher');
    await Promise.all([this.#driver.stop(), this.#hub.stop()]);
    this.#reporter.say('auth handler stopped');
  }

  state(): MachineState {
    return this.#driver.state;
  }

  reauthenticate(sequence: number, signal: AbortSignal): Promise<TokenState> {
    const current = this.feed.current;
    if (current && current.sequence > sequence) return Promise.resolve(current);
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const next = this.#next(sequence, signal);
    this.#driver.send({ type: 'token-refused', now: this.#clock.now() });
    return next;
  }

  #next(sequence: number, signal: AbortSignal): Promise<TokenState> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        unsubscribe();
        reject(signal.reason as Error);
      };
      const unsubscribe = this.feed.subscribe((state) => {
        if (state.sequence <= sequence) return;
        unsubscribe();
        signal.removeEventListener('abort', leave);
        resolve(state);
      });
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}

// The method as it is, with one word before each login.
function announce(method: AuthMethod, say: () => void): AuthMethod {
  return {
    prepare: (attempt) => {
      say();
      return method.prepare(attempt);
    },
    accepted: async (answer) => method.accepted?.(answer),
    changes: (signal) => method.changes?.(signal) ?? nothing(),
    hint: (status, errors) => method.hint?.(status, errors),
  };
}

async function* nothing(): AsyncGenerator<void> {}

function hubOf(options: IdentityOptions, board: HealthBoard): SinkHub {
  const { config, sinks, vault, clock, metrics, random = Math.random } = options;
  const log = options.log.named(`${options.product ?? 'agent'}.sink.server`);
  return new SinkHub(sinks, {
    vault,
    namespace: config.method.namespace,
    clock,
    random,
    log,
    success: metrics.series('agent.sink.success'),
    failure: metrics.series('agent.sink.failure'),
    onSink: (id, error) => board.set(id, error),
  });
}

/** Puts one identity together. Nothing runs before `start`. */
export function createIdentity(options: IdentityOptions): RunningIdentity {
  return new Assembled(options);
}
