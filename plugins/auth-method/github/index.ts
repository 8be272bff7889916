// Auth method github: a personal access token from a file or from the variable that the CLI reads. The server asks GitHub; the agent never does.
import {
  CredentialSource,
  Env,
  Log,
  Mount,
  Settings,
  Time,
  agentError,
  plugin,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { explained } from './refusals.js';

interface GithubSettings {
  readonly token_file_path?: string;
  readonly remove_token_after_reading?: boolean;
  readonly remove_token_follows_symlinks?: boolean;
  /** Milliseconds. */
  readonly token_read_period?: number;
}

// Classic, fine-grained and app tokens alike; a header of the server's call to GitHub could not hold anything else.
const TOKEN = /^[\x21-\x7e]+$/;

@plugin()
export default class Github implements AuthMethod {
  readonly #mount: string;
  readonly #token: CredentialSource;

  constructor(
    @Settings settings: GithubSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Time clock: Clock,
    @Env env: EnvAccess,
  ) {
    this.#mount = mount;
    this.#token = new CredentialSource({
      what: 'GitHub token',
      log,
      clock,
      trim: true,
      file: {
        setting: 'token_file_path',
        path: settings.token_file_path,
        remove: settings.remove_token_after_reading !== false,
        followSymlinks: settings.remove_token_follows_symlinks === true,
        periodMs: settings.token_read_period,
      },
      variable: { name: 'VAULT_AUTH_GITHUB_TOKEN', env },
    });
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const token = (await this.#token.read(attempt)).reveal();
    const { trail } = this.#token;
    if (!TOKEN.test(token)) {
      const why = `it has white space or other characters that no token has (${String(token.length)} characters)`;
      throw agentError('AUTH_CREDENTIAL_INVALID', {
        what: `GitHub token of ${trail.at(-1)?.source ?? 'nowhere'}`,
        why,
      });
    }
    return { login: `${this.#mount}/login`, body: { token }, trail };
  }

  async accepted(): Promise<void> {
    this.#token.accepted();
  }

  changes(signal: AbortSignal): AsyncIterable<void> {
    return this.#token.changes(signal);
  }

  hint(status: number, errors: readonly string[]): string | undefined {
    return explained(status, errors.join('; '), this.#mount);
  }
}
