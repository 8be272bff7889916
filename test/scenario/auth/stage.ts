// What the scenarios of auth methods share: the stanza, what was delivered, what was logged. Knows no method.
import { plant } from '../collector.js';
import { fileSink, OPEN_POLICY, type Rig, type RunningAgent } from '../rig.js';
import { until } from '../until.js';

/** A `method` block as operators write it, with a short back-off. */
export const method = (type: string, config: string, more = ''): string =>
  `method "${type}" {\n  min_backoff = "1s"\n  ${more}\n  config = {\n    ${config}\n  }\n}\n`;

/** An identity with this method and a file sink. */
export const withSink = (rig: Rig, block: string, more = ''): string =>
  `auto_auth {\n${more}\n${block}${fileSink(rig.path('token'))}}\n`;

/** Makes new credentials lead to a new login. */
export const REAUTH = 'enable_reauth_on_new_credentials = true';

/** Enables a method at its usual place, and makes the policy `app`. */
export const enable = async (rig: Rig, type: string): Promise<void> => {
  await rig.admin('POST', `sys/auth/${type}`, { type });
  await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
};

/** What the server says about a token. */
export interface Delivered {
  readonly path: string;
  readonly policies: string[];
  readonly display_name: string;
  readonly meta: Readonly<Record<string, string>>;
}

/** What the server says about the token in the sink. */
export async function delivered(rig: Rig): Promise<Delivered> {
  const token = plant('a delivered token', await rig.file('token'));
  return (await rig.admin('POST', 'auth/token/lookup', { token })).data;
}

/** Waits for another token in the sink than the one that is there now. */
export async function anotherToken(rig: Rig, change: () => void | Promise<void>): Promise<Delivered> {
  const before = await rig.file('token');
  await change();
  await until('another token', async () => (await rig.file('token')) !== before);
  return delivered(rig);
}

/** Waits for a log line. */
export const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

/** Runs `scenario` with a double that is opened before and closed afterwards. */
export async function withDouble<T extends { readonly http: { open(): Promise<void>; close(): Promise<void> } }>(
  double: T,
  scenario: (double: T) => Promise<void>,
): Promise<void> {
  await double.http.open();
  try {
    await scenario(double);
  } finally {
    await double.http.close();
  }
}
