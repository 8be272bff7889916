// Headers in one order, without those that cannot change an answer that is cached. The list is fixed (corrections: rule R-2); everything else matters,
// also what nobody has heard of. `Accept` is in it because secrets are JSON whatever is asked for; it changes sys/metrics only, which is never cached.
// Pure.
import type { RawHeaders } from 'claviger/sdk';

const IGNORED = new Set([
  'user-agent',
  'accept',
  'accept-encoding',
  'accept-language',
  'connection',
  'host',
  'date',
  'content-length',
  'transfer-encoding',
  'traceparent',
  'tracestate',
  'b3',
  'x-request-id',
  'x-correlation-id',
  'x-amzn-trace-id',
  'via',
  'forwarded',
  // by name: others that begin alike say who the client is (X-Forwarded-Client-Cert, X-Forwarded-User), or where it is: a server may be told to hold
  // the addresses that a token is bound to against X-Forwarded-For
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-server',
  // the mark of agents in a row; it changes with each start of one
  'x-claviger-hop',
  'x-vault-index',
  'x-vault-forward',
  'x-vault-inconsistent',
]);

/** Sorted by name; several headers of one name keep their order. Names are compared without case. */
export function canonicalHeaders(headers: RawHeaders): string {
  let text = '';
  let last = '';
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = nameOf(headers[i]!);
    if (name === '') continue;
    if (name < last) return sortedHeaders(headers);
    last = name;
    text += lineOf(name, headers[i + 1]!);
  }
  return text;
}

/** The long way, for headers that are not in order as they come. */
function sortedHeaders(headers: RawHeaders): string {
  const list: { name: string; value: string }[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = nameOf(headers[i]!);
    if (name !== '') list.push({ name, value: headers[i + 1]! });
  }
  list.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return list.map(({ name, value }) => lineOf(name, value)).join('');
}

function lineOf(name: string, value: string): string {
  return `${name.length}:${name}${value.length}:${value}\n`;
}

function nameOf(spelling: string): string {
  return knownNames.get(spelling) ?? learn(spelling);
}

/** Spellings met so far and the name each stands for, empty for an ignored one. Bounded, because clients choose the spellings. */
const knownNames = new Map<string, string>();
const MOST_KNOWN = 256;

function learn(spelling: string): string {
  const lower = spelling.toLowerCase();
  const name = isIgnored(lower) ? '' : lower;
  if (knownNames.size < MOST_KNOWN) knownNames.set(spelling, name);
  return name;
}

function isIgnored(name: string): boolean {
  if (IGNORED.has(name)) return true;
  return name.startsWith('x-b3-');
}
