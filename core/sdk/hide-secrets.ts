// Masks secrets in the words of a service, which may repeat what it was sent. It must not know whose words they are.
import type { Secret } from './secret.js';

const LEAST_LENGTH = 4;

/** The text with each spelling of the secrets masked: raw, quoted for JSON (also as Go does it), in a URL, base64, hex. Shorter ones than four characters are left. */
export function hideSecrets(text: string, secrets: readonly Secret[]): string {
  const forms = secrets.map((secret) => secret.reveal()).filter(({ length }) => length >= LEAST_LENGTH);
  // the longest first, so that none is left over in part
  const spellings = [...new Set(forms.flatMap(spellingsOf))].sort((one, other) => other.length - one.length);
  return spellings.reduce((masked, form) => masked.replaceAll(form, '[secret]'), text);
}

function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inUrl = encodeURIComponent(bytes.toString('utf8'));
  const inForm = new URLSearchParams({ s: secret }).toString().slice(2);
  const inJson = JSON.stringify(secret).slice(1, -1);
  const hex = bytes.toString('hex');
  return [
    secret,
    inJson,
    // Go's encoder, which servers of this world use, writes these as numbers
    inJson.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    ...[inUrl, inUrl.replaceAll('%20', '+'), inForm].flatMap((text) => [text, withSmallDigits(text)]),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    hex,
    hex.toUpperCase(),
  ];
}

const withSmallDigits = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (sign) => sign.toLowerCase());
