// Workload identity federation: a token of another provider from a file or an address, exchanged at Google's STS (RFC 8693). (Spec auth-wire 6.3.)
import { agentError, callService, readCredential, Secret, type ServiceAnswer } from 'claviger/sdk';
import { refusal, unusable } from './answers.js';
import type { ExternalAccount, SubjectSource } from './google-credential.js';
import type { Scene } from './settings.js';
import { askGoogle, SCOPE } from './token-endpoint.js';

const WHAT = 'credential_source';

/** Throws AUTH_CREDENTIAL_ codes for a source without a token and for one that is refused, SERVICE_ codes for trouble. */
export async function externalToken(scene: Scene, account: ExternalAccount, signal: AbortSignal): Promise<Secret> {
  const subject = await subjectToken(scene, account.subject, signal);
  const token = await askGoogle({
    url: account.tokenUrl,
    clock: scene.clock,
    signal,
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: account.audience,
      scope: SCOPE,
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token: subject.reveal(),
      subject_token_type: account.subjectTokenType,
    },
    member: 'access_token',
    refused: {
      what: 'the token of the credential_source',
      hint: 'has it expired, and does the pool provider accept its issuer, audience and subject?',
      sent: [subject],
    },
  });
  return new Secret(token);
}

async function subjectToken(scene: Scene, source: SubjectSource, signal: AbortSignal): Promise<Secret> {
  const { file, url, headers, field } = source;
  if (file !== undefined) {
    const { text } = await readCredential(file, { what: WHAT, signal });
    return field === undefined ? text : new Secret(fieldOf(text, field) ?? missing(file, field));
  }
  const answer = await callService({ url: url ?? '', clock: scene.clock, headers, signal });
  const sent = Object.values(headers).map((value) => new Secret(value));
  if (answer.status !== 200) throw refusal(answer, { what: WHAT, sent });
  return new Secret(tokenIn(answer, field));
}

function tokenIn(answer: ServiceAnswer, field: string | undefined): string {
  const token = field === undefined ? answer.body.reveal().trim() : (fieldOf(answer.body, field) ?? '');
  if (token === '' || /[\s<]/.test(token)) throw unusable(answer, 'there is no token in it');
  return token;
}

function fieldOf(text: Secret, field: string): string | undefined {
  try {
    const value = (JSON.parse(text.reveal()) as Readonly<Record<string, unknown>> | null)?.[field];
    return typeof value === 'string' && value !== '' ? value : undefined;
  } catch {
    return undefined;
  }
}

function missing(file: string, field: string): never {
  const why = `it is not a JSON object with ${field}`;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what: `${WHAT} ${file}`, why }, { at: file });
}
