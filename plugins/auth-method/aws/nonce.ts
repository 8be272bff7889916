// The nonce of ec2 logins: from the configuration, from a file that is made when it is not there, or made once and kept in memory. The server trusts
// the first one it sees of an instance and wants the same ever after. (Spec auth-wire 4.4 step 3, 14.11.)
import { randomUUID } from 'node:crypto';
import {
  AgentError,
  Secret,
  agentError,
  failureText,
  readCredential,
  replaceFile,
  type Logger,
  type LoginAttempt,
} from 'claviger/sdk';
import { textOf, type AwsSettings } from './settings.js';

/** A nonce and where it came from. */
export interface NonceFound {
  readonly nonce: Secret;
  readonly source: string;
  readonly outcome: string;
}

const LONGEST = 128;

/** The nonce of one instance. */
export class Nonce {
  readonly #written: string | undefined;
  readonly #file: string | undefined;
  readonly #log: Logger;
  #made: Secret | undefined;

  constructor({ nonce, nonce_file }: AwsSettings, log: Logger) {
    this.#written = textOf(nonce);
    this.#file = nonce_file === '' ? undefined : nonce_file;
    this.#log = log;
  }

  /**
   * The nonce. Throws AUTH_TEST_REFUSED for a test that would spend the trust of the first use on a nonce that nobody keeps, and AUTH_CREDENTIAL_*
   * for one that is empty, too long or not readable, or a file that cannot be written.
   */
  async find({ purpose, signal }: Pick<LoginAttempt, 'purpose' | 'signal'>): Promise<NonceFound> {
    if (this.#written !== undefined)
      return { nonce: checked(new Secret(this.#written), 'nonce'), source: 'nonce', outcome: 'from the configuration' };
    if (this.#file !== undefined) return this.#inFile(this.#file, signal);
    if (purpose === 'test')
      throw agentError('AUTH_TEST_REFUSED', { why: NOT_KEPT }, { hint: 'set nonce_file (or nonce)' });
    return this.#inMemory();
  }

  async #inFile(path: string, signal: AbortSignal): Promise<NonceFound> {
    const source = `nonce_file ${path}`;
    try {
      const { text } = await readCredential(path, { signal, what: 'nonce_file', log: this.#log });
      return { nonce: checked(text, 'nonce_file'), source, outcome: 'read' };
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'AUTH_CREDENTIAL_MISSING') throw error;
    }
    // written before it is used: a nonce that the server knows and nobody else would lock this instance out
    const nonce = new Secret(randomUUID());
    await write(path, nonce, signal);
    return { nonce, source, outcome: 'made and written' };
  }

  #inMemory(): NonceFound {
    if (this.#made === undefined) {
      this.#made = new Secret(randomUUID());
      this.#log.warn(
        {},
        'the nonce of this instance is kept in memory only: after a restart the server will refuse it; set nonce_file',
      );
    }
    return { nonce: this.#made, source: 'nonce', outcome: 'made, in memory only' };
  }
}

const NOT_KEPT =
  'the server ties an instance to the first nonce it sees, and without nonce_file the nonce of a test would be lost, which locks the instance out';

function checked(nonce: Secret, what: string): Secret {
  if (nonce.length <= LONGEST) return nonce;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what, why: `it is longer than ${String(LONGEST)} characters` });
}

async function write(path: string, nonce: Secret, signal: AbortSignal): Promise<void> {
  try {
    await replaceFile(path, `${nonce.reveal()}\n`, { mode: 0o600 }, signal);
  } catch (error) {
    signal.throwIfAborted();
    const why = `${path} cannot be written (${failureText(error)})`;
    throw agentError('AUTH_CREDENTIAL_INVALID', { what: 'nonce_file', why }, { at: path, cause: error });
  }
}
