// The last net under the logs: texts that look like tokens of Vault or OpenBao are masked. Secrets travel as `Secret`; this catches what a
// server or a plugin put into a message.

const TOKEN = /\b(hv[sbr]|sb|[sbr])\.[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)?/g;
// begins where a run of such characters begins, so that each run is looked at once
const PARTS = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{11,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g;
const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** The text with tokens, JWTs and private keys masked. */
export function redactText(text: string): string {
  if (!text.includes('.') && !text.includes('-----')) return text;
  return text.replace(TOKEN, '$1.[secret]').replace(PARTS, withoutJwt).replace(PEM, '[secret]');
}

function withoutJwt(parts: string): string {
  const at = parts.indexOf('eyJ');
  return at >= 0 && parts.indexOf('.') - at >= 11 ? `${parts.slice(0, at)}[secret]` : parts;
}
