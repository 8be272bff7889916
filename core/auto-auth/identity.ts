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
  type Logger,
  type Secret,
  type Vault,
} from '../sdk/index.js';
import { Driver } from './driver.js';
import { Feed } from './feed.js';
import { HealthBoard } from './health-board.js';
import type { Grant } from './grant.js';
import type { MachineState } from './machine.js';
import { Minted } from './minted.js';
import { Reporter } from './reporter.js';
import { distinct, findTokens } from './reuse.js';
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
  /**
   * After `stop`, with `revoke_on_shutdown`: the sinks withdraw what they hold, then child tokens and then the tokens of the logins are revoked, until
   * the signal is aborted. Tokens that no login of this identity made are left alone, in the sinks too. Never throws; without the setting it does nothing.
   */
  revoke(signal: AbortSignal): Promise<void>;
  /** Resolves when for the first time every sink holds the current token (exit_after_auth) and those who are to be told of it have been told. */
  readonly delivered: Promise<void>;
  /** Resolves with the reason when `exit_on_err` ends the identity (R11); otherwise never. */
  readonly failed: Promise<AgentError>;
  state(): MachineState;
}

const LAST_LOGIN_MS = 1_000;

class Assembled implements RunningIdentity {
  readonly name: string;
  readonly feed: Feed;
  readonly failed: Promise<AgentError>;
  readonly #hub: SinkHub;
  readonly #driver: Driver;
  readonly #reporter: Reporter;
  readonly #options: IdentityOptions;
  readonly #clock: Clock;
  readonly #wrapped: boolean;
  readonly #minted = new Minted();
  readonly #halt = new AbortController();
  #beginning: Promise<void> = Promise.resolve();
  #offered: Secret | undefined;
  #ended = false;

  constructor(options: IdentityOptions) {
    const { config, clock } = options;
    this.#options = options;
    this.name = config.name;
    this.feed = new Feed(config.name);
    this.#clock = clock;
    const board = new HealthBoard(options.health);
    const log = options.log.named(`${options.product ?? 'agent'}.auth.handler`);
    const { metrics, product } = options;
    const wrapped = config.method.wrapTtlMs > 0;
    this.#wrapped = wrapped;
    this.#reporter = new Reporter({ log, metrics, board, identity: config.name, wrapped, product });
    this.#hub = this.#hubOf(board);
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
      method: announce(method, () => this.#authenticating()),
      config: config.method,
      address,
      clock,
      feed: this.feed,
      rules: { minBackoffMs, maxBackoffMs, exitOnErr, reauthOnNewCredentials: config.reauthOnNewCredentials, random },
      onMinted: (grant) => this.#keep(grant),
      lastLoginMs: config.revokeOnShutdown ? LAST_LOGIN_MS : 0,
      onReport: (report) => this.#reporter.tell(report),
      onMethodTrouble: (error) =>
        log.warn({ error: describeError(error) }, 'the auth method had trouble after the login'),
      onExit,
    });
  }

  // Looking whether a locked credential has changed is no login.
  #authenticating(): void {
    if (this.#driver.state.refusals?.lock === undefined) this.#reporter.say('authenticating');
  }

  get delivered(): Promise<void> {
    return this.#hub.delivered;
  }

  start(): void {
    const { sinks } = this.#options;
    this.#reporter.say('starting auth handler');
    const offered = this.#offered ? [this.#offered] : [];
    this.#offered = undefined;
    if (sinks.some(({ config }) => config.reuse)) this.#beginning = this.#startWith(offered);
    else this.#driver.start(offered);
  }

  // What the store of the agent kept comes first: it is newer than what the sinks got.
  async #startWith(kept: readonly Secret[]): Promise<void> {
    const found = await findTokens(this.#options.sinks, this.#sinkLog, this.#halt.signal);
    if (this.#ended) return;
    for (const { id, token } of found) this.#hub.found(id, token);
    this.#driver.start(distinct([...kept, ...found.map(({ token }) => token)]));
  }

  // The former token may live longer than its login said.
  #keep(grant: Grant): void {
    const { current } = this.feed;
    if (current) this.#minted.extend(current.token, current.expiresAt);
    this.#minted.add(grant, this.#clock.now());
  }

  preload(token: Secret): void {
    if (!this.#wrapped) this.#offered = token;
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#reporter.say('shutdown triggered, stopping lifetime watcher');
    this.#halt.abort();
    await Promise.all([this.#beginning, this.#driver.stop(), this.#hub.stop()]);
    this.#reporter.say('auth handler stopped');
  }

  async revoke(signal: AbortSignal): Promise<void> {
    const { config, vault, clock } = this.#options;
    if (!config.revokeOnShutdown) return;
    const { current } = this.feed;
    if (current) this.#minted.extend(current.token, current.expiresAt);
    await this.#hub.withdraw(signal, (token) => this.#minted.has(token));
    await this.#hub.revoke(signal);
    const { namespace } = config.method;
    await this.#minted.revoke({ vault, namespace, clock, signal }, this.#sinkLog, this.name);
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

  get #sinkLog(): Logger {
    return this.#options.log.named(`${this.#options.product ?? 'agent'}.sink.server`);
  }

  #hubOf(board: HealthBoard): SinkHub {
    const { config, sinks, vault, clock, metrics, random = Math.random } = this.#options;
    return new SinkHub(sinks, {
      ...{ vault, clock, random },
      namespace: config.method.namespace,
      log: this.#sinkLog,
      success: metrics.series('agent.sink.success'),
      failure: metrics.series('agent.sink.failure'),
      revokes: config.revokeOnShutdown,
      endOf: ({ token, expiresAt }) => (this.feed.current?.token === token ? this.feed.current.expiresAt : expiresAt),
      onDeadParent: ({ token }) => this.#refused(token),
      onSink: (part, error) => board.set(part, error),
    });
  }

  #refused(token: Secret): void {
    if (this.feed.current?.token.equals(token)) this.#driver.send({ type: 'token-refused', now: this.#clock.now() });
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

/** Puts one identity together. Nothing runs before `start`. */
export function createIdentity(options: IdentityOptions): RunningIdentity {
  return new Assembled(options);
}
