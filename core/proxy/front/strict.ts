// Which requests may be answered by their exact bytes (architecture 2.18, rule 2). Pure. The bytes are already known to be one message without
// a body, with CRLF line ends and without folded lines; everything unusual goes the usual way.

const GET = /^GET \/[\x21-\x7e]* HTTP\/1\.1\r\n/;
/** Headers that may change how HTTP itself goes on. */
const REFUSED = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Headers of which the first of several would count. */
const ONCE = new Set(['host', 'x-vault-token', 'x-vault-namespace', 'authorization', 'x-vault-request']);

/** True when a request with this head (text) and these headers may be remembered. */
export function isStrict(head: string, headers: readonly string[]): boolean {
  if (!GET.test(head)) return false;
  const seen = new Set<string>();
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase();
    if (name === 'connection' && headers[at + 1]!.toLowerCase() === 'keep-alive') continue;
    if (REFUSED.has(name) || (ONCE.has(name) && seen.has(name))) return false;
    seen.add(name);
  }
  return seen.has('host');
}
