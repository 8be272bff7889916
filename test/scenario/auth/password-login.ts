// What the scenarios of the methods with a directory behind them share: a mounted method, the stanza, what was delivered and what was logged.
import { renameSync } from 'node:fs';
import { plant } from '../collector.js';
import { fileSink, OPEN_POLICY, type Rig, type RunningAgent } from '../rig.js';
import { until } from '../until.js';

/** A token as the server sees it. */
export interface Delivered {
  readonly path: string;
  readonly policies: readonly string[];
  readonly display_name: string;
  readonly accessor: string;
  readonly meta: Readonly<Record<string, string>>;
}

/** Enables the method and the policy `app`, and writes its configuration. */
export async function mountAuth(rig: Rig, type: string, config?: object): Promise<void> {
  await rig.admin('POST', `sys/auth/${type}`, { type });
  await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
  if (config !== undefined) await rig.admin('POST', `auth/${type}/config`, config);
}

/** An agent's configuration with this method and a file sink. Lines of `config` are the settings. */
export function stanza(rig: Rig, type: string, config: readonly string[], more = ''): string {
  const block = `method "${type}" {\n  min_backoff = "1s"\n  config = {\n    ${config.join('\n    ')}\n  }\n}\n`;
  return `auto_auth {\n${more}\n${block}${fileSink(rig.path('token'))}}\n`;
}

/** What the server says about the token in the sink, once there is one. */
export async function delivered(rig: Rig): Promise<Delivered> {
  const token = plant('a delivered token', await rig.file('token'));
  return (await rig.admin('POST', 'auth/token/lookup', { token })).data;
}

/** Waits until the sink has another token than the one with this accessor. */
export async function deliveredAnew(rig: Rig, accessor: string): Promise<Delivered> {
  await until('another token in the sink', async () => (await delivered(rig)).accessor !== accessor);
  return delivered(rig);
}

/** Waits for a log line. */
export const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

/** Puts a planted secret into a file in one step, as careful writers do. */
export function putSecret(rig: Rig, name: string, secret: string, end = '\n'): string {
  rig.write(`${name}.new`, `${plant('a secret in a file', secret)}${end}`);
  renameSync(rig.path(`${name}.new`), rig.path(name));
  return rig.path(name);
}

/** Log in again as soon as there is another credential. */
export const REAUTH = 'enable_reauth_on_new_credentials = true';
