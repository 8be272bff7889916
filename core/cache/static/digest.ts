// Token -> digest. The cache compares and keeps digests; the token itself is only kept, as a Secret, to ask the server with it.
import { hash } from 'node:crypto';
import type { Secret } from '../../sdk/index.js';

/** SHA-256 of a token's text. */
export function digestOfText(token: string): string {
  return hash('sha256', token, 'base64url');
}

/** SHA-256 of a token. */
export function digestOf(token: Secret): string {
  return digestOfText(token.reveal());
}

/** Batch tokens carry no number of uses. By the prefixes of both servers, current and old. */
export function isBatch(token: Secret): boolean {
  return /^(?:hvb|b)\./.test(token.reveal());
}
