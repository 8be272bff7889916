// One backslash escape of a quoted string, as in Go: \a \b \f \n \r \t \v \\ \" \ooo \xHH \uHHHH \UHHHHHHHH.
import type { Flaw } from './token.js';

/** What an escape stands for: text, one byte of UTF-8, or a flaw; and where it ends. */
export type Escape = { readonly end: number } & (
  { readonly text: string } | { readonly byte: number } | { readonly flaw: Flaw }
);

const SINGLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Reads the escape whose backslash is at `at`. */
export function readEscape(text: string, at: number): Escape {
  const letter = text[at + 1] ?? '';
  const single = SINGLE[letter];
  if (single !== undefined) return { end: at + 2, text: single };
  if (/[0-7]/.test(letter)) return octal(text, at);
  const count = HEX_DIGITS[letter];
  if (count !== undefined) return hexadecimal(text, at, count);
  const shown = /^[\x21-\x7e]$/.test(letter) ? ` \\${letter}` : '';
  const end = letter === '' || letter === '\n' ? at + 1 : at + 2;
  return { end, flaw: { offset: at + 1, detail: `there is no escape${shown}`, hint: 'write \\\\ for a backslash' } };
}

function octal(text: string, at: number): Escape {
  const digits = /^[0-7]{3}/.exec(text.slice(at + 1, at + 4))?.[0];
  const value = digits === undefined ? Number.NaN : Number.parseInt(digits, 8);
  if (value <= 0xff) return { end: at + 4, byte: value };
  return {
    end: at + 2,
    flaw: {
      offset: at + 1,
      detail: 'an octal escape needs three digits from 000 to 377',
      hint: 'write \\\\ for a backslash',
    },
  };
}

function hexadecimal(text: string, at: number, count: number): Escape {
  const digits = text.slice(at + 2, at + 2 + count);
  const letter = text[at + 1] ?? '';
  const end = at + 2 + count;
  const value = /^[0-9a-fA-F]+$/.test(digits) && digits.length === count ? Number.parseInt(digits, 16) : Number.NaN;
  if (letter === 'x' && value <= 0xff) return { end, byte: value };
  if (letter !== 'x' && value <= 0xffff) return { end, text: String.fromCharCode(value) };
  if (letter !== 'x' && value <= 0x10ffff) return { end, text: String.fromCodePoint(value) };
  const detail = `\\${letter} needs ${count} hexadecimal digits of an existing character`;
  return { end: at + 2, flaw: { offset: at + 1, detail, hint: 'write \\\\ for a backslash' } };
}
