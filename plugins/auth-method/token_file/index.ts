// Auth method token_file: a token that somebody else put into a file. It is read for each login and never removed; the agent checks it by
// lookup-self and never revokes it.
import {
  CredentialFile,
  Log,
  Settings,
  plugin,
  type AuthMethod,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';

interface TokenFileSettings {
  readonly token_file_path: string;
}

@plugin()
export default class TokenFile implements AuthMethod {
  readonly #file: CredentialFile;

  constructor(@Settings settings: TokenFileSettings, @Log log: Logger) {
    this.#file = new CredentialFile(settings.token_file_path, { what: 'token_file_path', log });
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const token = await this.#file.read(attempt);
    return { token, trail: [{ source: this.#file.path, outcome: this.#file.outcome }] };
  }

  hint(status: number): string | undefined {
    return status === 403
      ? `the token in ${this.#file.path} is not valid (any more); write a new one into it`
      : undefined;
  }
}
