// What of a header list travels on, in either direction (D-32, spec cache U-2, U-3, U-4). Pure and on the hot path: no objects besides the lists.

const HOP_REQUEST = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'expect',
  'accept-encoding',
  'content-length',
  'user-agent',
  'x-vault-namespace',
]);
const HOP_REPLY = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const LENGTHS = new Set([...HOP_REQUEST, ...HOP_REPLY, 'x-vault-token'].map((name) => name.length));

/** What the agent puts into a forwarded request. */
export interface HeaderEdits {
  /** Replaces every X-Vault-Token of the client; undefined leaves the client's as it is. */
  readonly token: string | undefined;
  /** Canonical; empty sends none. */
  readonly namespace: string;
  /** Our own product; the client's follows after `; ` (U-3). */
  readonly userAgent: string;
  /** True keeps Content-Length: the body is a stream whose length only the client knows. */
  readonly keepLength: boolean;
}

function namedByConnection(value: string, into: Set<string> | undefined): Set<string> | undefined {
  const lower = value.toLowerCase();
  if (lower === 'keep-alive' || lower === 'close') return into;
  const names = into ?? new Set<string>();
  for (const name of lower.split(',')) names.add(name.trim());
  return names;
}

/** The header list for the server: in order, case kept, without hop-by-hop headers and those that Connection names. */
export function requestHeaders(received: readonly string[], edits: HeaderEdits): string[] {
  const sent: string[] = [];
  let client = '';
  let named: Set<string> | undefined;
  for (let i = 0; i + 1 < received.length; i += 2) {
    const name = received[i] as string;
    const value = received[i + 1] as string;
    if (LENGTHS.has(name.length)) {
      const lower = name.toLowerCase();
      if (lower === 'user-agent') client = value;
      else if (lower === 'connection') named = namedByConnection(value, named);
      if (lower === 'content-length' ? !edits.keepLength : HOP_REQUEST.has(lower)) continue;
      if (lower === 'x-vault-token' && edits.token !== undefined) continue;
    }
    sent.push(name, value);
  }
  if (edits.token !== undefined) sent.push('X-Vault-Token', edits.token);
  if (edits.namespace !== '') sent.push('X-Vault-Namespace', edits.namespace);
  sent.push('User-Agent', client === '' ? edits.userAgent : `${edits.userAgent}; ${client}`);
  return named === undefined ? sent : without(sent, named);
}

// A client must not be able to name away what the agent itself has put in.
function without(list: string[], named: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = (list[i] as string).toLowerCase();
    if (name.startsWith('x-vault-') || name === 'user-agent' || name === 'content-length' || !named.has(name)) {
      kept.push(list[i] as string, list[i + 1] as string);
    }
  }
  return kept;
}

/** The header list of an answer as text, without hop-by-hop headers. `raw` is name, value, name, value ... in bytes. */
export function replyHeaders(raw: readonly Buffer[]): string[] {
  const headers: string[] = [];
  let named: Set<string> | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString('latin1');
    if (LENGTHS.has(name.length)) {
      const lower = name.toLowerCase();
      if (lower === 'connection') named = namedByConnection((raw[i + 1] as Buffer).toString('latin1'), named);
      if (HOP_REPLY.has(lower)) continue;
    }
    headers.push(name, (raw[i + 1] as Buffer).toString('latin1'));
  }
  return named === undefined ? headers : withoutNamed(headers, named);
}

function withoutNamed(list: string[], named: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    if (!named.has((list[i] as string).toLowerCase())) kept.push(list[i] as string, list[i + 1] as string);
  }
  return kept;
}

/** First value of a header, any case; undefined when there is none. */
export function headerOf(list: readonly string[], lowerName: string): string | undefined {
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return list[i + 1];
  }
  return undefined;
}
