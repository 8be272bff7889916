// What the `gcp` method asks Google: keys, service accounts, instances. Endpoints come from the configuration; the calls that need it are made with the
// configured service account.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { signJwt } from '../../sdk/index.js';
import { fault } from '../backend.js';
import type { GcpConfig } from './gcp-config.js';
import { httpCall } from './http-call.js';
import { publicKeyOf } from './jws.js';

/** A service account. */
export interface GcpAccount {
  readonly email: string;
  readonly id: string;
  readonly project: string;
}

/** An instance. */
export interface GcpInstance {
  readonly id: string;
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly accounts: readonly string[];
}

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** Google's own signing keys by id. */
export async function googleKey(config: GcpConfig, keyId: string): Promise<KeyObject | undefined> {
  const body = await fetched(config, `${config.endpoints.api}/oauth2/v3/certs`);
  const keys = body?.['keys'];
  const found = Array.isArray(keys) ? (keys as JsonWebKey[]).find((key) => key['kid'] === keyId) : undefined;
  return found === undefined ? undefined : createPublicKey({ key: found, format: 'jwk' });
}

/** A key of a service account by id, from its public certificates. */
export async function accountKey(config: GcpConfig, account: string, keyId: string): Promise<KeyObject | undefined> {
  const path = `/service_accounts/v1/metadata/x509/${encodeURIComponent(account)}`;
  const pem = (await fetched(config, `${config.endpoints.api}${path}`))?.[keyId];
  return typeof pem === 'string' ? publicKeyOf(pem) : undefined;
}

/** A service account by e-mail address or id; undefined when there is none. */
export async function accountOf(config: GcpConfig, account: string, nowMs: number): Promise<GcpAccount | undefined> {
  const url = `${config.endpoints.iam}/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}`;
  const body = await fetched(config, url, await bearer(config, nowMs));
  if (body === undefined) return undefined;
  return { email: String(body['email']), id: String(body['uniqueId']), project: String(body['projectId']) };
}

/** An instance; undefined when there is none. */
export async function instanceOf(
  config: GcpConfig,
  place: { readonly project: string; readonly zone: string; readonly name: string },
  nowMs: number,
): Promise<GcpInstance | undefined> {
  const [project, zone, name] = [place.project, place.zone, place.name].map(encodeURIComponent) as [
    string,
    string,
    string,
  ];
  const url = `${config.endpoints.compute}/compute/v1/projects/${project}/zones/${zone}/instances/${name}`;
  const body = await fetched(config, url, await bearer(config, nowMs));
  if (body === undefined) return undefined;
  const accounts = Array.isArray(body['serviceAccounts']) ? (body['serviceAccounts'] as { email?: unknown }[]) : [];
  return {
    id: String(body['id']),
    status: String(body['status']),
    labels: (body['labels'] as Record<string, string> | undefined) ?? {},
    accounts: accounts.map(({ email }) => String(email)),
  };
}

// 404 is an answer; all else that is no 200 is trouble of the server.
async function fetched(
  config: GcpConfig,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const answer = await httpCall({ method: 'GET', url, headers });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw new Error(`it answered ${String(answer.status)}`);
    return JSON.parse(answer.text) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw fault(500, `error calling ${new URL(url).pathname}: ${(error as Error).message}`);
  }
}

async function bearer({ key }: GcpConfig, nowMs: number): Promise<Record<string, string>> {
  if (key === undefined) return {};
  const now = Math.floor(nowMs / 1000);
  const claims = { iss: key.email, scope: SCOPE, aud: key.tokenUri, iat: now, exp: now + 3600 };
  const assertion = signJwt({
    alg: 'RS256',
    header: { kid: key.keyId },
    claims,
    key: createPrivateKey(key.privateKey),
  });
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const answer = await httpCall({ method: 'POST', url: key.tokenUri, headers, body: body.toString() });
  if (answer.status !== 200)
    throw fault(500, `could not get a token for the configured credentials: ${String(answer.status)}`);
  return { Authorization: `Bearer ${(JSON.parse(answer.text) as { access_token: string }).access_token}` };
}
