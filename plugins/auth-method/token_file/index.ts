// Auth method token_file: a token that somebody else put into a file. It is read for each login and never removed; the agent checks it by
// lookup-self and never revokes it.
import {
  CredentialFile,
  Log,
  Settings,
  Time,
  agentError,
  plugin,
  watchFile,
  type AuthMethod,
  type Clock,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
  type Secret,
} from 'claviger/sdk';

interface TokenFileSettings {
  readonly token_file_path: string;
}

@plugin()
export default class TokenFile implements AuthMethod {
  readonly #file: CredentialFile;
  readonly #clock: Clock;

  constructor(@Settings settings: TokenFileSettings, @Log log: Logger, @Time clock: Clock) {
    this.#file = new CredentialFile(settings.token_file_path, { what: 'token_file_path', log });
    this.#clock = clock;
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const token = await this.#file.read(attempt);
    checkToken(token, this.#file.path);
    return { token, trail: [{ source: this.#file.path, outcome: this.#file.outcome }] };
  }

  changes(signal: AbortSignal): AsyncIterable<void> {
    return watchFile(this.#file.path, signal, { clock: this.#clock, known: this.#file.last });
  }

  hint(status: number): string | undefined {
    return status === 403
      ? `the token in ${this.#file.path} is not valid (any more); write a new one into it`
      : undefined;
  }
}

/** A token travels in a header: one word. Whatever else the file holds is not sent. Throws AUTH_CREDENTIAL_INVALID. */
function checkToken(token: Secret, path: string): void {
  if (/^[\x21-\x7e]+$/.test(token.reveal())) return;
  const why = `it is not one word of printable characters (${String(token.length)} characters)`;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what: `token_file_path ${path}`, why }, { at: path });
}
