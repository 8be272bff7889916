// Masks secrets in the words of a service, which may repeat what it was sent. It must not know whose words they are.
import type { Secret } from './secret.js';

const LEAST_LENGTH = 4;

/** The text with each spelling of the secrets masked: raw, quoted for JSON, in a URL, base64, hex. Shorter ones than four characters are left. */
export function hideSecrets(text: string, secrets: readonly Secret[]): string {
  const forms = secrets.map((secret) => secret.reveal()).filter(({ length }) => length >= LEAST_LENGTH);
  // the longest first, so that none is left over in part
  const spellings = [...new Set(forms.flatMap(spellingsOf))].sort((one, other) => other.length - one.length);
  return spellings.reduce((masked, form) => masked.replaceAll(form, '[secret]'), text);
}

function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inUrl = encodeURIComponent(bytes.toString('utf8'));
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    inUrl,
    inUrl.replaceAll('%20', '+'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}
