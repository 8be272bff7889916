// The signed request inside an iam login: reading its fields and refusing what the server refuses. Sends nothing. (Recorded from Vault 1.21; spec
// auth-wire 4.2 "Server checks".)
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalText } from '../fields.js';
import { canonicalName, type AwsClientConfig } from './aws-config.js';

/** The request that the client signed. Header names are canonical. */
export interface SignedRequest {
  readonly url: URL;
  readonly body: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

const SERVER_ID = 'X-Vault-Aws-Iam-Server-Id';
const ALLOWED = new Set(
  [
    'Algorithm',
    'Content-Sha256',
    'Credential',
    'Date',
    'Security-Token',
    'Signature',
    'SignedHeaders',
    'User-Agent',
  ].map((name) => canonicalName(`X-Amz-${name}`)),
);

/** The headers of a login body: base64 of JSON, JSON, or an object; each value a text or a list. Throws 400. */
export function readHeaders(body: Fields): SignedRequest['headers'] {
  const value = body['iam_request_headers'];
  const map = typeof value === 'string' && value !== '' ? parsed(value) : value;
  const headers = new Map<string, readonly string[]>();
  if (typeof map !== 'object' || map === null) return headers;
  for (const [name, item] of Object.entries(map))
    headers.set(canonicalName(name), Array.isArray(item) ? item.map(String) : [String(item)]);
  return headers;
}

function parsed(value: string): unknown {
  const text = /^\s*\{/.test(value) ? value : Buffer.from(value, 'base64').toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const isCut = /unexpected end|expected property name|unterminated/i.test((error as Error).message);
    const why = isCut ? 'unexpected EOF' : `invalid character '${text.charAt(0)}' looking for beginning of value`;
    throw fault(400, `Field validation failed: error converting input for field "iam_request_headers": ${why}`);
  }
}

/** The request of a login body. Throws 400 with the server's texts. */
export function readSignedRequest(body: Fields, headers: SignedRequest['headers']): SignedRequest {
  if (optionalText(body, 'iam_http_request_method') !== 'POST')
    throw fault(400, "invalid iam_http_request_method; currently only 'POST' is supported");
  const address = decoded(body, 'iam_request_url');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  // its path is put behind the endpoint; only with these schemes a path begins with a slash and cannot become a part of the host
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw fault(400, 'error parsing iam_request_url');
  if (url.search !== '') throw fault(400, 'invalid request');
  const form = decoded(body, 'iam_request_body');
  checkForm(form);
  if (headers.size === 0) throw fault(400, 'missing iam_request_headers');
  return { url, body: form, headers };
}

function decoded(body: Fields, name: string): string {
  const text = optionalText(body, name) ?? '';
  if (text === '') throw fault(400, `missing ${name}`);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0)
    throw fault(400, `failed to base64 decode ${name}`);
  return Buffer.from(text, 'base64').toString('utf8');
}

function checkForm(text: string): void {
  const form = new URLSearchParams(text);
  const actions = form.getAll('Action');
  const isWhole = actions.length === 1 && actions[0] === 'GetCallerIdentity';
  const isBare = [...form.keys()].every((key) => key === 'Action' || key === 'Version');
  if (!isWhole || !isBare) throw fault(400, 'iam request body is invalid');
}

/** Checks the server id and the names of the headers against the configuration. Throws 400. */
export function checkHeaders(headers: SignedRequest['headers'], config: AwsClientConfig): void {
  const problem =
    config.iamServerIdHeaderValue === '' ? undefined : serverIdProblem(headers, config.iamServerIdHeaderValue);
  if (problem !== undefined) throw fault(400, `error validating X-Vault-AWS-IAM-Server-ID header: ${problem}`);
  const more = new Set(config.allowedStsHeaderValues.map(canonicalName));
  const odd = [...headers.keys()].find((name) => name.startsWith('X-Amz-') && !ALLOWED.has(name) && !more.has(name));
  if (odd !== undefined) throw fault(400, `invalid request header: ${odd}`);
}

function serverIdProblem(headers: SignedRequest['headers'], want: string): string | undefined {
  const given = headers.get(SERVER_ID);
  if (given === undefined) return 'missing header "X-Vault-AWS-IAM-Server-ID"';
  const got = given.join(',');
  if (got !== want) return `expected "${want}" but got "${got}"`;
  const authorization = headers.get('Authorization')?.join(',');
  if (authorization === undefined) return 'missing Authorization header';
  const signed = /SignedHeaders=([^,\s]*)/.exec(authorization)?.[1]?.split(';') ?? [];
  return signed.some((name) => canonicalName(name) === SERVER_ID) ? undefined : "vault header wasn't signed";
}
