// Where the API of the cluster is, and as whom the agent asks it: what a pod finds in its environment and its service account folder, unless set.
// Everything is read anew each time, because kubelet rotates it.
import { agentError, readCredential, type EnvAccess, type Secret } from 'claviger/sdk';

/** The part of the settings that says where. */
export interface PlaceSettings {
  readonly address?: string;
  readonly namespace?: string;
  readonly token_file?: string;
  readonly ca_file?: string;
}

/** All that a request needs. */
export interface Place {
  readonly address: string;
  readonly namespace: string;
  readonly token: Secret;
  readonly ca: string;
}

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Reads it. Throws the errors of `readCredential`, and AUTH_SOURCE_NONE outside of a pod when no address is set. */
export async function placeOf(settings: PlaceSettings, env: EnvAccess, signal: AbortSignal): Promise<Place> {
  const read = async (path: string, what: string): Promise<Secret> =>
    (await readCredential(path, { what, signal })).text;
  const { token_file: tokenFile = `${FOLDER}/token`, ca_file: caFile = `${FOLDER}/ca.crt` } = settings;
  return {
    address: settings.address ?? inCluster(env),
    namespace: settings.namespace ?? (await read(`${FOLDER}/namespace`, 'namespace of the pod')).reveal(),
    token: await read(tokenFile, 'token_file'),
    ca: (await read(caFile, 'ca_file')).reveal(),
  };
}

function inCluster(env: EnvAccess): string {
  const [host, port] = [env.get('KUBERNETES_SERVICE_HOST'), env.get('KUBERNETES_SERVICE_PORT') ?? '443'];
  if (host !== undefined && host !== '') return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const tried = 'setting address (not set), environment variable KUBERNETES_SERVICE_HOST (not set: this is no pod)';
  throw agentError('AUTH_SOURCE_NONE', { what: 'address of the Kubernetes API', tried });
}
