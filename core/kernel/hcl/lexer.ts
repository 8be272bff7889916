// Text to words of HCL 1. Never throws: what is wrong travels as the flaw of a word, and the parser decides whether to report it.
import { lexHeredoc } from './lex-heredoc.js';
import { lexNumber } from './lex-number.js';
import { lexString } from './lex-string.js';
import type { Token, TokenType, Word } from './token.js';

const BLANK = /(?:[ \t\r]+|(?:#|\/\/)[^\n]*|\/\*[^]*?\*\/|\n)/y;
const IDENT = /[\p{L}_][\p{L}_\p{Nd}.-]*/uy;
const SINGLE_QUOTED =
  /'[^'\n]{0,4096}'|[\u2018\u2019][^\u2018\u2019\n]{0,4096}[\u2018\u2019]|[\u201c-\u201e][^\u201c-\u201e"\n]{0,4096}[\u201c\u201d"]/y;
const SIGNS: ReadonlySet<string> = new Set(['{', '}', '[', ']', '=', ',']);

const MOST_FLAWS = 100;

/** All words of the text; the last is of type `end`. A text with very many flaws (a binary file) is not read to its end. */
export function lex(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let flaws = 0;
  let firstOnLine = true;
  for (;;) {
    const start = skipBlank(text, at);
    firstOnLine ||= start > at && text.slice(at, start).includes('\n');
    const word = flaws < MOST_FLAWS ? wordAt(text, start) : tooMany(start);
    if (word.flaw !== undefined) flaws++;
    tokens.push({ ...word, start: word.type === 'end' ? word.end : start, firstOnLine });
    if (word.type === 'end') return tokens;
    firstOnLine = false;
    at = word.end;
  }
}

function tooMany(offset: number): Word {
  return {
    type: 'end',
    end: offset,
    value: '',
    flaw: { offset, detail: 'there are too many mistakes above; the rest of the file was not read' },
  };
}

function skipBlank(text: string, from: number): number {
  BLANK.lastIndex = from;
  let at = from;
  while (BLANK.test(text)) at = BLANK.lastIndex;
  return at;
}

function wordAt(text: string, start: number): Word {
  const char = text[start];
  if (char === undefined) return { type: 'end', end: start, value: '' };
  if (SIGNS.has(char)) return { type: char as TokenType, end: start + 1, value: char };
  if (char === '"') return lexString(text, start);
  const ident = matchAt(IDENT, text, start);
  if (ident !== undefined) return identWord(ident, start);
  return lexNumber(text, start) ?? (text.startsWith('<<', start) ? lexHeredoc(text, start) : strayWord(text, start));
}

function identWord(ident: string, start: number): Word {
  const end = start + ident.length;
  return ident === 'true' || ident === 'false'
    ? { type: 'bool', end, value: ident === 'true' }
    : { type: 'ident', end, value: ident };
}

function strayWord(text: string, start: number): Word {
  const char = String.fromCodePoint(text.codePointAt(start) ?? 0);
  if (text.startsWith('/*', start)) {
    const line = text.slice(0, start).split('\n').length;
    const flaw = {
      offset: text.length,
      detail: `the comment /* of line ${line} is never closed`,
      hint: 'close it with */',
    };
    return { type: 'end', end: text.length, value: '', flaw };
  }
  if (char === ':') {
    return {
      type: '=',
      end: start + 1,
      value: ':',
      flaw: { offset: start, detail: 'found ":" where "=" is expected', hint: 'write key = value' },
    };
  }
  const quoted = matchAt(SINGLE_QUOTED, text, start);
  if (quoted !== undefined) {
    const flaw = {
      offset: start,
      detail: 'the text is not in double quotes',
      hint: 'use the plain double quote " on both sides',
    };
    return { type: 'string', end: start + quoted.length, value: quoted.slice(1, -1), flaw };
  }
  return { type: 'other', end: start + char.length, value: char, flaw: strayFlaw(char, start) };
}

function strayFlaw(char: string, offset: number): { offset: number; detail: string; hint?: string } {
  const shown = /^[\x21-\x7e]$/.test(char)
    ? `"${char}"`
    : `the character U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  const detail = `found ${shown}, which has no meaning here`;
  if (char === '/') return { offset, detail, hint: 'start comments with # or //' };
  if (char === ';') return { offset, detail, hint: 'remove it; items end with their line' };
  if (/[+*()?!&|<>%-]/.test(char))
    return {
      offset,
      detail,
      hint: 'configuration files hold plain values, not calculations; write the result, text in double quotes',
    };
  return { offset, detail, hint: 'remove it, or put text in double quotes' };
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
