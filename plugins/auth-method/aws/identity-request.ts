// The body of an iam login: a signed GetCallerIdentity request that the server will send to STS. Pure; nothing is sent from here. (Spec auth-wire 4.2.)
import type { AwsCredentials } from './credentials.js';
import { signRequest } from './signature.js';

/** What the request is made of. */
export interface IdentityOrder {
  readonly url: URL;
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** Value of `X-Vault-AWS-IAM-Server-ID`; empty or absent: the header is not sent. */
  readonly serverId?: string | undefined;
  /** Wall clock, ms. */
  readonly atMs: number;
}

/** The form that is posted. */
export const IDENTITY_BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

/** The signed request in the four fields that the server wants. */
export function identityFields(order: IdentityOrder): Readonly<Record<string, string>> {
  const { headers } = signRequest({
    method: 'POST',
    url: order.url,
    headers: {
      'Content-Length': String(IDENTITY_BODY.length),
      'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
      ...(order.serverId ? { 'X-Vault-AWS-IAM-Server-ID': order.serverId } : {}),
    },
    body: IDENTITY_BODY,
    credentials: order.credentials,
    region: order.region,
    service: 'sts',
    atMs: order.atMs,
  });
  const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  return {
    iam_http_request_method: 'POST',
    iam_request_url: base64(order.url.href),
    iam_request_body: base64(IDENTITY_BODY),
    iam_request_headers: base64(JSON.stringify(lists)),
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
