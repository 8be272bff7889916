// Asks STS who signed a request, by sending the request as it is. STS judges the signature; this server only passes it on. (Spec auth-wire 4.2.)
import { fault } from '../backend.js';
import type { AwsClientConfig } from './aws-config.js';
import type { SignedRequest } from './aws-request.js';
import { httpCall, type HttpAnswer } from './http-call.js';

/** What STS says of the signer. */
export interface Caller {
  readonly arn: string;
  readonly userId: string;
  readonly account: string;
}

const DEFAULT_ENDPOINT = 'https://sts.amazonaws.com';

/** The signer. Rejects with 400 `error making upstream request: ...`. */
export async function callerOf(signed: SignedRequest, config: AwsClientConfig): Promise<Caller> {
  const answer = await ask(signed, endpointOf(signed, config)).catch((error: unknown) => {
    throw upstream(`error making request: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (answer.status !== 200) throw upstream(`received error code ${String(answer.status)} from STS: ${answer.text}`);
  const [arn, userId, account] = ['Arn', 'UserId', 'Account'].map((name) => element(answer.text, name));
  if (!arn || !userId || !account) throw upstream('body of GetCallerIdentity is invalid');
  return { arn, userId, account };
}

// With `use_sts_region_from_client` the real server goes where the client's signature belongs; a configured endpoint stays, so that a stand-in is asked.
function endpointOf(signed: SignedRequest, config: AwsClientConfig): string {
  if (config.stsEndpoint !== '') return config.stsEndpoint.replace(/\/$/, '');
  if (!config.useStsRegionFromClient) return DEFAULT_ENDPOINT;
  const authorization = signed.headers.get('Authorization')?.join(',') ?? '';
  const region = /Credential=[^/\s]+\/\d{8}\/([a-z0-9-]+)\/sts\/aws4_request/.exec(authorization)?.[1];
  if (region === undefined) throw fault(400, 'unable to retrieve region from header');
  return region === 'us-east-1' ? DEFAULT_ENDPOINT : `https://sts.${region}.amazonaws.com`;
}

function ask({ url, headers, body }: SignedRequest, endpoint: string): Promise<HttpAnswer> {
  const given = [...headers]
    .filter(([name]) => name !== 'Host' && name !== 'Content-Length')
    .map(([name, values]) => [name, values.join(',')]);
  const sent = {
    ...(Object.fromEntries(given) as Record<string, string>),
    Host: url.host,
    'Content-Length': String(Buffer.byteLength(body)),
  };
  return httpCall({ method: 'POST', url: `${endpoint}${url.pathname}`, headers: sent, body });
}

function element(text: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
}

function upstream(why: string): Error {
  return fault(400, `error making upstream request: ${why}`);
}
