// Auth method radius: a user name and a password that a RADIUS server knows. The server asks it; the agent never does.
import type { CredentialSource } from 'claviger/sdk';
import {
  Env,
  Log,
  Mount,
  Settings,
  Time,
  passwordSource,
  plugin,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
  type PasswordSettings,
} from 'claviger/sdk';
import { explained } from './refusals.js';

@plugin()
export default class Radius implements AuthMethod {
  readonly #username: string;
  readonly #mount: string;
  readonly #password: CredentialSource;

  constructor(
    @Settings settings: PasswordSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Time clock: Clock,
    @Env env: EnvAccess,
  ) {
    this.#username = settings.username;
    this.#mount = mount;
    this.#password = passwordSource('RADIUS password', settings, { log, clock, env });
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const password = (await this.#password.read(attempt)).reveal();
    const username = this.#username;
    const { trail } = this.#password;
    // a slash would split the path; then the name travels in the body, which the server prefers anyway (spec auth-wire 3.8)
    if (username.includes('/'))
      return { login: `${this.#mount}/login`, body: { username, password }, trail, show: ['username'] };
    return { login: `${this.#mount}/login/${encodeURIComponent(username)}`, body: { password }, trail };
  }

  async accepted(): Promise<void> {
    this.#password.accepted();
  }

  changes(signal: AbortSignal): AsyncIterable<void> {
    return this.#password.changes(signal);
  }

  hint(status: number, errors: readonly string[]): string | undefined {
    return explained(status, errors.join('; '), this.#mount);
  }
}
