// CredentialFile: one credential file over the life of an auth method. Reads it fresh for each login, remembers the last good content for when
// the file is gone (removed after reading, or broken by a writer), and removes it once the server took it. Knows nothing of Vault.
import { readCredential, removeCredential, type FileIdentity, type Trim } from './credential.js';
import { AgentError } from './errors.js';
import type { Logger } from './host.js';
import type { LoginAttempt } from './kinds/auth-method.js';
import type { Secret } from './secret.js';

/** How to treat the file. */
export interface CredentialFileOptions {
  /** Name of the setting, for messages. */
  readonly what: string;
  readonly log: Logger;
  /** Default true, as in `readCredential`. */
  readonly trim?: Trim;
}

/** A credential file that is remembered. (Spec config 5.1, 5.2, 5.5; auth-wire 1.6.) */
export class CredentialFile {
  readonly path: string;
  readonly #options: CredentialFileOptions;
  #last: Secret | undefined;
  #outcome: 'not tried' | 'read' | 'remembered' = 'not tried';
  #spent: FileIdentity | undefined;

  constructor(path: string, options: CredentialFileOptions) {
    this.path = path;
    this.#options = options;
  }

  /** The last good content. */
  get last(): Secret | undefined {
    return this.#last;
  }

  /** Where the last content came from, for a plan's `trail`. */
  get outcome(): string {
    return this.#outcome;
  }

  /**
   * The content now; the remembered one when the file is missing, empty or unreadable (the last two with a warning). Throws the errors of
   * `readCredential` when nothing is remembered.
   */
  async read({ signal, purpose }: Pick<LoginAttempt, 'signal' | 'purpose'>): Promise<Secret> {
    try {
      const { text, identity } = await readCredential(this.path, { ...this.#options, signal });
      if (purpose === 'login') this.#spent = identity;
      this.#outcome = 'read';
      return (this.#last = text);
    } catch (error) {
      if (purpose === 'login') this.#spent = undefined;
      return this.#remembered(error);
    }
  }

  /**
   * Removes the file that the last login was made with; a file that has changed since is kept. Safe to call again. A failure is only logged,
   * because the login has worked.
   */
  removeSpent(options: { followSymlinks?: boolean } = {}): void {
    const identity = this.#spent;
    this.#spent = undefined;
    if (identity === undefined) return;
    const removal = removeCredential(this.path, identity, options);
    const fields = { what: this.#options.what, path: this.path };
    if (removal.outcome === 'failed') {
      this.#options.log.warn({ ...fields, why: removal.why }, 'credential file could not be removed after the login');
    } else {
      this.#options.log.debug({ ...fields, outcome: removal.outcome }, 'credential file removal');
    }
  }

  #remembered(error: unknown): Secret {
    if (this.#last === undefined || !(error instanceof AgentError)) throw error;
    this.#outcome = 'remembered';
    const fields = { what: this.#options.what, path: this.path, error: error.message };
    if (error.code === 'AUTH_CREDENTIAL_MISSING') this.#options.log.debug(fields, 'using the remembered credential');
    else this.#options.log.warn(fields, 'using the remembered credential');
    return this.#last;
  }
}
