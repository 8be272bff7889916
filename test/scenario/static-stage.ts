// The stage of the scenarios of static secrets: a server with both KV engines, an agent that caches them, and labels of its answers.
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import type { Answer, Question } from './client.js';
import { plant } from './collector.js';
import { LISTENER, onRig, type Rig, type RunningAgent } from './rig.js';

/** Rules for both engines. */
export const KV_POLICY = ['secret', 'kv'].map(
  (mount) => `path "${mount}/*" { capabilities = ["create", "read", "update", "patch", "delete", "list"] }`,
);
/** The same, and policies. */
export const POLICY = [...KV_POLICY, 'path "sys/policies/acl/*" { capabilities = ["update"] }'].join('\n');

/** Lines of a block. */
export const lines = (...text: readonly string[]): string => text.map((line) => `    ${line}\n`).join('');

/** `static_secrets` with the given lines, clients without a token get the agent's. */
export const settings = (statics: string, more = ''): string =>
  `api_proxy {\n  use_auto_auth_token = true\n}\ncache {\n${more}  static_secrets {\n${statics}  }\n}\n${LISTENER}`;

/** An agent with a KV engine of each version. */
export interface Stage {
  readonly rig: Rig;
  readonly agent: RunningAgent;
  /** Lets the agent ask what it wants to know in the background. */
  settle(): Promise<void>;
  /** `HIT`, or `MISS <reason>`, or the status of an error. */
  label(path: string, question?: Question): Promise<string>;
  /** Reads until it is a HIT, at most three times. */
  warm(path: string, question?: Question): Promise<Answer>;
}

/** `HIT`, or `MISS <reason>`, or the status of an error. */
export const labelOf = ({ status, headers }: Answer): string =>
  status >= 400
    ? String(status)
    : [headers['x-cache'], headers['x-cache-reason']].filter((text) => text !== undefined).join(' ');

/** Starts it. */
export async function stage(rig: Rig, hcl: string, address?: string): Promise<Stage> {
  await rig.admin('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '1' } });
  await rig.admin('POST', 'kv/app', { color: 'red' });
  await rig.admin('POST', 'secret/data/app', { data: { color: 'red' } });
  const { method } = await rig.approle('app', { policy: POLICY, token_ttl: '4h', token_max_ttl: '8h' });
  const agent = await rig.agent(`auto_auth {\n${method}}\n${hcl}`, address === undefined ? {} : { address });
  const settle = (): Promise<void> => rig.pass(20);
  await settle();
  const label = async (path: string, question?: Question): Promise<string> =>
    labelOf(await agent.ask(`/v1/${path}`, question));
  const warm = async (path: string, question?: Question): Promise<Answer> => {
    for (let time = 0; ; time++) {
      const answer = await agent.ask(`/v1/${path}`, question);
      if (answer.headers['x-cache'] === 'HIT') return answer;
      if (time === 3) throw new Error(`${path} never became a HIT: ${labelOf(answer)}\n${agent.lines.join('')}`);
      await settle();
    }
  };
  return { rig, agent, settle, label, warm };
}

/** One play on virtual time. */
export const played = (hcl: string, play: (stage: Stage) => Promise<unknown>): Promise<unknown> =>
  onRig({ clock: new VirtualClock() }, async (rig) => play(await stage(rig, hcl)));

/** A token of its own with rules of its own. */
export async function client(
  rig: Rig,
  policy: string,
  more: object = {},
): Promise<Question & { headers: { 'X-Vault-Token': string } }> {
  const name = `client-${String(Math.random()).slice(2)}`;
  await rig.admin('POST', `sys/policies/acl/${name}`, { policy });
  const { client_token } = (await rig.admin('POST', 'auth/token/create', { policies: [name], ttl: '1h', ...more }))
    .auth;
  return { headers: { 'X-Vault-Token': plant('token of a client', client_token as string) } };
}
