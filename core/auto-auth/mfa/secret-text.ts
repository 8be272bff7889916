// What a file with an authenticator secret says: base32, or an otpauth:// URL whose own parameters count. Pure; no message repeats the content.
import { fromBase32 } from '../../sdk/index.js';
import { agentError, type AgentError } from '../../sdk/index.js';
import type { TotpSecret, TotpShape } from './totp.js';

const WHAT = 'mfa.totp.secret_file';
// RFC 4226 R6 wants 16 bytes; secrets of ten are common, shorter ones were cut off.
const LEAST_BYTES = 10;
const LONGEST_PERIOD_S = 3600;

/**
 * The secret in the text of the file. `configured` holds for base32; of a URL, digits, period and algorithm count, with the defaults of the format
 * (6, 30 s, SHA1) where it has none. Throws AUTH_CREDENTIAL_INVALID.
 */
export function secretIn(text: string, configured: TotpShape): TotpSecret {
  const content = text.trim();
  if (/^otpauth:/i.test(content)) return secretOfUrl(content);
  return { ...configured, key: keyOf(content, `its content (${String(content.length)} characters)`) };
}

function secretOfUrl(content: string): TotpSecret {
  if (!URL.canParse(content)) throw invalid('it begins like an otpauth:// URL, but is none');
  const url = new URL(content);
  if (url.host.toLowerCase() !== 'totp') throw invalid('its otpauth:// URL is not of type totp');
  const { searchParams } = url;
  const key = keyOf(searchParams.get('secret') ?? '', 'the secret of its otpauth:// URL');
  return { key, ...shapeOf(searchParams) };
}

function shapeOf(parameters: URLSearchParams): TotpShape {
  const digits = Number(parameters.get('digits') ?? 6);
  if (digits !== 6 && digits !== 8) throw invalid('its otpauth:// URL wants digits that are neither 6 nor 8');
  const seconds = Number(parameters.get('period') ?? 30);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_PERIOD_S)
    throw invalid('the period of its otpauth:// URL is not between 1 and 3600 seconds');
  const algorithm = (parameters.get('algorithm') ?? 'SHA1').toUpperCase().replace('-', '');
  if (algorithm !== 'SHA1' && algorithm !== 'SHA256' && algorithm !== 'SHA512')
    throw invalid('the algorithm of its otpauth:// URL is none of SHA1, SHA256, SHA512');
  return { digits, periodMs: seconds * 1000, algorithm };
}

function keyOf(text: string, what: string): Uint8Array {
  const bytes = fromBase32(text);
  if (bytes === undefined) throw invalid(`${what} is no base32`);
  if (bytes.length >= LEAST_BYTES) return bytes;
  throw invalid(
    `${what} is a key of ${String(bytes.length)} bytes, fewer than ${String(LEAST_BYTES)}; it may be cut off`,
  );
}

const invalid = (why: string): AgentError =>
  agentError(
    'AUTH_CREDENTIAL_INVALID',
    { what: WHAT, why },
    { hint: 'put the base32 secret there, or the otpauth:// URL that admin-generate of the MFA method gave' },
  );
