// Auth method userpass: a user name and a password from a file, an environment variable or the configuration.
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

@plugin()
export default class Userpass implements AuthMethod {
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
    this.#password = passwordSource('userpass password', settings, { log, clock, env });
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const password = await this.#password.read(attempt);
    return {
      login: `${this.#mount}/login/${encodeURIComponent(this.#username)}`,
      body: { password: password.reveal() },
      trail: this.#password.trail,
    };
  }

  async accepted(): Promise<void> {
    this.#password.accepted();
  }

  changes(signal: AbortSignal): AsyncIterable<void> {
    return this.#password.changes(signal);
  }

  hint(status: number): string | undefined {
    if (status === 400) return 'the user name or the password is wrong';
    if (status === 403)
      return `the user may be locked after wrong passwords, or there is no userpass method at ${this.#mount}`;
    if (status === 404 || status === 500)
      return `the server may not take such a user name: letters, digits, "_", and "-" or "." inside the name work`;
    return undefined;
  }
}
