// Auth method userpass: a user name and a password from the configuration or a file.
import {
  CredentialFile,
  Log,
  Mount,
  Secret,
  Settings,
  agentError,
  plugin,
  type AuthMethod,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';

interface UserpassSettings {
  readonly username: string;
  readonly password?: string | Secret;
  readonly password_file_path?: string;
  readonly remove_password_after_reading?: boolean;
  readonly remove_password_follows_symlinks?: boolean;
}

@plugin()
export default class Userpass implements AuthMethod {
  readonly #settings: UserpassSettings;
  readonly #mount: string;
  readonly #file: CredentialFile | undefined;

  constructor(@Settings settings: UserpassSettings, @Mount mount: string, @Log log: Logger) {
    this.#settings = settings;
    this.#mount = mount;
    const path = settings.password_file_path ?? '';
    if (path !== '') this.#file = new CredentialFile(path, { what: 'password_file_path', log, trim: 'line-break' });
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const password = (await this.#file?.read(attempt)) ?? this.#inline();
    const source = this.#file?.path ?? 'password';
    return {
      login: `${this.#mount}/login/${encodeURIComponent(this.#settings.username)}`,
      body: { password: password.reveal() },
      trail: [{ source, outcome: this.#file?.outcome ?? 'from the configuration' }],
    };
  }

  async accepted(): Promise<void> {
    if (this.#settings.remove_password_after_reading !== true) return;
    this.#file?.removeSpent({ followSymlinks: this.#settings.remove_password_follows_symlinks === true });
  }

  hint(status: number): string | undefined {
    if (status === 400) return 'the user name or the password is wrong';
    if (status === 403)
      return `the user may be locked after wrong passwords, or there is no userpass method at ${this.#mount}`;
    return undefined;
  }

  #inline(): Secret {
    const { password } = this.#settings;
    if (password instanceof Secret && password.length > 0) return password;
    if (typeof password === 'string' && password !== '') return new Secret(password);
    throw agentError('AUTH_CREDENTIAL_INVALID', { what: 'password', why: 'it is empty' });
  }
}
