// Tokens from a URL that wants a bearer token, as CI systems offer them. GitHub's is one whose address and bearer stand in the environment.
import {
  Secret,
  agentError,
  callService,
  readCredential,
  refusalText,
  type AgentError,
  type Clock,
  type EnvAccess,
  type LoginAttempt,
  type ServiceAnswer,
} from 'claviger/sdk';
import { filledVariable } from './file-source.js';
import type { Found, TokenSource } from './source.js';

/** Where to ask. */
export interface UrlSettings {
  readonly url?: string;
  readonly url_field?: string;
  readonly url_bearer_file?: string;
  readonly url_bearer_env?: string;
  /** Milliseconds. */
  readonly url_timeout?: number;
  readonly ca_cert?: string;
  readonly audience?: string;
}

interface Parts {
  readonly settings: UrlSettings;
  readonly env: EnvAccess;
  readonly clock: Clock;
}

/** The URL of the settings. */
export function urlSource(parts: Parts): TokenSource {
  const { settings, env } = parts;
  const bearer = async ({ signal }: LoginAttempt): Promise<Secret | undefined> => {
    const { url_bearer_file: path, url_bearer_env: name } = settings;
    if (path !== undefined) return (await readCredential(path, { signal, what: 'url_bearer_file' })).text;
    return name === undefined ? undefined : filledVariable(name, env, 'bearer token for url').value;
  };
  const ca = async ({ signal }: LoginAttempt): Promise<string | undefined> =>
    settings.ca_cert === undefined
      ? undefined
      : (await readCredential(settings.ca_cert, { signal, what: 'ca_cert', maxBytes: 1024 * 1024 })).text.reveal();
  return {
    name: bare(settings.url ?? ''),
    read: async (attempt) =>
      asked(parts, { url: settings.url ?? '', bearer: await bearer(attempt), ca: await ca(attempt) }, attempt),
  };
}

const URL_VARIABLE = 'ACTIONS_ID_TOKEN_REQUEST_URL';
const BEARER_VARIABLE = 'ACTIONS_ID_TOKEN_REQUEST_TOKEN';

/** GitHub Actions: both variables exist in a job that may ask for an id token. (GitHub docs: "OpenID Connect reference".) */
export function githubSource(parts: Parts): TokenSource {
  return {
    name: 'GitHub Actions',
    read: async (attempt) => {
      const [url, bearer] = [fromGithub(URL_VARIABLE, parts.env), fromGithub(BEARER_VARIABLE, parts.env)];
      if (!URL.canParse(url.reveal()))
        throw agentError('AUTH_CREDENTIAL_INVALID', { what: URL_VARIABLE, why: 'it is no URL' });
      return asked(
        { ...parts, settings: { ...parts.settings, url_field: 'value' } },
        { url: url.reveal(), bearer },
        attempt,
      );
    },
  };
}

function fromGithub(name: string, env: EnvAccess): Secret {
  const text = env.get(name) ?? '';
  if (text !== '') return new Secret(text);
  const hint = 'give the job "permissions: id-token: write"; outside of GitHub Actions leave github_actions out';
  throw agentError('AUTH_SOURCE_NONE', { what: 'id token of the job', tried: `${name} (not set)` }, { hint });
}

interface Question {
  readonly url: string;
  readonly bearer: Secret | undefined;
  readonly ca?: string | undefined;
}

async function asked({ settings, clock }: Parts, question: Question, { signal }: LoginAttempt): Promise<Found> {
  const { bearer, ca } = question;
  const url = new URL(question.url);
  if (settings.audience !== undefined) url.searchParams.set('audience', settings.audience);
  const answer = await callService({
    url,
    clock,
    signal,
    ca,
    timeoutMs: settings.url_timeout ?? 5_000,
    headers: {
      Accept: 'application/json',
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer.reveal()}` }),
    },
  });
  if (answer.status >= 300) throw refused(answer, bearer);
  const credential = new Secret(`${url.href}\n${bearer?.reveal() ?? ''}`);
  return { jwt: tokenIn(answer, settings.url_field ?? 'value'), outcome: `${answer.from} gave it`, credential };
}

function refused(answer: ServiceAnswer, bearer: Secret | undefined): AgentError {
  const why = refusalText(answer, bearer === undefined ? [] : [bearer]);
  if (answer.status !== 401 && answer.status !== 403)
    return agentError('SERVICE_BAD_ANSWER', { url: answer.from, why });
  const what = `the bearer token for ${answer.from}`;
  const hint = 'it has expired, or the job may not ask for this token';
  return agentError('AUTH_CREDENTIAL_INVALID', { what, why }, { hint });
}

/** The token in a member of a JSON object, or the whole text. Throws SERVICE_BAD_ANSWER; what was answered is not repeated. */
function tokenIn({ body, from: url }: ServiceAnswer, field: string): Secret {
  const text = body.reveal().trim();
  const value = parsed(text);
  const member = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
  if (typeof member === 'string' && member !== '') return new Secret(member);
  if (value !== undefined) throw agentError('SERVICE_BAD_ANSWER', { url, why: `its JSON has no text "${field}"` });
  if (/^[\w.-]+$/.test(text)) return new Secret(text);
  throw agentError('SERVICE_BAD_ANSWER', { url, why: 'it is neither JSON nor a token' });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function bare(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : 'url';
}
