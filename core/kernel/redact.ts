// The last net under the logs: texts that look like tokens of Vault or OpenBao are masked. Secrets travel as `Secret`; this catches what a
// server or a plugin put into a message, and the ids of leases that clients write into URLs (D-39).

const TOKEN = /\b(hv[sbr]|sb|[sbr])\.[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)?/g;
// begins where a run of such characters begins, so that each run is looked at once
const PARTS = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{11,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g;
const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

const LEASE = /sys\/(?:leases\/)?(?:renew|revoke|lookup)\/[^\s?"]*/;
const LEASE_ID = /^[A-Za-z0-9]{20,}/;

/** The text with tokens, JWTs, private keys and the first id of a lease in a URL masked. */
export function redactText(text: string): string {
  return text.includes('sys/') ? withoutLease(withoutSecrets(text)) : withoutSecrets(text);
}

function withoutSecrets(text: string): string {
  if (!text.includes('.') && !text.includes('-----')) return text;
  return text.replace(TOKEN, '$1.[secret]').replace(PARTS, withoutJwt).replace(PEM, '[secret]');
}

function withoutJwt(parts: string): string {
  const at = parts.indexOf('eyJ');
  return at >= 0 && parts.indexOf('.') - at >= 11 ? `${parts.slice(0, at)}[secret]` : parts;
}

function withoutLease(text: string): string {
  const found = LEASE.exec(text);
  if (found === null) return text;
  const [path] = found;
  const id = path.lastIndexOf('/') + 1;
  const end = found.index + path.length;
  return LEASE_ID.test(path.slice(id)) ? `${text.slice(0, found.index + id)}[id]${text.slice(end)}` : text;
}
