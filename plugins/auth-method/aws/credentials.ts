// AWS credentials: what they consist of, how services and programs write them as JSON, when they are worth nothing any more. Pure.
import { Secret } from 'claviger/sdk';

/** One set of credentials. */
export interface AwsCredentials {
  readonly keyId: string;
  readonly secret: Secret;
  /** Of temporary credentials. */
  readonly token?: Secret | undefined;
  /** Wall clock, ms; absent: they last. */
  readonly expiresAtMs?: number | undefined;
}

/** Temporary credentials are renewed this much before their end. (Spec auth-wire 4.3 f.) */
export const EARLY_MS = 5 * 60_000;

const PRINTABLE = /^[\x21-\x7e]+$/;

/** Credentials of texts, or why they cannot be some; the reason quotes nothing of them. */
export function makeCredentials(texts: {
  readonly keyId: string | undefined;
  readonly secret: string | undefined;
  readonly token?: string | undefined;
  readonly expiresAtMs?: number | undefined;
}): AwsCredentials | string {
  const { keyId = '', secret = '', token = '', expiresAtMs } = texts;
  if (keyId === '') return 'it has no access key id';
  if (secret === '') return 'it has no secret access key';
  const odd = Object.entries({ 'access key id': keyId, 'secret access key': secret, 'session token': token }).find(
    ([, text]) => text !== '' && !PRINTABLE.test(text),
  );
  if (odd !== undefined) return `its ${odd[0]} holds blanks, line breaks or other characters that no credential has`;
  return {
    keyId,
    secret: new Secret(secret),
    ...(token !== '' && { token: new Secret(token) }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  };
}

/**
 * Reads `{ AccessKeyId, SecretAccessKey, Token | SessionToken, Expiration }` as metadata services, container endpoints and credential programs write
 * it (spec auth-wire 4.3 d-f), or says why it is not that.
 */
export function readCredentials(text: Secret): AwsCredentials | string {
  const found = parsedObject(text);
  if (found === undefined) return 'it is not a JSON object';
  const expires = textIn(found, 'Expiration');
  const expiresAtMs = expires === undefined ? undefined : Date.parse(expires);
  if (Number.isNaN(expiresAtMs)) return 'its Expiration is not a time';
  return makeCredentials({
    keyId: textIn(found, 'AccessKeyId'),
    secret: textIn(found, 'SecretAccessKey'),
    token: textIn(found, 'Token') ?? textIn(found, 'SessionToken'),
    expiresAtMs,
  });
}

/** The JSON object in a text; undefined for anything else. */
export function parsedObject(text: Secret): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text.reveal());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A member that is a text and not empty. */
export function textIn(object: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** One text that is the same only for the same credentials. */
export function fingerprint({ keyId, secret, token }: AwsCredentials): Secret {
  return new Secret([keyId, secret.reveal(), token?.reveal() ?? ''].join('\n'));
}

/** True once they have ended. */
export function hasExpired({ expiresAtMs }: AwsCredentials, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}
