// Reads what the services of Alibaba Cloud answer: credentials, or why there are none. Quotes nothing of a success.
import { Secret, agentError, refusalText, type AgentError, type ServiceAnswer } from 'claviger/sdk';
import type { AccessKey } from './recipes.js';

/** A temporary access key and its end (wall clock, ms; Infinity when the answer does not say). */
export interface Issued {
  readonly key: AccessKey;
  readonly expiresAt: number;
}

type Json = Readonly<Record<string, unknown>>;

const CLOCK = /InvalidTimeStamp|SignatureNonceUsed/;

/** The `Credentials` of an answer of the Security Token Service. Throws AUTH_CREDENTIAL_INVALID for a refusal, SERVICE_BAD_ANSWER for anything else. */
export function issuedBySts(answer: ServiceAnswer, action: string, sent: readonly Secret[]): Issued {
  if (answer.status !== 200) throw stsRefusal(answer, action, sent);
  return issuedIn(objectIn(jsonOf(answer), 'Credentials'), answer);
}

/** The credentials of a metadata answer. Throws SERVICE_BAD_ANSWER, also when its `Code` is no success. */
export function issuedByMetadata(answer: ServiceAnswer): Issued {
  const found = jsonOf(answer);
  if (found['Code'] !== 'Success') throw badAnswer(answer, `its Code is not Success but ${word(found['Code'])}`);
  return issuedIn(found, answer);
}

function issuedIn(found: Json, answer: ServiceAnswer): Issued {
  const text = (name: string): string => {
    const value = found[name];
    if (typeof value !== 'string' || value === '') throw badAnswer(answer, `it has no ${name}`);
    return value;
  };
  const key = {
    id: text('AccessKeyId'),
    secret: new Secret(text('AccessKeySecret')),
    token: new Secret(text('SecurityToken')),
  };
  const expiresAt = Date.parse(typeof found['Expiration'] === 'string' ? found['Expiration'] : '');
  return { key, expiresAt: Number.isNaN(expiresAt) ? Infinity : expiresAt };
}

// The service repeats the text to sign, with the token in it, twice encoded: only its code and first sentence are shown.
function stsRefusal(answer: ServiceAnswer, action: string, sent: readonly Secret[]): AgentError {
  const found = quietJson(answer);
  const code = word(found?.['Code']);
  const said = found?.['Message'];
  const message = typeof said === 'string' ? said.replace(/server string to sign.*$/s, '') : '';
  const body = found === undefined ? answer.body : new Secret(`${code}: ${message}`);
  const why = refusalText({ ...answer, body }, sent);
  if (answer.status >= 500 || found === undefined) throw badAnswer(answer, why);
  const hint = CLOCK.test(code)
    ? 'the clock of this machine differs from that of the service'
    : 'check the access key, the ARN of the role and who may assume it';
  return agentError('AUTH_CREDENTIAL_INVALID', { what: `${action} at ${answer.from}`, why }, { hint });
}

/** The JSON object of an answer. Throws SERVICE_BAD_ANSWER. */
function jsonOf(answer: ServiceAnswer): Json {
  const found = quietJson(answer);
  if (found === undefined) throw badAnswer(answer, 'it is not a JSON object');
  return found;
}

function quietJson({ body }: ServiceAnswer): Json | undefined {
  try {
    const value: unknown = JSON.parse(body.reveal());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function objectIn(found: Json, name: string): Json {
  const value = found[name];
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** SERVICE_BAD_ANSWER for this answer. */
export function badAnswer(answer: ServiceAnswer, why: string): AgentError {
  return agentError('SERVICE_BAD_ANSWER', { url: answer.from, why });
}

// Codes are short words; anything else is not worth showing.
const word = (value: unknown): string =>
  typeof value === 'string' && /^[\w.]{1,64}$/.test(value) ? value : 'something else';
