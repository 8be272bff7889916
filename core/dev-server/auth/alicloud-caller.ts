// Who signed a GetCallerIdentity request: checks the request as the server does and sends it on. The dev server sends it to the endpoint of its
// configuration, because there is no cloud; the signature is that endpoint's to judge (spec auth-wire 7.3, server checks).
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalText } from '../fields.js';
import { httpCall } from './http-call.js';

/** What the service says of the caller. */
export interface Caller {
  readonly accountId: string;
  readonly userId: string;
  readonly roleId: string;
  readonly arn: string;
  readonly identityType: string;
  readonly principalId: string;
  readonly requestId: string;
}

/** The caller of the request in a login. Throws 500 with the server's texts. */
export async function callerOf(body: Fields, endpoint: string): Promise<Caller> {
  const url = requestUrl(optionalText(body, 'identity_request_url') ?? '');
  const headers = requestHeaders(body['identity_request_headers']);
  checkUrl(url);
  if (endpoint === '')
    throw upstream('this dev server has no Alibaba Cloud; write sts_endpoint to the config of this mount');
  const call = { method: 'POST' as const, url: `${endpoint.replace(/\/$/, '')}/${url.search}` };
  const answer = await httpCall({ ...call, headers: { ...headers, Host: url.host } }).catch((error: unknown) => {
    throw upstream(`error making request: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (answer.status !== 200)
    throw upstream(`received ${String(answer.status)} checking caller identity: ${answer.text}`);
  return callerIn(answer.text);
}

const upstream = (why: string) => fault(500, `error making upstream request: ${why}`);

function requestUrl(encoded: string): URL {
  if (encoded === '') throw fault(500, 'missing identity_request_url');
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded))
    throw fault(500, 'failed to base64 decode identity_request_url: illegal base64 data');
  if (!URL.canParse(text)) throw fault(500, `error parsing identity_request_url: parse "${text}"`);
  return new URL(text);
}

/** Base64 of a JSON object, or the object itself; values are texts or lists of texts. */
function requestHeaders(value: unknown): Record<string, string> {
  const found = typeof value === 'string' ? decoded(value) : value;
  if (typeof found !== 'object' || found === null || Object.keys(found).length === 0)
    throw fault(500, 'missing identity_request_headers');
  return Object.fromEntries(Object.entries(found).map(([name, list]) => [name, [list].flat().map(String).join(', ')]));
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function checkUrl(url: URL): void {
  const query = (name: string) => url.searchParams.get(name) ?? '';
  if (url.protocol !== 'https:')
    throw upstream(`expected "https" url scheme but received "${url.protocol.slice(0, -1)}"`);
  if (query('RegionId') === '') throw upstream('query RegionId must not be empty');
  const host = `sts.${query('RegionId')}.aliyuncs.com`;
  if (url.host !== host) throw upstream(`expected host of "${host}" but received "${url.host}"`);
  if (query('Format') !== 'JSON') throw upstream(`query Format must be JSON but received ${query('Format')}`);
  if (query('Action') !== 'GetCallerIdentity')
    throw upstream(`query Action must be GetCallerIdentity but received ${query('Action')}`);
}

function callerIn(text: string): Caller {
  const found = parsed(text);
  const part = (name: string) => {
    const value = found[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    accountId: part('AccountId'),
    userId: part('UserId'),
    roleId: part('RoleId'),
    arn: part('Arn'),
    identityType: part('IdentityType'),
    principalId: part('PrincipalId'),
    requestId: part('RequestId'),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw upstream('error decoding response: invalid character');
  }
}
