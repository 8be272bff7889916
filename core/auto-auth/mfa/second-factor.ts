// Answers the second factor of a login through `sys/mfa/validate`, no passcode twice. Reads its secret fresh for each login. It must not know when
// logins happen.
import type { MethodConfig, MfaConfig } from '../../contracts/agent-config.js';
import {
  agentError,
  readCredential,
  type AgentError,
  type Clock,
  type Vault,
  type VaultAnswer,
} from '../../sdk/index.js';
import { errorsOf, refusal } from '../grant.js';
import { serverWords } from '../server-words.js';
import { chooseTotp, type MfaRequirement } from './requirement.js';
import { secretIn } from './secret-text.js';
import { passcode, stepAt, type TotpSecret } from './totp.js';

/** What a factor needs. */
export interface FactorParts {
  readonly config: MfaConfig;
  readonly namespace: string;
  readonly vault: Vault;
  readonly clock: Clock;
}

/** The second factor that a method is configured with. */
export function secondFactor(parts: {
  readonly config: Pick<MethodConfig, 'mfa' | 'namespace'>;
  readonly vault: Vault;
  readonly clock: Clock;
}): SecondFactor | undefined {
  const { config, vault, clock } = parts;
  const { mfa, namespace } = config;
  return mfa && new SecondFactor({ config: mfa, namespace, vault, clock });
}

/** Passcodes sent for one login at most: the first, and two after codes that somebody else used. */
const MOST_CODES = 3;

/** The second factor of one identity. It remembers the last period that a passcode was sent for. */
export class SecondFactor {
  readonly #parts: FactorParts;
  #lastStep = -1;

  constructor(parts: FactorParts) {
    this.#parts = parts;
  }

  /**
   * The answer that completes the login. Throws AUTH_MFA_REQUIRED, AUTH_MFA_REFUSED, the AUTH_CREDENTIAL_ errors of the secret file, AUTH_REFUSED when
   * the server could not judge (429, 5xx), or what the client throws.
   */
  async answer(requirement: MfaRequirement, signal: AbortSignal): Promise<VaultAnswer> {
    const { totp } = this.#parts.config;
    const { id } = chooseTotp(requirement, totp.method);
    const secret = await this.#secret(signal);
    for (let tries = 1; ; tries++) {
      const code = await this.#freshCode(secret, signal);
      const answer = await this.#send({ mfa_request_id: requirement.requestId, mfa_payload: { [id]: [code] } }, signal);
      if (answer.status < 400) return answer;
      if (tries === MOST_CODES || !wasUsed(answer)) throw refused(answer, [code, requirement.requestId]);
    }
  }

  async #secret(signal: AbortSignal): Promise<TotpSecret> {
    const { totp } = this.#parts.config;
    const { text } = await readCredential(totp.secretFile, { what: 'mfa.totp.secret_file', signal });
    return secretIn(text.reveal(), totp);
  }

  // A code is good once: whoever sends it again is told so, and may be counted as an attacker.
  async #freshCode(secret: TotpSecret, signal: AbortSignal): Promise<string> {
    const { clock } = this.#parts;
    const { periodMs } = secret;
    while (stepAt(clock.now(), periodMs) <= this.#lastStep) {
      await clock.sleep(Math.max(1, (this.#lastStep + 1) * periodMs - clock.now()), signal);
    }
    this.#lastStep = stepAt(clock.now(), periodMs);
    return passcode(secret, this.#lastStep);
  }

  #send(body: object, signal: AbortSignal): Promise<VaultAnswer> {
    const { vault, namespace } = this.#parts;
    return vault.request('PUT', 'sys/mfa/validate', { body, namespace, signal });
  }
}

const wasUsed = (answer: VaultAnswer): boolean => errorsOf(answer).some((error) => /code already used/i.test(error));

function refused(answer: VaultAnswer, secrets: readonly string[]): AgentError {
  if (answer.status === 429 || answer.status >= 500) return refusal(answer, secrets);
  const errors = serverWords(errorsOf(answer), secrets);
  return agentError(
    'AUTH_MFA_REFUSED',
    { status: answer.status, errors: errors === '' ? 'no reason given' : errors },
    { hint: 'is the secret that of this entity and method, and is the clock of this machine right?' },
  );
}
