// Hides values that may be secret in a line of configuration that is shown to a person. Knows names that sound secret, nothing else.

const SETTING = /"?([\w.-]+)"?\s*[=:]\s*/g;
const SOUNDS_SECRET = /role_id|secret|passw|passphrase|token|credential|private|jwt|api_?key|access_?key/i;
const NAMES_A_PLACE =
  /(path|file|dir|directory|ttl|type|name|env_var|interval|period|wait|after_reading|use_auto_auth_token)$/i;

const YES_OR_NO = /^(?:true|false)\s*(?:$|[#},])/;

/** True for the name of a setting that may hold a secret itself, not the place of one. */
export const soundsSecret = (key: string): boolean => SOUNDS_SECRET.test(key) && !NAMES_A_PLACE.test(key);

/** The line with every letter of suspicious values replaced by `*`; length and layout stay, so that a caret still fits. */
export function maskLine(line: string): string {
  for (const match of line.matchAll(SETTING)) {
    const key = match[1] ?? '';
    if (!soundsSecret(key)) continue;
    const from = match.index + match[0].length;
    if (YES_OR_NO.test(line.slice(from))) continue;
    return line.slice(0, from) + line.slice(from).replace(/[^\s"'{}[\],=:]/gu, '*');
  }
  return line;
}
