// Bytes of a key as people give them: raw, hex or base64. Pure.
import { KEY_BYTES } from './provider.js';

const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** 32 bytes from hex or base64 text (white space around it does not count), or undefined. */
export function keyOfText(text: string): Buffer | undefined {
  const trimmed = text.trim();
  if (HEX.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (!BASE64.test(trimmed)) return undefined;
  const bytes = Buffer.from(trimmed, 'base64');
  return bytes.length === KEY_BYTES ? bytes : undefined;
}

/** The same from the content of a file, which may also be the 32 bytes themselves. */
export function keyOfContent(content: Uint8Array): Buffer | undefined {
  return content.length === KEY_BYTES ? Buffer.from(content) : keyOfText(Buffer.from(content).toString('latin1'));
}
