// Reads answers of token endpoints. Successful bodies are never quoted; of refusals at most the first printable characters, without our own secrets.
import { agentError, refusalText, Secret, type AgentError, type ServiceAnswer } from 'claviger/sdk';

/** What an error has to say besides the answer. */
export interface Refused {
  /** The credential, for people. */
  readonly what: string;
  readonly hint?: string | undefined;
  /** Texts that were sent and must not come back in a message. */
  readonly sent?: readonly Secret[];
}

const REJECTED = new Set([400, 401, 403]);

/**
 * The `access_token` of an answer. Throws AUTH_CREDENTIAL_INVALID when the service rejected the credential (400, 401, 403), else SERVICE_BAD_ANSWER.
 */
export function accessTokenOf(answer: ServiceAnswer, refused: Refused): Secret {
  if (answer.status !== 200) throw refusal(answer, refused);
  const token = jsonOf(answer)['access_token'];
  if (typeof token !== 'string' || token === '') throw unusable(answer, 'it has no access_token');
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw unusable(answer, 'its access_token is no JSON web token');
  return new Secret(token);
}

/** The JSON object of a 200. Throws SERVICE_BAD_ANSWER for anything else, such as an HTML page. */
export function jsonOf(answer: ServiceAnswer): Readonly<Record<string, unknown>> {
  const value = parsed(answer.body.reveal());
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unusable(answer, 'it is not a JSON object');
}

/** The error for an answer other than 200. */
export function refusal(answer: ServiceAnswer, { what, hint, sent = [] }: Refused): AgentError {
  const why = refusalText({ ...answer, body: without(answer.body, sent) });
  if (REJECTED.has(answer.status)) {
    return agentError('AUTH_CREDENTIAL_INVALID', { what, why: `${answer.from}: ${why}` }, { hint });
  }
  return agentError('SERVICE_BAD_ANSWER', { url: answer.from, why }, { hint: hintFor(answer.status) ?? hint });
}

/** The error for an answer that says yes and cannot be used. */
export const unusable = (answer: ServiceAnswer, why: string): AgentError =>
  agentError('SERVICE_BAD_ANSWER', { url: answer.from, why: `${refusalText(answer)}, but ${why}` });

function hintFor(status: number): string | undefined {
  if (status === 404) return 'the identity may have been assigned a moment ago; the agent asks again';
  if (status === 410) return 'the metadata service is being updated, which takes up to 70 s; the agent asks again';
  if (status === 429) return 'too many requests; the agent asks again later';
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function without(body: Secret, sent: readonly Secret[]): Secret {
  const text = sent
    .flatMap(spellingsOf)
    .filter((spelling) => spelling.length >= 4)
    .reduce((left, spelling) => left.replaceAll(spelling, '[secret]'), body.reveal());
  return new Secret(text);
}

// As a service may write it back.
function spellingsOf(secret: Secret): string[] {
  const text = secret.reveal();
  const bytes = Buffer.from(text);
  const encoded = [encodeURIComponent(text), new URLSearchParams({ x: text }).toString().slice('x='.length)];
  const digits = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')];
  return [text, JSON.stringify(text).slice(1, -1), ...encoded, ...digits];
}
