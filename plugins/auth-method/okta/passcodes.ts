// Passcodes for logins: from a secret in a file, each given away once, because Okta refuses one that was used (rule 6 of the auth methods).
// Knows no login.
import {
  CredentialFile,
  agentError,
  fromBase32,
  type Clock,
  type Logger,
  type LoginAttempt,
  type Tried,
} from 'claviger/sdk';
import { STEP_MS, passcode, stepAt } from './totp.js';

const SETTING = 'totp_secret_file_path';
// RFC 4226 R6 wants 16 bytes; real secrets of ten are common, shorter ones are cut off by mistake.
const LEAST_BYTES = 10;

/** A source of passcodes that are good once. */
export class Passcodes {
  readonly #file: CredentialFile;
  readonly #clock: Clock;
  #lastStep = -1;

  constructor(path: string, host: { readonly log: Logger; readonly clock: Clock }) {
    this.#file = new CredentialFile(path, { what: SETTING, log: host.log });
    this.#clock = host.clock;
  }

  /** What the last `next` read. */
  get tried(): Tried {
    return { source: this.#file.path, outcome: this.#file.outcome };
  }

  /**
   * A passcode that was not given before; waits for the next thirty seconds when this one was. For a test the passcode is not remembered as spent.
   * Throws what `CredentialFile.read` throws, and AUTH_CREDENTIAL_INVALID when the file holds no secret.
   */
  async next(attempt: Pick<LoginAttempt, 'signal' | 'purpose'>): Promise<string> {
    const secret = secretIn((await this.#file.read(attempt)).reveal());
    while (stepAt(this.#clock.now()) === this.#lastStep) {
      await this.#clock.sleep(STEP_MS - (this.#clock.now() % STEP_MS), attempt.signal);
    }
    const step = stepAt(this.#clock.now());
    if (attempt.purpose === 'login') this.#lastStep = step;
    return passcode(secret, step);
  }
}

function secretIn(text: string): Buffer {
  const bytes = fromBase32(text);
  if (bytes === undefined)
    throw agentError(
      'AUTH_CREDENTIAL_INVALID',
      { what: SETTING, why: `its content (${String(text.length)} characters) is no base32` },
      { hint: 'put the secret of the authenticator there, as Okta shows it below the QR code' },
    );
  if (bytes.length >= LEAST_BYTES) return bytes;
  throw agentError('AUTH_CREDENTIAL_INVALID', {
    what: SETTING,
    why: `its secret has ${String(bytes.length)} bytes, fewer than ${String(LEAST_BYTES)}; it may be cut off`,
  });
}
