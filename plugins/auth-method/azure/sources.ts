// Which sources of a token there are, in which order. Reads settings and environment; asks nobody. (Spec auth-wire 5.3.)
import { agentError, Secret, type EnvAccess } from 'claviger/sdk';
import { appServiceSource } from './app-service.js';
import { certificateSource, federatedSource, secretSource, type Ids } from './application-files.js';
import { arcPlace, arcSource } from './arc.js';
import { identityOf } from './identity.js';
import { instanceSource } from './instance-metadata.js';
import { resourceOf, unset, variable, type Scene } from './settings.js';
import type { TokenSource } from './token-source.js';

/**
 * A file that the settings name is the only source; else the chain of the environment when it is asked for; else the instance metadata service,
 * as with the reference. Throws AUTH_CREDENTIAL_INVALID where a file has no ids beside it, or for an unknown AZURE_TOKEN_CREDENTIALS.
 */
export function sourcesOf(scene: Scene): readonly TokenSource[] {
  const { settings } = scene;
  const named = fileSource(scene);
  if (named !== undefined) return [named];
  if (settings.authenticate_from_environment === true) return narrowed(scene);
  return [instanceSource(scene, identityOf(settings), settings.resource)];
}

const MAKERS = {
  client_secret_file: secretSource,
  client_certificate_file: certificateSource,
  federated_token_file: federatedSource,
} as const;

const FILE_SETTINGS = Object.keys(MAKERS) as readonly (keyof typeof MAKERS)[];

function fileSource(scene: Scene): TokenSource | undefined {
  const { settings, env } = scene;
  const what = FILE_SETTINGS.find((name) => settings[name] !== undefined);
  if (what === undefined) return undefined;
  const tenantId = settings.tenant_id ?? variable(env, 'AZURE_TENANT_ID');
  const clientId = settings.client_id || variable(env, 'AZURE_CLIENT_ID');
  if (tenantId === undefined)
    throw agentError('AUTH_CREDENTIAL_INVALID', { what, why: 'it needs tenant_id beside it' });
  if (clientId === undefined)
    throw agentError('AUTH_CREDENTIAL_INVALID', { what, why: 'it needs client_id beside it' });
  return MAKERS[what](scene, { tenantId, clientId }, { what, path: settings[what] as string });
}

const CHAIN = {
  environmentcredential: environmentSource,
  workloadidentitycredential: workloadSource,
  managedidentitycredential: managedSource,
} as const;

// AZURE_TOKEN_CREDENTIALS: `prod` is what a server can use, `dev` are tools of people, a name is one credential.
function narrowed(scene: Scene): readonly TokenSource[] {
  const wish = variable(scene.env, 'AZURE_TOKEN_CREDENTIALS')?.trim().toLowerCase() ?? 'prod';
  if (wish === 'prod') return Object.values(CHAIN).map((make) => make(scene));
  if (Object.hasOwn(CHAIN, wish)) return [CHAIN[wish as keyof typeof CHAIN](scene)];
  const why = 'an agent can use prod, EnvironmentCredential, WorkloadIdentityCredential and ManagedIdentityCredential';
  throw agentError('AUTH_CREDENTIAL_INVALID', { what: 'AZURE_TOKEN_CREDENTIALS', why });
}

function environmentSource(scene: Scene): TokenSource {
  const { env } = scene;
  const missing = unset(env, ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID']);
  if (missing !== undefined) return absent('client secret or certificate of the environment', missing);
  const secret = variable(env, 'AZURE_CLIENT_SECRET');
  if (secret !== undefined)
    return secretSource(scene, idsOf(env), { what: 'AZURE_CLIENT_SECRET', text: new Secret(secret) });
  const path = variable(env, 'AZURE_CLIENT_CERTIFICATE_PATH');
  if (path !== undefined) {
    const password = variable(env, 'AZURE_CLIENT_CERTIFICATE_PASSWORD');
    const place = { what: 'AZURE_CLIENT_CERTIFICATE_PATH', path };
    return certificateSource(scene, idsOf(env), place, password === undefined ? undefined : new Secret(password));
  }
  const both = unset(env, ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH']) ?? '';
  return absent('client secret or certificate of the environment', both);
}

function workloadSource(scene: Scene): TokenSource {
  const { env } = scene;
  const missing = unset(env, ['AZURE_FEDERATED_TOKEN_FILE', 'AZURE_CLIENT_ID', 'AZURE_TENANT_ID']);
  if (missing !== undefined) return absent('workload identity', missing);
  const path = variable(env, 'AZURE_FEDERATED_TOKEN_FILE') ?? '';
  return federatedSource(scene, idsOf(env), { what: 'AZURE_FEDERATED_TOKEN_FILE', path });
}

function managedSource(scene: Scene): TokenSource {
  const { env, settings } = scene;
  const identity = identityOf(settings, variable(env, 'AZURE_CLIENT_ID'));
  const resource = resourceOf(settings);
  const endpoint = variable(env, 'IDENTITY_ENDPOINT');
  const header = variable(env, 'IDENTITY_HEADER');
  if (endpoint !== undefined && header !== undefined) {
    if (variable(env, 'IDENTITY_SERVER_THUMBPRINT') !== undefined) {
      return absent('managed identity', 'Service Fabric is not supported');
    }
    return appServiceSource(scene, { endpoint, header: new Secret(header) }, identity, resource);
  }
  if (variable(env, 'MSI_ENDPOINT') !== undefined) {
    return absent('managed identity', 'MSI_ENDPOINT is set, and Cloud Shell and Machine Learning are not supported');
  }
  const arc = arcPlace(env);
  return arc === undefined ? instanceSource(scene, identity, resource) : arcSource(scene, arc, identity, resource);
}

const idsOf = (env: EnvAccess): Ids => ({
  tenantId: variable(env, 'AZURE_TENANT_ID') ?? '',
  clientId: variable(env, 'AZURE_CLIENT_ID') ?? '',
});

const absent = (name: string, unavailable: string): TokenSource => ({
  name,
  unavailable,
  fetch: () => Promise.reject(agentError('AUTH_SOURCE_NONE', { what: name, tried: unavailable })),
});
