// What the `okta` method asks Okta: the authentication API (authn, factors/verify) and the groups of a user. Reads the answers strictly; knows no policies.
import { httpCall } from './http-call.js';

/** Where to ask. */
export interface OktaCaller {
  /** Such as `https://example.okta.com`, without a slash at its end. */
  readonly base: string;
  /** Token for the users API; without one no groups are asked for. */
  readonly apiToken: string;
}

/** A second factor that a user has. */
export interface OktaFactor {
  readonly id: string;
  readonly type: string;
  readonly provider: string;
}

/** State of a login at Okta. */
export interface OktaState {
  readonly status: string;
  readonly factorResult: string;
  readonly stateToken: string;
  readonly userId: string;
  readonly factors: readonly OktaFactor[];
}

/** Checks the password. Rejects with a plain Error in Okta's words. */
export async function authn(caller: OktaCaller, username: string, password: string): Promise<OktaState> {
  return stateIn(await asked(caller, 'POST', 'authn', { username, password }));
}

/** Answers for a factor, or asks how a push fares. */
export async function verifyFactor(
  caller: OktaCaller,
  factorId: string,
  answer: { readonly stateToken: string; readonly passCode?: string },
): Promise<OktaState> {
  return stateIn(await asked(caller, 'POST', `authn/factors/${encodeURIComponent(factorId)}/verify`, answer));
}

/** Names of the groups of a user. */
export async function groupsOf(caller: OktaCaller, userId: string): Promise<string[]> {
  const list = await asked(caller, 'GET', `users/${encodeURIComponent(userId)}/groups`);
  if (!Array.isArray(list)) throw new Error('the answer is no list');
  return list.map((group) => textIn((group as { profile?: unknown }).profile, 'name')).filter((name) => name !== '');
}

async function asked(
  { base, apiToken }: OktaCaller,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const isOfUsers = path.startsWith('users/');
  const { status, text } = await httpCall({
    method,
    url: `${base}/api/v1/${path}`,
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/json',
      ...(isOfUsers && { Authorization: `SSWS ${apiToken}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = parsed(text);
  if (status >= 200 && status <= 299 && answer !== undefined) return answer;
  const code = textIn(answer, 'errorCode');
  if (code === '') throw new Error(`unexpected answer with status ${String(status)}`);
  throw new Error(`the API returned an error: ${textIn(answer, 'errorSummary')} (code=${code})`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;

function textIn(value: unknown, key: string): string {
  const found = memberOf(value, key);
  return typeof found === 'string' ? found : '';
}

function stateIn(answer: unknown): OktaState {
  const embedded = memberOf(answer, '_embedded');
  const factors = memberOf(embedded, 'factors');
  return {
    status: textIn(answer, 'status'),
    factorResult: textIn(answer, 'factorResult'),
    stateToken: textIn(answer, 'stateToken'),
    userId: textIn(memberOf(embedded, 'user'), 'id'),
    factors: (Array.isArray(factors) ? (factors as unknown[]) : []).map((factor) => ({
      id: textIn(factor, 'id'),
      type: textIn(factor, 'factorType'),
      provider: textIn(factor, 'provider'),
    })),
  };
}
