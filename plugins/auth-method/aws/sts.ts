// Our own calls to STS, which give temporary credentials: AssumeRoleWithWebIdentity (not signed) and AssumeRole (signed). Bounded, never through a proxy.
// (Spec auth-wire 4.3 c; AWS: STS API reference.)
import {
  Secret,
  agentError,
  callService,
  refusalText,
  type AgentError,
  type Clock,
  type ServiceAnswer,
} from 'claviger/sdk';
import { makeCredentials, type AwsCredentials } from './credentials.js';
import { signRequest } from './signature.js';

/** One call. */
export interface StsCall {
  readonly action: 'AssumeRole' | 'AssumeRoleWithWebIdentity';
  readonly url: URL;
  readonly region: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Who signs; absent: nobody. */
  readonly signer?: AwsCredentials | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const TRIES = 3;
const PAUSE_MS = 1_000;
const TIMEOUT_MS = 5_000;
// STS says these when the identity provider could not be asked in time.
const PASSING = new Set(['InvalidIdentityToken', 'IDPCommunicationError']);

/**
 * The credentials that STS gives. Throws AUTH_CREDENTIAL_INVALID when it refuses, SERVICE_BAD_ANSWER when it is in trouble, SERVICE_UNREACHABLE,
 * SERVICE_TIMEOUT.
 */
export async function temporaryCredentials(call: StsCall): Promise<AwsCredentials> {
  let answer = await send(call);
  for (let tries = 1; tries < TRIES && PASSING.has(codeOf(answer)); tries++) {
    await call.clock.sleep(PAUSE_MS, call.signal);
    answer = await send(call);
  }
  if (answer.status !== 200) throw refused(call, answer);
  return read(answer);
}

function send({ action, url, region, parameters, signer, clock, signal }: StsCall): Promise<ServiceAnswer> {
  const body = new URLSearchParams({ Action: action, Version: '2011-06-15', ...parameters }).toString();
  const plain = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const order = { method: 'POST', url, headers: plain, body, region, service: 'sts', atMs: clock.now() };
  const headers = signer === undefined ? plain : signRequest({ ...order, credentials: signer }).headers;
  return callService({ url, clock, method: 'POST', headers, body, signal, timeoutMs: TIMEOUT_MS });
}

function read(answer: ServiceAnswer): AwsCredentials {
  const expiresAtMs = Date.parse(element(answer.body, 'Expiration'));
  const made = makeCredentials({
    keyId: element(answer.body, 'AccessKeyId'),
    secret: element(answer.body, 'SecretAccessKey'),
    token: element(answer.body, 'SessionToken'),
    ...(!Number.isNaN(expiresAtMs) && { expiresAtMs }),
  });
  if (typeof made === 'string') throw agentError('SERVICE_BAD_ANSWER', { url: answer.from, why: made });
  return made;
}

function refused(call: StsCall, answer: ServiceAnswer): AgentError {
  const code = codeOf(answer);
  // only the words of the message, and without what was sent, which STS may repeat
  const words = code === '' ? answer.body : new Secret(`${code}: ${element(answer.body, 'Message')}`);
  const said = refusalText({ ...answer, body: words }, sentSecrets(call));
  if (!isRefusal(answer.status, code)) return agentError('SERVICE_BAD_ANSWER', { url: answer.from, why: said });
  const why = `${answer.from}: ${said}`;
  return agentError(
    'AUTH_CREDENTIAL_INVALID',
    { what: call.action, why },
    { hint: Object.hasOwn(HINTS, code) ? HINTS[code] : undefined },
  );
}

function sentSecrets({ signer, parameters }: StsCall): Secret[] {
  const token = parameters['WebIdentityToken'];
  const secrets = [signer?.secret, signer?.token, token === undefined ? undefined : new Secret(token)];
  return secrets.filter((secret) => secret !== undefined);
}

function isRefusal(status: number, code: string): boolean {
  return status >= 400 && status < 500 && status !== 429 && code !== 'IDPCommunicationError' && code !== 'Throttling';
}

const HINTS: Readonly<Record<string, string>> = {
  AccessDenied: 'check the trust policy of the role',
  ExpiredTokenException: 'the identity token has expired; whoever writes its file must renew it',
  InvalidIdentityToken:
    'check that the identity provider of the token is registered with AWS IAM and allows its audience',
  SignatureDoesNotMatch: 'the secret key does not belong to the access key, or the clock of this machine is wrong',
  InvalidClientTokenId: 'the access key does not exist or is not active',
};

const codeOf = ({ status, body }: ServiceAnswer): string => (status === 200 ? '' : element(body, 'Code'));

// The answers are flat where we look, so the first element of a name is the right one.
function element(body: Secret, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(body.reveal())?.[1] ?? '';
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
    .trim();
}
