// Messages of the server made fit for logs: short, one line, without certificates, tokens or what was sent. Pure.
import { redactText } from '../kernel/redact.js';

const LONGEST = 300;
const BLOB = /[A-Za-z0-9+/=_-]{60,}/g;

/** The error texts joined; control and binary characters, long blobs, tokens and the given secrets are masked. */
export function serverWords(errors: readonly string[], secrets: readonly string[] = []): string {
  let words = errors.join('; ');
  for (const secret of secrets) if (secret.length >= 4) words = words.replaceAll(secret, '[secret]');
  const plain = redactText(words)
    .replace(/-----BEGIN [\s\S]*?(?:-----END [^-]*-----|$)/g, '[...]')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(BLOB, '[...]')
    .replace(/ {2,}/g, ' ')
    .trim();
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}...` : plain;
}

/** Every text in a login body, so that an echo of it can be masked. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
