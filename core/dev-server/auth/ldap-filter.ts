// Search filters: text of RFC 4515 -> BER of RFC 4511. And, or, not, equality and presence; no substrings or matching rules. Pure.
import { ber, berText } from './ldap-ber.js';

const KINDS: Readonly<Record<string, number>> = { '&': 0xa0, '|': 0xa1, '!': 0xa2 };
const EQUALITY = 0xa3;
const PRESENT = 0x87;

/** A value as it may stand in a filter (RFC 4515 section 3). */
export function escapedForFilter(value: string): string {
  return value.replace(/[\\*()\0]/g, (sign) => `\\${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The filter as bytes. Throws a plain Error for text that is none. */
export function filterBytes(text: string): Buffer {
  const { bytes, rest } = filterAt(text);
  if (rest !== '') throw new Error('finished compiling filter with extra at end');
  return bytes;
}

interface Parsed {
  readonly bytes: Buffer;
  readonly rest: string;
}

function filterAt(text: string): Parsed {
  if (!text.startsWith('(')) throw new Error('filter does not start with an "("');
  const kind = KINDS[text[1] ?? ''];
  return kind === undefined ? itemAt(text) : listAt(text, kind);
}

function listAt(text: string, kind: number): Parsed {
  const parts: Buffer[] = [];
  let rest = text.slice(2);
  while (rest.startsWith('(')) {
    const part = filterAt(rest);
    parts.push(part.bytes);
    ({ rest } = part);
  }
  if (!rest.startsWith(')')) throw new Error('unexpected end of filter');
  return { bytes: ber(kind, ...parts), rest: rest.slice(1) };
}

function itemAt(text: string): Parsed {
  const match = /^\(([\w.;-]+)=([^()]*)\)/.exec(text);
  if (match === null) throw new Error('error parsing filter');
  const [whole, attribute = '', value = ''] = match;
  const rest = text.slice(whole.length);
  if (value === '*') return { bytes: berText(attribute, PRESENT), rest };
  return { bytes: ber(EQUALITY, berText(attribute), ber(0x04, unescaped(value))), rest };
}

function unescaped(value: string): Buffer {
  const parts = value.split(/(\\[0-9a-fA-F]{2})/);
  return Buffer.concat(
    parts.map((part) => (part.startsWith('\\') ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part, 'utf8'))),
  );
}
