// Managed identity of App Service, Functions and Container Apps: an endpoint and a header value of the environment. (Spec auth-wire 5.3.)
import { callService, Secret } from 'claviger/sdk';
import { accessTokenOf } from './answers.js';
import { endpointUrl, headerText } from './endpoint.js';
import { identityQuery, shownIdentity, type Identity } from './identity.js';
import type { Scene } from './settings.js';
import type { AccessToken, TokenSource } from './token-source.js';

/** What the platform puts into the environment. */
export interface AppServiceEndpoint {
  readonly endpoint: string;
  readonly header: Secret;
}

const API_VERSION = '2019-08-01';

/** The source. */
export function appServiceSource(
  scene: Scene,
  { endpoint, header }: AppServiceEndpoint,
  identity: Identity,
  resource: string,
): TokenSource {
  const fetch = async (signal: AbortSignal): Promise<AccessToken> => {
    const query = { 'api-version': API_VERSION, resource, ...identityQuery(identity, 'app-service') };
    const headers = { 'X-IDENTITY-HEADER': headerText('IDENTITY_HEADER', header), Accept: 'application/json' };
    const url = endpointUrl('IDENTITY_ENDPOINT', endpoint, query);
    const answer = await callService({ url, clock: scene.clock, headers, signal });
    const what = shownIdentity(identity);
    const hint = 'is this identity assigned to the app? IDENTITY_HEADER changes when the app is restarted';
    const jwt = accessTokenOf(answer, { what, hint, sent: [header] });
    return { jwt, credential: new Secret(`app-service\n${resource}\n${what}`), isFromInstance: false };
  };
  return { name: 'managed identity (IDENTITY_ENDPOINT)', unavailable: undefined, fetch };
}
