// What the tests of oci share: the plugin, its failures searched for secrets, and what it would send.
import { expect } from 'chai';
import {
  describeError,
  type AgentError,
  type AuthMethod,
  type LoginAttempt,
  type LoginPlan,
} from '../../../core/sdk/index.js';
import { loadPlugin, show, type Fakes } from '../../../core/sdk/testing/index.js';
import { spellingsOf } from '../../scenario/collector.js';

const MANIFEST = new URL('../../../plugins/auth-method/oci/plugin.json', import.meta.url).href;

/** One attempt to log in. */
export const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('https://vault.example.com:8200'),
  namespace: 'team/',
  purpose: 'login',
};

/** The plugin with usual settings. */
export async function makeOci(fakes: Fakes, settings: object): Promise<AuthMethod> {
  const all = { role: 'App', credential_poll_interval: 60_000, ...settings };
  return (await loadPlugin<AuthMethod>(MANIFEST, { settings: all, fakes })).plugin;
}

/** The error of `prepare`; no long line of the secrets may show in it or in the log, however it is spelt. */
export async function failureOf(method: AuthMethod, fakes: Fakes, secrets: readonly string[]): Promise<AgentError> {
  const error = await method.prepare(LOGIN).then(
    () => Promise.reject(new Error('it must fail')),
    (reason: unknown) => reason as AgentError,
  );
  const said = `${describeError(error)} ${show(error)} ${fakes.log.text()}`;
  const lines = secrets
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.length >= 8 && !line.startsWith('--'));
  expect(lines.flatMap(spellingsOf).filter((form) => said.includes(form))).to.deep.equal([]);
  return error;
}

/** The signed headers of a plan. */
export const headersOf = (plan: LoginPlan): Record<string, string[]> =>
  'body' in plan ? (plan.body as { request_headers: Record<string, string[]> }).request_headers : {};

/** The key id that the plugin signs with now. */
export async function keyIdOf(method: AuthMethod): Promise<string> {
  const [authorization = ''] = headersOf(await method.prepare(LOGIN))['Authorization'] ?? [];
  return /keyId="([^"]*)"/.exec(authorization)?.[1] ?? '';
}
