// Random identifiers. The only place of the dev server that asks the system for chance.
import { randomBytes, randomUUID } from 'node:crypto';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `length` letters and digits, evenly spread. */
export function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += LETTERS[byte % 62] ?? '';
  }
  return text;
}

/** A random UUID. */
export function randomUuid(): string {
  return randomUUID();
}

/** `count` random bytes as lower-case hex. */
export function randomHex(count: number): string {
  return randomBytes(count).toString('hex');
}
