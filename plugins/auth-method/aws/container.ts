// Container credentials: ECS task roles and EKS Pod Identity. (Spec auth-wire 4.3 e.)
import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import {
  Secret,
  agentError,
  callService,
  readCredential,
  refusalText,
  type AgentError,
  type Clock,
  type ServiceAnswer,
} from 'claviger/sdk';
import { readCredentials, type AwsCredentials } from './credentials.js';
import { variable, type Surroundings } from './settings.js';
import type { Source } from './source.js';

const NAME = 'container';
const LOOKUP_MS = 2_000;
const LINK_LOCAL = 'http://169.254.170.2';
const ALLOWED = new Set(['169.254.170.2', '169.254.170.23', 'fd00:ec2::23']);

/** The source: `AWS_CONTAINER_CREDENTIALS_FULL_URI`, else `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`. */
export function fromContainer(around: Surroundings): Source {
  const { env } = around;
  return {
    name: NAME,
    async look(signal) {
      const full = variable(env, 'AWS_CONTAINER_CREDENTIALS_FULL_URI');
      const relative = variable(env, 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI');
      if (full === undefined && relative === undefined)
        return { none: 'AWS_CONTAINER_CREDENTIALS_FULL_URI is not set' };
      const url = full === undefined ? relativeUrl(relative ?? '') : await trustedUrl(full, around.clock, signal);
      return { credentials: await ask(url, around, signal), outcome: `${url.origin}${url.pathname} answered` };
    },
  };
}

function relativeUrl(path: string): URL {
  const url = URL.canParse(path, LINK_LOCAL) ? new URL(path, LINK_LOCAL) : undefined;
  if (path.startsWith('/') && url?.origin === LINK_LOCAL) return url;
  throw broken('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'it is not a path that begins with /');
}

// The bearer must not go to strangers in plain text, so every address of a name counts.
async function trustedUrl(text: string, clock: Clock, signal: AbortSignal): Promise<URL> {
  const what = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return url;
  if (url?.protocol !== 'http:') throw broken(what, 'it is no http or https address');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) > 0 ? [host] : await addressesOf(host, clock, signal);
  if (addresses.length === 0) throw broken(what, `the name ${host} is not known`);
  if (addresses.every(isTrusted)) return url;
  throw broken(what, `${host} is neither this machine nor an address of ECS or EKS; anything else needs https`);
}

// A name service may take its time; it gets as long as the service itself.
async function addressesOf(host: string, clock: Clock, signal: AbortSignal): Promise<readonly string[]> {
  const over = new AbortController();
  const late = clock.sleep(LOOKUP_MS, AbortSignal.any([signal, over.signal])).then(() => []);
  try {
    const found = await Promise.race([dns.lookup(host, { all: true }).catch(() => []), late]);
    return found.map(({ address }) => address);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}

function isTrusted(address: string): boolean {
  return ALLOWED.has(address) || address === '::1' || /^127\./.test(address);
}

async function ask(url: URL, around: Surroundings, signal: AbortSignal): Promise<AwsCredentials> {
  const authorization = await bearer(around, signal);
  const headers = { Accept: 'application/json', ...(authorization !== undefined && { Authorization: authorization }) };
  const answer = await callService({ url, clock: around.clock, headers, signal });
  if (answer.status !== 200) throw refused(answer, authorization);
  const found = readCredentials(answer.body);
  if (typeof found === 'string') throw agentError('SERVICE_BAD_ANSWER', { url: answer.from, why: found });
  return found;
}

async function bearer({ env }: Surroundings, signal: AbortSignal): Promise<string | undefined> {
  const file = variable(env, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE');
  const what = file === undefined ? 'AWS_CONTAINER_AUTHORIZATION_TOKEN' : 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
  const text = file === undefined ? variable(env, what) : (await readCredential(file, { signal, what })).text.reveal();
  if (text === undefined || /^[\x20-\x7e]+$/.test(text)) return text;
  throw broken(what, 'it holds a line break or other characters that no header may have');
}

function refused(answer: ServiceAnswer, authorization: string | undefined): AgentError {
  const said = refusalText(answer, authorization === undefined ? [] : [new Secret(authorization)]);
  const isTheirs = answer.status >= 500 || answer.status === 429 || answer.status < 400;
  if (isTheirs) return agentError('SERVICE_BAD_ANSWER', { url: answer.from, why: said });
  const hint =
    answer.status === 401 || answer.status === 403 ? 'check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE' : undefined;
  return agentError('AUTH_CREDENTIAL_INVALID', { what: `the answer of ${answer.from}`, why: said }, { hint });
}

function broken(what: string, why: string): AgentError {
  return agentError('AUTH_CREDENTIAL_INVALID', { what, why });
}
