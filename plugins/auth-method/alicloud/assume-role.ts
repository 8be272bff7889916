// Assumes a RAM role at the Security Token Service: with an access key (signed), or with an OIDC token (RRSA of Kubernetes clusters, unsigned).
// (auth-wire 7.2)
import { callService, readCredential, type Clock, type Secret, type ServiceAnswer } from 'claviger/sdk';
import { issuedBySts, type Issued } from './answers.js';
import type { Recipe, Session } from './recipes.js';
import { commonParameters, signedQuery, timestamp, type Stamp } from './rpc-signature.js';

/** Where the service is. */
export interface TokenService {
  readonly endpoint: string;
  readonly region: string;
  readonly clock: Clock;
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** One AssumeRole. Throws SERVICE_* or AUTH_CREDENTIAL_INVALID. */
export async function assumeRole(
  service: TokenService,
  { key, session }: Extract<Recipe, { how: 'assume' }>,
  stamp: Stamp,
  signal: AbortSignal,
): Promise<Issued> {
  const parameters = {
    ...commonParameters('AssumeRole', stamp),
    ...sessionFields(session),
    AccessKeyId: key.id,
    RegionId: service.region,
    ...(key.token !== undefined && { SecurityToken: key.token.reveal() }),
  };
  const query = signedQuery('POST', parameters, key.secret.reveal());
  const sent = [key.secret, ...(key.token === undefined ? [] : [key.token])];
  return issuedBySts(await posted(service, query, '', signal), 'AssumeRole', sent);
}

/** One AssumeRoleWithOIDC; the token is read from its file each time. Throws SERVICE_*, AUTH_CREDENTIAL_* . */
export async function assumeRoleWithOidc(
  service: TokenService,
  { session, providerArn, tokenFile }: Extract<Recipe, { how: 'oidc' }>,
  signal: AbortSignal,
): Promise<Issued> {
  const { text: token } = await readCredential(tokenFile, { what: 'ALIBABA_CLOUD_OIDC_TOKEN_FILE', signal });
  const query = new URLSearchParams({
    Action: 'AssumeRoleWithOIDC',
    Format: 'JSON',
    Timestamp: timestamp(service.clock.now()),
    Version: '2015-04-01',
  });
  const form = { ...sessionFields(session), OIDCProviderArn: providerArn, OIDCToken: token.reveal() };
  const sent: readonly Secret[] = [token];
  const answer = await posted(service, query.toString(), new URLSearchParams(form).toString(), signal);
  return issuedBySts(answer, 'AssumeRoleWithOIDC', sent);
}

function sessionFields({ roleArn, name, seconds }: Session): Record<string, string> {
  const life = seconds === undefined ? {} : { DurationSeconds: String(seconds) };
  return { RoleArn: roleArn, RoleSessionName: name, ...life };
}

function posted(
  { endpoint, clock }: TokenService,
  query: string,
  body: string,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const url = `${endpoint.replace(/\/$/, '')}/?${query}`;
  // the Internet is further away than a metadata service
  return callService({ url, clock, method: 'POST', headers: FORM, body, signal, timeoutMs: 10_000 });
}
