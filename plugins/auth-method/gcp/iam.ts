// Type iam: a token signed for a service account, here with its own key or by Google. (Spec auth-wire 6.3.)
import { AgentError, agentError, Secret, type Tried } from 'claviger/sdk';
import { accessToken } from './access-token.js';
import { findCredential, type Found } from './find-credential.js';
import type { GoogleCredential } from './google-credential.js';
import { isJwt } from './answers.js';
import { impersonatedAccount } from './impersonation.js';
import { machineAccount } from './metadata.js';
import { signedBy } from './private-key.js';
import { namedAccount, type Scene } from './settings.js';
import { askGoogle } from './token-endpoint.js';

/** What goes into the login. */
export interface SignedLogin {
  readonly jwt: Secret;
  /** The same as long as account and credential are. */
  readonly credential: Secret;
  readonly trail: readonly Tried[];
  /** The file whose change means a better credential, and what was read from it. */
  readonly file?: { readonly path: string; readonly content: Secret } | undefined;
}

const DEFAULT_LIFE_S = 14 * 60 + 30;
const ENDPOINT = 'https://iamcredentials.googleapis.com';

/** Throws AUTH_SOURCE_NONE, AUTH_CREDENTIAL_ or SERVICE_ codes; each names the credential that was used. */
export async function iamLogin(scene: Scene, signal: AbortSignal): Promise<SignedLogin> {
  const found = await findCredential(scene, signal);
  try {
    const account = await accountOf(scene, found.credential, signal);
    const { jwt, how } = await signed(scene, found.credential, account, signal);
    const trail = [
      ...found.skipped,
      { source: found.source, outcome: `${found.credential.kind}; ${how} as ${account}` },
    ];
    const file = found.file === undefined ? undefined : { path: found.file, content: found.text };
    return { jwt, credential: new Secret(`${account}\n${found.text.reveal()}`), trail, file };
  } catch (error) {
    signal.throwIfAborted();
    throw explained(error, found);
  }
}

/** The account of the settings, else that of the credential. Throws AUTH_CREDENTIAL_INVALID where neither names one. */
async function accountOf(scene: Scene, credential: GoogleCredential, signal: AbortSignal): Promise<string> {
  const own = namedAccount(scene.settings) ?? accountIn(credential);
  if (own !== undefined) return own;
  if (credential.kind === 'metadata') return machineAccount(scene, signal);
  const why = `a credential of type ${credential.kind} does not name a service account`;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what: 'service_account', why }, { hint: 'set service_account' });
}

function accountIn(credential: GoogleCredential): string | undefined {
  if (credential.kind === 'service_account') return credential.email;
  if (credential.kind !== 'external_account' && credential.kind !== 'impersonated_service_account') return undefined;
  return credential.impersonation === undefined ? undefined : impersonatedAccount(credential.impersonation.url);
}

async function signed(
  scene: Scene,
  credential: GoogleCredential,
  account: string,
  signal: AbortSignal,
): Promise<{ readonly jwt: Secret; readonly how: string }> {
  const { settings, clock } = scene;
  const lifeS = settings.jwt_exp === undefined ? DEFAULT_LIFE_S : settings.jwt_exp * 60;
  const claims = { aud: `http://vault/${settings.role}`, sub: account, exp: Math.floor(clock.now() / 1000) + lifeS };
  const isOwn = credential.kind === 'service_account' && credential.email === account;
  if (isOwn && settings.local_signing !== 'never') return { jwt: signedBy(credential, claims), how: 'signed here' };
  const bearer = await accessToken(scene, credential, signal);
  return { jwt: await signedByGoogle(scene, { account, claims, bearer }, signal), how: 'signed by Google' };
}

async function signedByGoogle(
  scene: Scene,
  { account, claims, bearer }: { readonly account: string; readonly claims: object; readonly bearer: Secret },
  signal: AbortSignal,
): Promise<Secret> {
  const jwt = await askGoogle({
    url: `${endpointOf(scene)}/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signJwt`,
    clock: scene.clock,
    signal,
    json: { payload: JSON.stringify(claims), delegates: [] },
    bearer: bearer.reveal(),
    member: 'signedJwt',
    refused: {
      what: `signJwt for ${account}`,
      hint: 'the permission iam.serviceAccounts.signJwt may be missing, or the account: Google answers both with 403',
      sent: [bearer],
    },
  });
  if (isJwt(jwt)) return new Secret(jwt);
  throw agentError('SERVICE_BAD_ANSWER', { url: endpointOf(scene), why: 'its signedJwt is no JSON web token' });
}

// The bearer goes there: https, or this machine.
function endpointOf({ settings }: Scene): string {
  const endpoint = settings.iam_credentials_endpoint || ENDPOINT;
  const { protocol, hostname } = URL.canParse(endpoint) ? new URL(endpoint) : { protocol: '', hostname: '' };
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  if (protocol === 'https:' || (protocol === 'http:' && isLocal)) return endpoint.replace(/\/+$/, '');
  throw agentError('CONFIG_VALUE', { key: 'iam_credentials_endpoint', why: 'it is not an https address' });
}

// The same error, which also names the credential and the places that were passed over.
function explained(error: unknown, { credential, source, skipped }: Found): unknown {
  if (!(error instanceof AgentError)) return error;
  const { code, act, message, at, hint, cause } = error;
  const isAbsent = code === 'SERVICE_UNREACHABLE' || code === 'SERVICE_TIMEOUT';
  if (isAbsent && credential.kind === 'metadata') {
    const tried = listed([...skipped, { source, outcome: message }]);
    return agentError('AUTH_SOURCE_NONE', { what: 'Google credential', tried }, { cause: error });
  }
  const before = skipped.length === 0 ? undefined : `passed over: ${listed(skipped)}`;
  const hints = [hint, before].filter((text) => text !== undefined).join('; ');
  return new AgentError(code, act, `${source}: ${message}`, { at, cause, hint: hints === '' ? undefined : hints });
}

const listed = (tried: readonly Tried[]): string =>
  tried.map(({ source, outcome }) => `${source} (${outcome})`).join(', ');
