// Asks the Cloud Foundry API (version 2) whether what a certificate says is true now. Knows no login and no role.
import { fault } from '../backend.js';
import type { CfConfig } from './cf-config.js';
import type { InstanceFacts } from './cf-instance.js';
import { httpCall } from './http-call.js';

type Json = Readonly<Record<string, unknown>>;

/** Refuses an API that is not there or has another version than 2. Throws 500. */
export async function checkCfApi(config: CfConfig): Promise<void> {
  const info = await cloudInfo(config);
  await bearer(config, info);
  if (!textOf(info, 'api_version').startsWith('2.'))
    throw fault(500, 'the CF auth plugin only supports version 2.X.X of the CF API');
}

/** Compares application, space and organization with the API. Throws 400 with the server's text. */
export async function checkInstance(config: CfConfig, facts: InstanceFacts): Promise<void> {
  const token = await bearer(config, await cloudInfo(config));
  const get = (path: string) => entity(config, path, token);
  const app = await get(`apps/${facts.appId}`);
  same('app', facts.appId, app.guid);
  same('space', facts.spaceId, textOf(app.entity, 'space_guid'));
  if (Number(app.entity['instances']) <= 0) throw fault(400, "app doesn't have any live instances");
  const org = await get(`organizations/${facts.orgId}`);
  same('org', facts.orgId, org.guid);
  const space = await get(`spaces/${facts.spaceId}`);
  same('space', facts.spaceId, space.guid);
  same('org', facts.orgId, textOf(space.entity, 'organization_guid'));
}

function same(what: string, id: string, expected: string): void {
  if (id !== expected) throw fault(400, `cert ${what} ID ${id} doesn't match API's expected one of ${expected}`);
}

async function cloudInfo(config: CfConfig): Promise<Json> {
  const refusal = { status: 500, problem: 'unable to establish an initial connection to the CF API' };
  return answered(config, `${config.apiAddress}/v2/info`, refusal);
}

async function bearer(config: CfConfig, info: Json): Promise<string> {
  const password = config.clientId === '';
  const id = password ? 'cf:' : `${config.clientId}:${config.clientSecret}`;
  const form = password
    ? { grant_type: 'password', username: config.username, password: config.password }
    : { grant_type: 'client_credentials' };
  const headers = {
    Authorization: `Basic ${Buffer.from(id).toString('base64')}`,
    'Content-Type': 'application/x-www-form-urlencoded',
  };
  const call = { method: 'POST' as const, headers, body: new URLSearchParams(form).toString() };
  const url = `${textOf(info, 'token_endpoint')}/oauth/token`;
  const refusal = { status: 500, problem: 'Error getting token' };
  return textOf(await answered(config, url, refusal, call), 'access_token');
}

async function entity(config: CfConfig, path: string, token: string): Promise<{ guid: string; entity: Json }> {
  const call = { headers: { Authorization: `bearer ${token}` } };
  const refusal = { status: 400, problem: `Error requesting ${path}` };
  const found = await answered(config, `${config.apiAddress}/v2/${path}`, refusal, call);
  return { guid: textOf(member(found, 'metadata'), 'guid'), entity: member(found, 'entity') };
}

interface Refusal {
  readonly status: number;
  readonly problem: string;
}

interface Question {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function answered(config: CfConfig, url: string, refusal: Refusal, question: Question = {}): Promise<Json> {
  const { status, problem } = refusal;
  const ca = config.apiCas.length === 0 ? undefined : config.apiCas.join('\n');
  const answer = await httpCall({ method: 'GET', ...question, url, ca }).catch((error: unknown) => {
    throw fault(status, `${problem}: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (answer.status !== 200) throw fault(status, `${problem}: status ${String(answer.status)}`);
  return JSON.parse(answer.text) as Json;
}

const textOf = (value: Json, name: string): string => {
  const found = value[name];
  return typeof found === 'string' ? found : '';
};

const member = (value: Json, name: string): Json => (value[name] ?? {}) as Json;
