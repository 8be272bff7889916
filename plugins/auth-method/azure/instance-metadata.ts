// The instance metadata service: tokens of managed identities and what the machine is called. (Spec auth-wire 5.2, 5.3.)
import { agentError, callService, Secret, type EnvAccess, type ServiceAnswer } from 'claviger/sdk';
import { accessTokenOf, jsonOf, refusal } from './answers.js';
import { identityQuery, shownIdentity, type Identity } from './identity.js';
import { variable, type Scene } from './settings.js';
import type { AccessToken, TokenSource } from './token-source.js';

const ORIGIN = 'http://169.254.169.254';
const API_VERSION = '2018-02-01';

/** Scheme and host of the service; AZURE_POD_IDENTITY_AUTHORITY_HOST replaces it. Throws AUTH_CREDENTIAL_INVALID for what is no address. */
export function metadataOrigin(env: EnvAccess): string {
  const given = variable(env, 'AZURE_POD_IDENTITY_AUTHORITY_HOST');
  if (given === undefined) return ORIGIN;
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return new URL(given).origin;
  const what = 'AZURE_POD_IDENTITY_AUTHORITY_HOST';
  throw agentError('AUTH_CREDENTIAL_INVALID', { what, why: 'it is not an http address' });
}

/** Managed identity by the instance metadata service. */
export function instanceSource(scene: Scene, identity: Identity, resource: string): TokenSource {
  const fetch = async (signal: AbortSignal): Promise<AccessToken> => {
    const query = { resource, ...identityQuery(identity, 'imds') };
    const answer = await ask(scene, '/metadata/identity/oauth2/token', query, signal);
    const what = shownIdentity(identity);
    const hint = 'has the machine this identity? Where it has several, name one by client_id, object_id or msi_res_id';
    const jwt = accessTokenOf(answer, { what, hint });
    return { jwt, credential: new Secret(`imds\n${resource}\n${what}`), isFromInstance: true };
  };
  return { name: 'managed identity (instance metadata)', unavailable: undefined, fetch };
}

/** What the machine is called. */
export interface InstanceNames {
  readonly subscription_id: string;
  readonly resource_group_name: string;
  readonly vm_name: string;
  readonly vmss_name: string;
}

/** Asks what the machine is called; names of members are compared without regard to case. Throws a SERVICE_ code. */
export async function instanceNames(scene: Scene, signal: AbortSignal): Promise<InstanceNames> {
  const answer = await ask(scene, '/metadata/instance', {}, signal);
  if (answer.status !== 200) throw refusal(answer, { what: 'the instance metadata' });
  const compute = memberOf(jsonOf(answer), 'compute');
  const text = (name: string): string => {
    const value = memberOf(compute, name);
    return typeof value === 'string' ? value : '';
  };
  return {
    subscription_id: text('subscriptionId'),
    resource_group_name: text('resourceGroupName'),
    vm_name: text('name'),
    vmss_name: text('vmScaleSetName'),
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] as unknown;
}

function ask(
  scene: Scene,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const search = new URLSearchParams({ 'api-version': API_VERSION, ...query });
  const url = `${metadataOrigin(scene.env)}${path}?${search.toString()}`;
  return callService({ url, clock: scene.clock, headers: { Metadata: 'true', 'User-Agent': 'claviger' }, signal });
}
