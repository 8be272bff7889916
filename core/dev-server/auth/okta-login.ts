// One login at Okta from the password to the last factor: passcode when one was given and there is a factor for it, else a push that is waited for.
// Follows the server's method step by step (spec auth-wire 3.7). Knows no policies.
import type { Clock } from '../../sdk/index.js';
import { fault } from '../backend.js';
import { authn, verifyFactor } from './okta-api.js';
import type { OktaCaller, OktaFactor, OktaState } from './okta-api.js';

/** What was sent. */
export interface OktaCredentials {
  readonly username: string;
  readonly password: string;
  /** Empty for none. */
  readonly totp: string;
  /** `OKTA`, `GOOGLE` or empty. */
  readonly provider: string;
}

/** With what, and how. */
export interface OktaSetting {
  readonly caller: OktaCaller;
  readonly bypassMfa: boolean;
  readonly clock: Clock;
}

/** Providers whose factors can be used. */
export const PROVIDERS: readonly string[] = ['GOOGLE', 'OKTA'];

const PUSH = 'push';
const TOTP = 'token:software:totp';
const LOOK_EVERY_MS = 500;

const refusedBy = (error: unknown): never => {
  throw fault(400, `Okta auth failed: ${(error as Error).message}`);
};

/** Number of the user at Okta. Throws 400 in the server's words. */
export async function loginAtOkta(setting: OktaSetting, credentials: OktaCredentials): Promise<string> {
  const { caller } = setting;
  const first = await authn(caller, credentials.username, credentials.password).catch(refusedBy);
  const trouble = TROUBLES[first.status];
  if (trouble !== undefined) throw fault(400, trouble);
  const last =
    first.status === 'MFA_REQUIRED' && !setting.bypassMfa ? await second(setting, credentials, first) : first;
  const isFine =
    ['SUCCESS', 'PASSWORD_WARN'].includes(last.status) || (last === first && last.status === 'MFA_REQUIRED');
  if (!isFine) throw fault(400, 'okta authentication failed');
  return last.userId === '' ? first.userId : last.userId;
}

const TROUBLES: Readonly<Record<string, string>> = {
  LOCKED_OUT: 'okta authentication failed; user is locked out',
  PASSWORD_EXPIRED: 'okta authentication failed: password is expired',
  MFA_ENROLL: 'okta authentication failed; MFA enrollment must be completed',
  MFA_ENROLL_ACTIVATE: 'okta authentication failed; MFA activation must be completed',
};

async function second(setting: OktaSetting, credentials: OktaCredentials, first: OktaState): Promise<OktaState> {
  const factor = factorFor(first.factors, credentials);
  const { stateToken } = first;
  const answer = factor.type === TOTP ? { stateToken, passCode: credentials.totp } : { stateToken };
  let state = await verifyFactor(setting.caller, factor.id, answer).catch(refusedBy);
  while (state.status === 'MFA_CHALLENGE') {
    const outcome = OUTCOMES[state.factorResult];
    if (outcome !== undefined) throw fault(400, outcome);
    if (state.factorResult !== 'WAITING') throw fault(400, 'okta authentication failed');
    await setting.clock.sleep(LOOK_EVERY_MS);
    state = await verifyFactor(setting.caller, factor.id, answer).catch((error: unknown) => {
      throw fault(400, `Okta auth failed checking loop: ${(error as Error).message}`);
    });
  }
  return state;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  REJECTED: 'multi-factor authentication denied',
  TIMEOUT: 'failed to complete multi-factor authentication',
};

function factorFor(factors: readonly OktaFactor[], { totp, provider }: OktaCredentials): OktaFactor {
  const usable = factors
    .filter((factor) => PROVIDERS.includes(factor.provider))
    .filter((factor) => provider === '' || factor.provider === provider);
  // the last of a kind counts, as in the server's loop
  const codes = usable.filter(({ type }) => type === TOTP).at(-1);
  const push = usable.filter(({ type }) => type === PUSH).at(-1);
  if (codes !== undefined && totp !== '') return codes;
  if (push !== undefined && push.provider === 'OKTA') return push;
  if (codes !== undefined) throw fault(400, "'totp' passcode parameter is required to perform MFA");
  throw fault(400, 'Okta Verify Push or TOTP or Google TOTP factor is required in order to perform MFA');
}
