// The metadata server of Google Cloud: identity tokens, access tokens and the account of this machine. (Spec auth-wire 6.2, 6.3.)
import { agentError, AgentError, callService, errnoOf, Secret, type EnvAccess, type ServiceAnswer } from 'claviger/sdk';
import { isJwt, refusal, textOf, unusable } from './answers.js';
import { variable, type Scene } from './settings.js';

/** What people read of it. */
export const METADATA_SERVER = 'metadata server';

const USUAL = ['http://metadata.google.internal', 'http://169.254.169.254'] as const;
const UNRESOLVED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL']);

/** Where to ask: the host of the environment, else the usual name, and its address for machines whose resolver does not know it. */
export function metadataOrigins(env: EnvAccess): readonly string[] {
  const name = ['GCE_METADATA_HOST', 'GCE_METADATA_IP'].find((one) => variable(env, one) !== undefined);
  if (name === undefined) return USUAL;
  const url = `http://${variable(env, name) ?? ''}`;
  // A host and a port, nothing that would turn the path of the question into something else.
  if (URL.canParse(url) && new URL(url).pathname === '/' && !/[/?#@\\]/.test(url.slice('http://'.length))) return [url];
  throw agentError('AUTH_CREDENTIAL_INVALID', { what: name, why: 'it is not a host or host:port' });
}

/** A token that proves this machine to an audience, with the machine's own claims. */
export async function identityToken(
  scene: Scene,
  account: string,
  audience: string,
  signal: AbortSignal,
): Promise<Secret> {
  const query = new URLSearchParams({ audience, format: 'full' });
  const answer = await ask(scene, `${pathOf(account)}/identity?${query.toString()}`, signal);
  if (answer.status !== 200) throw refusal(answer, refusedFor(account));
  const text = answer.body.reveal().trim();
  if (!isJwt(text)) throw unusable(answer, 'it is no JSON web token');
  return new Secret(text);
}

/** An access token of the machine's own account. */
export async function machineToken(scene: Scene, signal: AbortSignal): Promise<Secret> {
  const answer = await ask(scene, `${pathOf('default')}/token`, signal);
  return new Secret(textOf(answer, 'access_token', refusedFor('default')));
}

/** E-mail address of the machine's own account. */
export async function machineAccount(scene: Scene, signal: AbortSignal): Promise<string> {
  const answer = await ask(scene, `${pathOf('default')}/email`, signal);
  if (answer.status !== 200) throw refusal(answer, refusedFor('default'));
  const email = answer.body.reveal().trim();
  if (!/^[\w.+-]+@[\w.-]+$/.test(email)) throw unusable(answer, 'it is no e-mail address');
  return email;
}

/** Asks the first of the origins whose name is known. What answers without Google's header is somebody else. */
export async function askAny(
  scene: Pick<Scene, 'clock'>,
  origins: readonly string[],
  path: string,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const [origin, ...others] = origins as readonly [string, ...string[]];
  const headers = { 'Metadata-Flavor': 'Google', 'User-Agent': 'claviger' };
  try {
    const answer = await callService({ url: `${origin}${path}`, clock: scene.clock, headers, signal });
    if (answer.status !== 200 || answer.headers['metadata-flavor'] === 'Google') return answer;
    throw unusable(answer, 'it is not the metadata server (no header Metadata-Flavor)');
  } catch (error) {
    const code = error instanceof AgentError ? errnoOf(error.cause) : undefined;
    if (others.length === 0 || code === undefined || !UNRESOLVED.has(code)) throw error;
    return askAny(scene, others, path, signal);
  }
}

const ask = (scene: Scene, path: string, signal: AbortSignal): Promise<ServiceAnswer> =>
  askAny(scene, metadataOrigins(scene.env), path, signal);

const pathOf = (account: string): string =>
  `/computeMetadata/v1/instance/service-accounts/${encodeURIComponent(account)}`;

const refusedFor = (account: string) => ({
  what: account === 'default' ? 'the service account of this machine' : `service account "${account}"`,
  hint: 'is this service account attached to the machine?',
});
