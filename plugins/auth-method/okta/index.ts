// Auth method okta: a user name and a password, and a second factor: a push that somebody approves while the login waits, or a TOTP passcode.
// The server asks Okta; the agent never does. No number challenge.
import type { CredentialSource } from 'claviger/sdk';
import {
  Env,
  Log,
  Mount,
  Settings,
  State,
  Time,
  Upstream,
  passwordSource,
  plugin,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
  type PasswordSettings,
  type StateAccess,
  type Vault,
} from 'claviger/sdk';
import { Passcodes } from './passcodes.js';
import { PushLimit } from './push-limit.js';
import { explained, provesNoPush } from './refusals.js';
import { requireServer } from './server-ready.js';

// The server holds the login open until the push is answered (spec auth-wire 3.7).
const LOGIN_MS = 120_000;

interface OktaSettings extends PasswordSettings {
  readonly provider?: 'OKTA' | 'GOOGLE';
  readonly totp_secret_file_path?: string;
}

@plugin()
export default class Okta implements AuthMethod {
  readonly #settings: OktaSettings;
  readonly #mount: string;
  readonly #log: Logger;
  readonly #server: Vault;
  readonly #password: CredentialSource;
  readonly #passcodes: Passcodes | undefined;
  readonly #pushes: PushLimit;

  constructor(
    @Settings settings: OktaSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Time clock: Clock,
    @Env env: EnvAccess,
    @Upstream server: Vault,
    @State state: StateAccess,
  ) {
    this.#settings = settings;
    this.#mount = mount;
    this.#log = log;
    this.#server = server;
    this.#password = passwordSource('Okta password', settings, { log, clock, env });
    const path = settings.totp_secret_file_path ?? '';
    if (path !== '') this.#passcodes = new Passcodes(path, { log, clock });
    this.#pushes = new PushLimit(clock, state);
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const password = await this.#password.read(attempt);
    if (this.#mayPush) await this.#pushes.check();
    const totp = await this.#passcodes?.next(attempt);
    if (this.#mayPush) await this.#pushing(attempt);
    const { provider, username } = this.#settings;
    return {
      login: `${this.#mount}/login/${encodeURIComponent(username)}`,
      body: { password: password.reveal(), ...(totp !== undefined && { totp }), ...(provider && { provider }) },
      timeoutMs: LOGIN_MS,
      trail: [...this.#password.trail, ...(this.#passcodes === undefined ? [] : [this.#passcodes.tried])],
      show: ['provider'],
      credential: password,
    };
  }

  async accepted(): Promise<void> {
    this.#password.accepted();
  }

  changes(signal: AbortSignal): AsyncIterable<void> {
    return this.#password.changes(signal);
  }

  hint(status: number, errors: readonly string[]): string | undefined {
    const words = errors.join('; ');
    if (provesNoPush(status, words)) this.#pushes.notSent();
    return explained(status, words, this.#mount);
  }

  // With a passcode too: for a user without a TOTP factor the server falls back to a push. Factors of Google are never pushed.
  get #mayPush(): boolean {
    return this.#settings.provider !== 'GOOGLE';
  }

  async #pushing({ signal, purpose }: LoginAttempt): Promise<void> {
    await requireServer(this.#server, signal);
    if (purpose === 'test') return;
    await this.#pushes.sent();
    if (this.#passcodes !== undefined) return;
    this.#log.info({ username: this.#settings.username }, 'logging in; approve the push if Okta sends one');
  }
}
