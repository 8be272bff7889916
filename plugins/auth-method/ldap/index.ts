// Auth method ldap: a user of the directory and a password from a file. The server binds with them; the agent never talks to the directory.
import {
  CredentialSource,
  Log,
  Mount,
  Settings,
  Time,
  plugin,
  type AuthMethod,
  type Clock,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { explained } from './refusals.js';

interface LdapSettings {
  readonly username: string;
  readonly password_file_path: string;
  readonly remove_password_after_reading?: boolean;
  readonly remove_password_follows_symlinks?: boolean;
  /** Milliseconds. */
  readonly password_read_period?: number;
  readonly trim?: boolean;
}

@plugin()
export default class Ldap implements AuthMethod {
  readonly #username: string;
  readonly #mount: string;
  readonly #password: CredentialSource;

  constructor(@Settings settings: LdapSettings, @Mount mount: string, @Log log: Logger, @Time clock: Clock) {
    this.#username = settings.username;
    this.#mount = mount;
    this.#password = new CredentialSource({
      what: 'LDAP password',
      log,
      clock,
      trim: settings.trim === false ? false : 'line-break',
      file: {
        setting: 'password_file_path',
        path: settings.password_file_path,
        remove: settings.remove_password_after_reading !== false,
        followSymlinks: settings.remove_password_follows_symlinks === true,
        periodMs: settings.password_read_period,
      },
    });
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

  hint(status: number, errors: readonly string[]): string | undefined {
    return explained(status, errors.join('; '), this.#mount);
  }
}
