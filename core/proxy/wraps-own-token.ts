// Is this answer a wrapping token around the very token that asked? Whoever unwraps it at the server sees that token, past all redaction. Pure.

const SHOWS_THE_TOKEN = /(?:^|\/)auth\/token\/(?:lookup|renew)(?:-self|-accessor)?(?:\/|$)/;

/**
 * True for an answer with `wrap_info` whose `creation_path` names a lookup or a renewal of a token. The server says the path, so no spelling of the
 * request, redirect or namespace hides it.
 */
export function wrapsOwnToken(body: Uint8Array): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes('creation_path')) return false;
  const path = creationPath(bytes.toString('utf8'));
  return typeof path === 'string' && SHOWS_THE_TOKEN.test(path);
}

function creationPath(text: string): unknown {
  try {
    const answer = JSON.parse(text) as { wrap_info?: { creation_path?: unknown } | null } | null;
    return answer?.wrap_info?.creation_path;
  } catch {
    return undefined;
  }
}
