// A body in one spelling: a JSON object without white space and with sorted keys, anything else byte by byte. Pure and total.
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

/** Text that two bodies share only when they say the same. The first letter keeps JSON and other bodies apart. */
export function canonicalBody(body: Uint8Array): string {
  const json = startsLikeObject(body) && isUtf8(body) ? canonicalJson(textOf(body)) : undefined;
  return json === undefined ? `b${hash('sha256', body, 'base64url')}` : `j${json}`;
}

function startsLikeObject(body: Uint8Array): boolean {
  let at = 0;
  while (at < body.length && (body[at] === 0x20 || (body[at]! >= 0x09 && body[at]! <= 0x0d))) at++;
  return body[at] === 0x7b;
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}
