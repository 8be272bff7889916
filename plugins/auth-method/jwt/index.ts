// Auth method jwt: a JSON web token from a file. Removes the file after a login that worked (unless told not to) and notices a new one.
import {
  CredentialFile,
  Log,
  Mount,
  Settings,
  Time,
  plugin,
  watchFile,
  type AuthMethod,
  type Clock,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';

interface JwtSettings {
  readonly path: string;
  readonly role: string;
  readonly remove_jwt_after_reading?: boolean;
  readonly remove_jwt_follows_symlinks?: boolean;
  /** Milliseconds. */
  readonly jwt_read_period?: number;
  readonly trim?: boolean;
}

@plugin()
export default class Jwt implements AuthMethod {
  readonly #settings: JwtSettings;
  readonly #mount: string;
  readonly #clock: Clock;
  readonly #file: CredentialFile;

  constructor(@Settings settings: JwtSettings, @Mount mount: string, @Log log: Logger, @Time clock: Clock) {
    this.#settings = settings;
    this.#mount = mount;
    this.#clock = clock;
    this.#file = new CredentialFile(settings.path, { what: 'jwt path', log, trim: settings.trim ?? true });
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const jwt = await this.#file.read(attempt);
    return {
      login: `${this.#mount}/login`,
      body: { role: this.#settings.role, jwt: jwt.reveal() },
      trail: [{ source: this.#file.path, outcome: this.#file.outcome }],
      show: ['role'],
    };
  }

  async accepted(): Promise<void> {
    if (!this.#removes) return;
    this.#file.removeSpent({ followSymlinks: this.#settings.remove_jwt_follows_symlinks === true });
  }

  changes(signal: AbortSignal): AsyncIterable<void> {
    const pollMs = this.#settings.jwt_read_period ?? (this.#removes ? 500 : 60_000);
    const trim = this.#settings.trim ?? true;
    return watchFile(this.#file.path, signal, { clock: this.#clock, known: this.#file.last, pollMs, trim });
  }

  hint(status: number): string | undefined {
    if (status !== 400 && status !== 403) return undefined;
    return `check that role "${this.#settings.role}" exists at ${this.#mount} and accepts the issuer, audience and claims of the token`;
  }

  get #removes(): boolean {
    return this.#settings.remove_jwt_after_reading !== false;
  }
}
