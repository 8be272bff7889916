// One login of one identity without an agent around it, for `claviger auth test`: no sink, no cache, no file removed, and what was made is revoked.
import type { AgentConfig, IdentityConfig } from '../contracts/agent-config.js';
import type { Catalog } from '../contracts/catalog.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Grant } from '../auto-auth/grant.js';
import { login, lookupSelf } from '../auto-auth/login.js';
import { secondFactor } from '../auto-auth/mfa/second-factor.js';
import { isRevocable, revokeToken } from '../auto-auth/revoke.js';
import { systemClock } from '../kernel/clock.js';
import { agentError, type AgentError, type AuthMethod, type Clock, type LoginPlan } from '../sdk/index.js';
import { MetricRegistry } from '../telemetry/metrics.js';
import { createVaultClient, type VaultClient } from '../vault/client.js';
import { rootContainer } from './containers.js';
import { guardAuthMethod } from './guards/auth-method.js';
import { StatusBoard } from './health.js';
import { Lifecycle } from './lifecycle.js';
import { PluginFactory } from './plugin-factory.js';

/** What a trial is made of. */
export interface TrialOptions {
  readonly config: AgentConfig;
  readonly identity: IdentityConfig;
  readonly catalog: Catalog;
  readonly log: LogRoot;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Ends reading credentials and waiting for a passcode; a login that is under way is waited for, so that its token is not lost. */
  readonly signal: AbortSignal;
}

/** What a login came to. */
export interface TrialGrant {
  readonly grant: Grant;
  /** The login made the token; otherwise the method held it before, and it is not ours to revoke. */
  readonly minted: boolean;
  readonly secondFactor: boolean;
}

const STOP_MS = 5_000;
const REVOKE_MS = 15_000;

/** A method that can log in once. */
export class LoginTrial {
  readonly #options: TrialOptions;
  readonly #clock: Clock;
  readonly #client: VaultClient;
  readonly #lifecycle: Lifecycle;
  readonly #method: AuthMethod;

  private constructor(
    options: TrialOptions,
    made: { clock: Clock; client: VaultClient; lifecycle: Lifecycle; method: AuthMethod },
  ) {
    this.#options = options;
    this.#clock = made.clock;
    this.#client = made.client;
    this.#lifecycle = made.lifecycle;
    this.#method = made.method;
  }

  /** Loads and starts the method. Throws what that throws; nothing is sent. */
  static async open(options: TrialOptions): Promise<LoginTrial> {
    const { config, log, version } = options;
    const clock = systemClock();
    const board = new StatusBoard(() => clock.now());
    const lifecycle = new Lifecycle({ clock, board });
    const client = createVaultClient({
      ...{ config: config.vault, clock, log, metrics: new MetricRegistry() },
      keepAlive: { idle: false, keepAlives: false },
      userAgent: { version },
    });
    await lifecycle.start({ id: 'upstream', label: 'upstream client', stop: () => client.close() });
    try {
      const method = await startMethod(options, { clock, board, client, lifecycle });
      return new LoginTrial(options, { clock, client, lifecycle, method });
    } catch (error) {
      await lifecycle.stop(STOP_MS);
      throw error;
    }
  }

  /** Where the login would go. */
  get address(): URL {
    return this.#client.address;
  }

  /** What the method would send. `test` spends nothing and need not be complete. Throws what the method throws. */
  prepare(purpose: 'test' | 'login'): Promise<LoginPlan> {
    const { identity, signal } = this.#options;
    return this.#method.prepare({ signal, address: this.address, namespace: identity.method.namespace, purpose });
  }

  /** Logs in, without wrapping, and with the second factor. Throws what a login throws. */
  async login(plan: LoginPlan): Promise<TrialGrant> {
    const { identity, signal } = this.#options;
    const vault = this.#client.vault('auto-auth', { namespace: identity.method.namespace });
    const factor = secondFactor({ config: identity.method, vault, clock: this.#clock });
    let asked = false;
    const parts = {
      ...{ vault, method: this.#method, config: { ...identity.method, wrapTtlMs: 0 } },
      factor: factor && {
        answer: (...[requirement]: Parameters<typeof factor.answer>) => {
          asked = true;
          return factor.answer(requirement, signal);
        },
      },
    };
    const whole = new AbortController().signal;
    const minted = 'login' in plan;
    const grant = minted ? await login(parts, plan, whole) : await lookupSelf(parts, plan.token, whole);
    return { grant, minted, secondFactor: asked };
  }

  /** Revokes what the login made. AUTH_REVOKE_FAILED when it lives on; undefined when it is dead, or is not to be revoked. Never throws. */
  async revoke({ grant, minted }: TrialGrant): Promise<AgentError | undefined> {
    if (!minted || !isRevocable(grant, 0, this.#clock.now())) return undefined;
    const { namespace } = this.#options.identity.method;
    const vault = this.#client.vault('auto-auth', { namespace });
    const late = new AbortController();
    const cancel = this.#clock.after(REVOKE_MS, () => late.abort(agentError('UPSTREAM_CANCELLED', {})));
    try {
      const parts = { vault, namespace, clock: this.#clock, signal: late.signal };
      return await revokeToken(parts, grant.token, 'the token of the test');
    } finally {
      cancel();
    }
  }

  /** Stops the method and closes the connections. Never throws. */
  async close(): Promise<void> {
    await this.#lifecycle.stop(STOP_MS);
  }
}

interface MethodParts {
  readonly clock: Clock;
  readonly board: StatusBoard;
  readonly client: VaultClient;
  readonly lifecycle: Lifecycle;
}

async function startMethod(options: TrialOptions, parts: MethodParts): Promise<AuthMethod> {
  const { catalog, log, env, identity, config } = options;
  const { clock, board, client, lifecycle } = parts;
  const { name, method } = identity;
  const root = rootContainer({ clock, upstream: client.vault('auto-auth') });
  const made = await new PluginFactory({ catalog, root, log, clock, board, env }).make<AuthMethod>({
    ...{ kind: 'auth-method', name: method.type, id: `auth_method.${name}` },
    ...{ settings: method.settings, mount: method.mountPath, logName: `${config.product}.auth.${method.type}` },
  });
  const guarded = guardAuthMethod(made.guarded, made.instance);
  await lifecycle.start({
    id: `auth_method.${name}`,
    label: made.guarded.label,
    start: (signal) => guarded.start!(signal),
    stop: (signal) => guarded.stop!(signal),
  });
  return guarded;
}
