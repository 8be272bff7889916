// Messages of the server made fit for logs: short, one line, without certificates, tokens or what was sent. Pure.
import { redactText } from '../kernel/redact.js';

const LONGEST = 300;
// With percent signs, because cloud services quote the request that they could not verify, token and all, encoded twice.
const BLOB = /[A-Za-z0-9+/=_%-]{60,}/g;

/** The error texts joined; control and binary characters, long blobs, tokens and the given secrets, however they are escaped, are masked. */
export function serverWords(errors: readonly string[], secrets: readonly string[] = []): string {
  let words = errors.join('; ');
  for (const form of spellingsOf(secrets)) words = words.replaceAll(form, '[secret]');
  const plain = redactText(words)
    .replace(/-----BEGIN [\s\S]*?(?:-----END [^-]*-----|$)/g, '[...]')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(BLOB, '[...]')
    .replace(/ {2,}/g, ' ')
    .trim();
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}...` : plain;
}

// How servers repeat what they were sent: as it is, quoted (also twice, also as Go does it), in a URL, in base64. The longest first, so that none
// is left over in part.
function spellingsOf(secrets: readonly string[]): string[] {
  const forms = secrets.filter((secret) => secret.length >= 4).flatMap(formsOf);
  return [...new Set(forms)].sort((one, other) => other.length - one.length);
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const quoted = inner(secret);
  const inUrl = encodeURIComponent(bytes.toString());
  return [
    secret,
    quoted,
    quoted.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    inner(quoted),
    inUrl,
    inUrl.replaceAll('%20', '+'),
    bytes.toString('base64').replace(/=+$/, ''),
  ];
}

const inner = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Every text in a login body, so that an echo of it can be masked. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
