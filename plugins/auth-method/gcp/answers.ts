// Reads answers of Google's services. Successful bodies are never quoted; of refusals at most the first printable characters, without our own secrets.
import { agentError, refusalText, Secret, type AgentError, type ServiceAnswer } from 'claviger/sdk';

/** What an error has to say besides the answer. */
export interface Refused {
  /** The credential or the account, for people. */
  readonly what: string;
  readonly hint?: string | undefined;
  /** Texts that were sent and must not come back in a message. */
  readonly sent?: readonly Secret[];
}

const REJECTED = new Set([400, 401, 403, 404]);

/** A text of the JSON object of a 200. Throws like `refusal`, or SERVICE_BAD_ANSWER for anything else, such as an HTML page. */
export function textOf(answer: ServiceAnswer, member: string, refused: Refused): string {
  if (answer.status !== 200) throw refusal(answer, refused);
  const value = memberOf(answer, member);
  // Most of them go into a header afterwards.
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value;
  throw unusable(answer, `it has no usable ${member}`);
}

/** A signed token is three parts of base64url. */
export const isJwt = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

/** The error for an answer other than 200: AUTH_CREDENTIAL_INVALID when the service rejected what it got (400 - 404), else SERVICE_BAD_ANSWER. */
export function refusal(answer: ServiceAnswer, { what, hint, sent = [] }: Refused): AgentError {
  const why = refusalText({ ...answer, body: without(answer.body, sent) });
  if (!REJECTED.has(answer.status)) return agentError('SERVICE_BAD_ANSWER', { url: answer.from, why });
  return agentError('AUTH_CREDENTIAL_INVALID', { what, why: `${answer.from}: ${why}` }, { hint });
}

/** The error for an answer that says yes and cannot be used. */
export const unusable = (answer: ServiceAnswer, why: string): AgentError =>
  agentError('SERVICE_BAD_ANSWER', { url: answer.from, why: `${refusalText(answer)}, but ${why}` });

function memberOf(answer: ServiceAnswer, member: string): unknown {
  try {
    const value = JSON.parse(answer.body.reveal()) as Readonly<Record<string, unknown>> | null;
    return value?.[member];
  } catch {
    throw unusable(answer, 'it is not JSON');
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
