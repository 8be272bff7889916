// Strings and numbers of JSON, with the place of what is wrong. Pure; knows the words of JSON, not its objects.
import type { Flaw } from './token.js';

/** A word of JSON and where it ends, or what is wrong with it. */
export type JsonWord<T> = { readonly value: T; readonly end: number } | { readonly flaw: Flaw };

const CHARS = /[^"\\\u0000-\u001f]+/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SINGLE: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '"': '"',
  '/': '/',
};

/** The string whose opening quote is at `start`. */
export function scanJsonString(text: string, start: number): JsonWord<string> {
  let value = '';
  for (let at = start + 1; ;) {
    const plain = matchAt(CHARS, text, at);
    value += plain;
    at += plain.length;
    const char = text[at];
    if (char === '"') return /\p{Surrogate}/u.test(value) ? halfPair(start) : { value, end: at + 1 };
    if (char !== '\\') return { flaw: controlFlaw(at, char) };
    const escape = jsonEscape(text, at);
    if (escape === undefined)
      return { flaw: { offset: at, detail: 'JSON has no such escape', hint: 'write \\\\ for a backslash' } };
    value += escape;
    at += text[at + 1] === 'u' ? 6 : 2;
  }
}

/** The number at `start`, with its source text. */
export function scanJsonNumber(text: string, start: number): JsonWord<{ number: number; raw: string }> {
  const raw = matchAt(NUMBER, text, start);
  const end = start + raw.length;
  if (raw === '')
    return {
      flaw: {
        offset: start,
        detail: 'this is not a number of JSON',
        hint: 'write digits, with at most one leading minus sign',
      },
    };
  if (/^-?0$/.test(raw) && /\d/.test(text[end] ?? '')) {
    return {
      flaw: {
        offset: start,
        detail: 'numbers of JSON cannot start with 0',
        hint: 'write octal values as text, such as "0640", or as decimal numbers',
      },
    };
  }
  if (/[\w.+-]/.test(text[end] ?? ''))
    return {
      flaw: { offset: end, detail: 'found letters or signs right behind a number', hint: 'put text in double quotes' },
    };
  const number = Number(raw);
  return Number.isFinite(number)
    ? { value: { number, raw }, end }
    : { flaw: { offset: start, detail: 'the number is too large' } };
}

function jsonEscape(text: string, at: number): string | undefined {
  const letter = text[at + 1] ?? '';
  if (letter !== 'u') return SINGLE[letter];
  const digits = text.slice(at + 2, at + 6);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? String.fromCharCode(Number.parseInt(digits, 16)) : undefined;
}

function halfPair(offset: number): { flaw: Flaw } {
  return {
    flaw: {
      offset,
      detail: 'the text holds half of a character pair (\\ud800 to \\udfff)',
      hint: 'write the character itself',
    },
  };
}

function controlFlaw(offset: number, char: string | undefined): Flaw {
  if (char === undefined || char === '\n' || char === '\r')
    return {
      offset,
      detail: 'the text that starts with " is not closed on its line',
      hint: 'close it with ", and write \\n for a line break',
    };
  const code = char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return {
    offset,
    detail: `the control character U+${code} cannot stand in a text of JSON`,
    hint: char === '\t' ? 'write \\t' : 'remove it or write it as an escape',
  };
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
