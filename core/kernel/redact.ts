// The last net under the logs: texts that look like tokens of Vault or OpenBao are masked. Secrets travel as `Secret`; this catches what a
// server or a plugin put into a message.

const TOKEN = /\b(hv[sbr]|sb|[sbr])\.[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)?/g;
const JWT = /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g;
const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** The text with tokens, JWTs and private keys masked. */
export function redactText(text: string): string {
  if (!text.includes('.') && !text.includes('-----')) return text;
  return text.replace(TOKEN, '$1.[secret]').replace(JWT, '[secret]').replace(PEM, '[secret]');
}
