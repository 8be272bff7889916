// Managed identity of Azure Arc: the local agent answers 401 and names a file that only members of its group can read; its content is the proof. The
// name comes over the network, so it is believed only where Arc keeps such files. (Spec auth-wire 5.3.)
import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { agentError, callService, readCredential, Secret, type EnvAccess, type ServiceAnswer } from 'claviger/sdk';
import { accessTokenOf, refusal, unusable } from './answers.js';
import { endpointUrl, headerText } from './endpoint.js';
import { shownIdentity, type Identity } from './identity.js';
import { variable, type Scene } from './settings.js';
import type { AccessToken, TokenSource } from './token-source.js';

/** Where the local agent is and where it keeps its key files. */
export interface ArcPlace {
  readonly endpoint: string;
  readonly folder: string;
}

const API_VERSION = '2020-06-01';
const MAX_KEY_BYTES = 4096;
const ENDPOINT = 'http://127.0.0.1:40342/metadata/identity/oauth2/token';
const BINARY = '/opt/azcmagent/bin/himds';
const FOLDER = '/var/opt/azcmagent/tokens';

/** The place, when this machine is managed by Arc: both variables, or the agent's program is there. */
export function arcPlace(env: EnvAccess, platform: string = process.platform): ArcPlace | undefined {
  const data = variable(env, 'ProgramData');
  const folder =
    platform === 'win32' && data !== undefined ? win32.join(data, 'AzureConnectedMachineAgent', 'Tokens') : FOLDER;
  const endpoint = variable(env, 'IDENTITY_ENDPOINT');
  if (endpoint !== undefined && variable(env, 'IMDS_ENDPOINT') !== undefined) return { endpoint, folder };
  return platform !== 'win32' && existsSync(BINARY) ? { endpoint: ENDPOINT, folder } : undefined;
}

/** The source. Arc knows only the machine's own identity. */
export function arcSource(scene: Scene, place: ArcPlace, identity: Identity, resource: string): TokenSource {
  const fetch = async (signal: AbortSignal): Promise<AccessToken> => {
    if (identity !== undefined) {
      const why =
        'Azure Arc has only the identity of the machine; remove client_id, object_id, msi_res_id and AZURE_CLIENT_ID';
      throw agentError('AUTH_CREDENTIAL_INVALID', { what: shownIdentity(identity), why });
    }
    const url = endpointUrl('IDENTITY_ENDPOINT', place.endpoint, { 'api-version': API_VERSION, resource });
    const ask = (more: Record<string, string>): Promise<ServiceAnswer> =>
      callService({ url, clock: scene.clock, headers: { Metadata: 'true', ...more }, signal });
    const key = await keyOf(await ask({}), place.folder, signal);
    const answer = await ask({ Authorization: `Basic ${headerText('the key file of Azure Arc', key)}` });
    const jwt = accessTokenOf(answer, { what: 'the key file of Azure Arc', sent: [key] });
    return { jwt, credential: new Secret(`arc\n${resource}`), isFromInstance: false };
  };
  return { name: 'managed identity (Azure Arc)', unavailable: undefined, fetch };
}

async function keyOf(challenge: ServiceAnswer, folder: string, signal: AbortSignal): Promise<Secret> {
  if (challenge.status !== 401) {
    if (challenge.status === 200) throw unusable(challenge, 'Azure Arc asks for its key file first');
    throw refusal(challenge, { what: 'the identity of this machine' });
  }
  const path = /^Basic realm=(.+)$/i.exec(challenge.headers['www-authenticate'] ?? '')?.[1];
  if (path === undefined) throw unusable(challenge, 'it does not name a key file');
  if (!isKeyFile(path, folder)) throw unusable(challenge, `it names a file that is no key file in ${folder}`);
  const hint = 'this user must be in the group himds';
  try {
    return (await readCredential(path, { what: 'key file of Azure Arc', signal, maxBytes: MAX_KEY_BYTES })).text;
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw agentError(
      'AUTH_CREDENTIAL_INVALID',
      { what: 'the identity of Azure Arc', why },
      { at: path, hint, cause: error },
    );
  }
}

/** Whether a path is `<folder>/<name>.key` and nothing else. Both spellings of paths are known, because the folder may be of either. */
export function isKeyFile(path: string, folder: string): boolean {
  const paths = folder.includes('\\') ? win32 : posix;
  return paths.normalize(path) === path && paths.dirname(path) === folder && paths.extname(path) === '.key';
}
