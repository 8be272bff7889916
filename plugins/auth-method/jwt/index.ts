// Auth method jwt: a JSON web token from a file, the environment or a URL. Removes the file after a login that worked (unless told not to) and notices a
// new one. Where the token is got from is in the files beside.
import {
  CredentialFile,
  Env,
  Log,
  Mount,
  Settings,
  Time,
  jwtTimeTrouble,
  plugin,
  watchFile,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type JwtFacts,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { fileSource, variableSource } from './file-source.js';
import { firstToken, type TokenSource } from './source.js';
import { githubSource, urlSource, type UrlSettings } from './url-source.js';

interface JwtSettings extends UrlSettings {
  readonly path?: string;
  readonly role: string;
  readonly remove_jwt_after_reading?: boolean;
  readonly remove_jwt_follows_symlinks?: boolean;
  /** Milliseconds. */
  readonly jwt_read_period?: number;
  readonly trim?: boolean;
  readonly env?: string;
  readonly github_actions?: boolean;
}

@plugin()
export default class Jwt implements AuthMethod {
  readonly #settings: JwtSettings;
  readonly #mount: string;
  readonly #clock: Clock;
  readonly #file: CredentialFile | undefined;
  readonly #sources: readonly TokenSource[];
  #last: { readonly source: string; readonly facts: JwtFacts } | undefined;

  constructor(
    @Settings settings: JwtSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Time clock: Clock,
    @Env env: EnvAccess,
  ) {
    this.#settings = settings;
    this.#mount = mount;
    this.#clock = clock;
    const { path, trim = true } = settings;
    if (path !== undefined) this.#file = new CredentialFile(path, { what: 'jwt path', log, trim });
    this.#sources = sourcesOf(settings, this.#file, env, clock);
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const { found, facts, source, before } = await firstToken(this.#sources, attempt);
    this.#last = { source: source.name, facts };
    const trouble = jwtTimeTrouble(facts, this.#clock.now());
    const outcome = trouble === undefined ? found.outcome : `${found.outcome}; ${trouble}`;
    return {
      login: `${this.#mount}/login`,
      body: { role: this.#settings.role, jwt: found.jwt.reveal() },
      trail: [...before, { source: source.name, outcome }],
      show: ['role'],
      ...(found.credential && { credential: found.credential }),
    };
  }

  async accepted(): Promise<void> {
    if (!this.#removes) return;
    this.#file?.removeSpent({ followSymlinks: this.#settings.remove_jwt_follows_symlinks === true });
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    const file = this.#file;
    if (file === undefined) return;
    const { jwt_read_period: period, trim = true } = this.#settings;
    const pollMs = period ?? (this.#removes ? 500 : 60_000);
    yield* watchFile(file.path, signal, { clock: this.#clock, known: file.last, pollMs, trim });
  }

  hint(status: number): string | undefined {
    if (status !== 400 && status !== 403) return undefined;
    const trouble = this.#last === undefined ? undefined : jwtTimeTrouble(this.#last.facts, this.#clock.now());
    if (trouble !== undefined) return `the token of ${this.#last?.source ?? ''}: ${trouble}`;
    return `check that role "${this.#settings.role}" exists at ${this.#mount} and accepts the issuer, audience and claims of the token`;
  }

  get #removes(): boolean {
    return this.#settings.remove_jwt_after_reading !== false;
  }
}

/** In the order in which they are tried. */
function sourcesOf(
  settings: JwtSettings,
  file: CredentialFile | undefined,
  env: EnvAccess,
  clock: Clock,
): readonly TokenSource[] {
  const parts = { settings, env, clock };
  return [
    ...(file === undefined ? [] : [fileSource(file)]),
    ...(settings.env === undefined ? [] : [variableSource(settings.env, env)]),
    ...(settings.github_actions === true ? [githubSource(parts)] : []),
    ...(settings.url === undefined ? [] : [urlSource(parts)]),
  ];
}
