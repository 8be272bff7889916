// Auth method approle: role id and secret id from files or from the configuration, the secret id also as a wrapping token.
// Reads, unwraps and says where to log in; the login itself is the driver's.
import {
  CredentialFile,
  Log,
  Mount,
  Secret,
  Settings,
  Time,
  Upstream,
  plugin,
  watchFile,
  type AuthMethod,
  type Clock,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
  type Tried,
  type Vault,
} from 'claviger/sdk';
import { WrappedSecretId } from './wrapped-secret-id.js';

interface AppRoleSettings {
  readonly role_id?: string | Secret;
  readonly role_id_file_path?: string;
  readonly secret_id?: string | Secret;
  readonly secret_id_file_path?: string;
  readonly remove_secret_id_file_after_reading?: boolean;
  readonly secret_id_response_wrapping_path?: string;
}

@plugin()
export default class AppRole implements AuthMethod {
  readonly #mount: string;
  readonly #clock: Clock;
  readonly #settings: AppRoleSettings;
  readonly #roleIdFile: CredentialFile | undefined;
  readonly #secretIdFile: CredentialFile | undefined;
  readonly #wrapped: WrappedSecretId | undefined;

  constructor(
    @Settings settings: AppRoleSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Upstream vault: Vault,
    @Time clock: Clock,
  ) {
    this.#mount = mount;
    this.#clock = clock;
    this.#settings = settings;
    this.#roleIdFile = fileOf('role_id_file_path', settings.role_id_file_path, log);
    this.#secretIdFile = fileOf('secret_id_file_path', settings.secret_id_file_path, log);
    const path = settings.secret_id_response_wrapping_path;
    if (path !== undefined) this.#wrapped = new WrappedSecretId(vault, path);
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const roleId = (await this.#roleIdFile?.read(attempt)) ?? secretOf(this.#settings.role_id);
    const secretId = await this.#secretId(attempt);
    const body = {
      ...(roleId === undefined ? {} : { role_id: roleId.reveal() }),
      ...(secretId === undefined ? {} : { secret_id: secretId.reveal() }),
    };
    return { login: `${this.#mount}/login`, body, trail: this.#trail(attempt.purpose), ...this.#spends() };
  }

  async accepted(): Promise<void> {
    if (this.#settings.remove_secret_id_file_after_reading !== false) this.#secretIdFile?.removeSpent();
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    const file = this.#secretIdFile;
    if (file !== undefined) yield* watchFile(file.path, signal, { clock: this.#clock, known: file.last });
  }

  hint(status: number): string | undefined {
    if (status === 400)
      return 'the role id or the secret id is wrong, expired or used up; the server does not say which';
    if (status === 403)
      return `is there an approle auth method at ${this.#mount}, and may this address use the secret id?`;
    return undefined;
  }

  async #secretId(attempt: LoginAttempt): Promise<Secret | undefined> {
    const text = (await this.#secretIdFile?.read(attempt)) ?? secretOf(this.#settings.secret_id);
    return text !== undefined && this.#wrapped !== undefined ? this.#wrapped.open(text, attempt) : text;
  }

  // A file that goes with the first login holds a secret id that is meant for one.
  #spends(): Pick<LoginPlan, 'spends'> {
    const path = this.#secretIdFile?.path;
    if (path === undefined) return {};
    if (this.#wrapped !== undefined) return { spends: `the wrapped secret id in ${path}` };
    const once = this.#settings.remove_secret_id_file_after_reading !== false;
    return once ? { spends: `a use of the secret id in ${path}, which may have no other` } : {};
  }

  #trail(purpose: LoginAttempt['purpose']): Tried[] {
    const files = [this.#roleIdFile, this.#secretIdFile].filter((file) => file !== undefined);
    const trail = files.map((file) => ({ source: file.path, outcome: file.outcome }));
    if (this.#wrapped === undefined) return trail;
    const outcome = purpose === 'test' ? 'wrapping token is valid; it is not unwrapped in a test' : 'unwrapped';
    return [...trail, { source: 'secret_id_response_wrapping_path', outcome }];
  }
}

function fileOf(what: string, path: string | undefined, log: Logger): CredentialFile | undefined {
  return path === undefined || path === '' ? undefined : new CredentialFile(path, { what, log });
}

function secretOf(value: string | Secret | undefined): Secret | undefined {
  return typeof value === 'string' ? new Secret(value) : value;
}
