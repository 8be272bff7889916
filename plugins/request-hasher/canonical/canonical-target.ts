// Path and query in one spelling. Nothing is folded that the server tells apart: `//`, trailing slashes, `%2F` and dots stay. Pure.

/** Percent-encoded letters, digits and `-._~` are decoded, other encodings get capital digits (RFC 3986, 6.2.2). */
export function canonicalPath(path: string): string {
  return path.includes('%') ? path.replace(/%([0-9a-fA-F]{2})/g, spellByte) : path;
}

/**
 * Parameters sorted by key; values of one key keep their order, because the server takes the first or all of them in order. Keys are compared as
 * the server decodes them, so that two spellings of one key stay in order too.
 */
export function canonicalQuery(query: string): string {
  const spelled = canonicalPath(query);
  if (!spelled.includes('&')) return spelled;
  const pairs = spelled.split('&').filter((pair) => pair !== '');
  const keyed = pairs.map((pair) => ({ pair, key: keyOf(pair) }));
  return keyed
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ pair }) => pair)
    .join('&');
}

function spellByte(encoded: string, digits: string): string {
  const byte = parseInt(digits, 16);
  const isPlain =
    (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39) || isMark(byte);
  return isPlain ? String.fromCharCode(byte) : encoded.toUpperCase();
}

function isMark(byte: number): boolean {
  return byte === 0x2d || byte === 0x2e || byte === 0x5f || byte === 0x7e;
}

function keyOf(pair: string): string {
  const end = pair.indexOf('=');
  const key = (end === -1 ? pair : pair.slice(0, end)).replace(/\+/g, ' ');
  return key.replace(/%([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}
