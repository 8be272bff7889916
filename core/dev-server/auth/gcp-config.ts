// Configuration of the `gcp` method: the server's own credentials and where Google's services are. `custom_endpoint` takes addresses here, so that it can
// name services on loopback.
import { createPrivateKey } from 'node:crypto';
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalText, optionalTextMap } from '../fields.js';

const ENDPOINTS = {
  api: 'https://www.googleapis.com',
  iam: 'https://iam.googleapis.com',
  compute: 'https://compute.googleapis.com',
} as const;

type Service = keyof typeof ENDPOINTS;

/** The key that the server calls Google with. */
export interface GcpServerKey {
  readonly email: string;
  readonly privateKey: string;
  readonly keyId: string;
  readonly tokenUri: string;
}

/** A configuration that was accepted. */
export interface GcpConfig {
  readonly key: GcpServerKey | undefined;
  readonly endpoints: Readonly<Record<Service, string>>;
}

/** What counts before anything is configured. */
export const FRESH_GCP_CONFIG: GcpConfig = { key: undefined, endpoints: ENDPOINTS };

/** The configuration after a write. Throws 400. */
export function changedGcpConfig(before: GcpConfig, body: Fields): GcpConfig {
  const text = optionalText(body, 'credentials');
  const given = optionalTextMap(body, 'custom_endpoint') ?? {};
  const endpoints = { ...before.endpoints };
  for (const [name, address] of Object.entries(given)) {
    if (!Object.hasOwn(ENDPOINTS, name)) throw fault(400, `invalid custom endpoint type ${JSON.stringify(name)}`);
    if (!URL.canParse(address)) throw fault(400, `invalid custom endpoint ${JSON.stringify(address)}`);
    endpoints[name as Service] = address.replace(/\/+$/, '');
  }
  return { key: text === undefined || text === '' ? before.key : keyOf(text), endpoints };
}

function keyOf(text: string): GcpServerKey {
  try {
    const json = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const of = (name: string): string => {
      const value = json[name];
      if (typeof value === 'string' && value !== '') return value;
      throw new Error(`missing ${name}`);
    };
    createPrivateKey(of('private_key'));
    return {
      email: of('client_email'),
      privateKey: of('private_key'),
      keyId: of('private_key_id'),
      tokenUri: of('token_uri'),
    };
  } catch {
    throw fault(400, 'error parsing credentials: it is not the JSON of a service account key');
  }
}

/** The answer to a read of the configuration; the key is not shown. */
export function shownGcpConfig({ key, endpoints }: GcpConfig): Fields {
  const shown = { client_email: key?.email ?? '', private_key_id: key?.keyId ?? '' };
  return { ...shown, custom_endpoint: { ...endpoints }, gce_alias: 'role_id', iam_alias: 'role_id' };
}
