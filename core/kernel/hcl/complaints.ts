// What the HCL parser says when a word is not what it should be: what was found, what was expected, what to do. Pure. Found values are not
// repeated, because they may be secret.
import type { Flaw, Token } from './token.js';

const NAMES: Readonly<Partial<Record<Token['type'], string>>> = {
  ident: 'a word without quotes',
  string: 'a text',
  heredoc: 'a heredoc',
  number: 'a number',
  bool: 'true or false',
  end: 'the end of the file',
};

const KNOWN_WORDS = /^(?:null|nil|none|yes|no|on|off|True|False|TRUE|FALSE)$/;

function name(token: Token): string {
  return NAMES[token.type] ?? `"${token.type === '=' ? String(token.value) : token.type}"`;
}

/** A word stands where a key should. */
export function notAKey(token: Token): Flaw {
  const offset = token.start;
  if (token.type === 'other' && token.flaw) return token.flaw;
  if (token.type === 'number')
    return {
      offset,
      detail: 'found a number where a key is expected; a key starts with a letter',
      hint: 'write key = value; put a key that starts with a digit in quotes',
    };
  if (token.type === 'bool') return { offset, detail: 'true and false cannot be keys', hint: 'put the key in quotes' };
  if (token.type === ',') return { offset, detail: 'found a comma with no item before it', hint: 'remove the comma' };
  if (token.type === '}' || token.type === ']')
    return {
      offset,
      detail: `found ${name(token)} that closes nothing`,
      hint: 'remove it, or look for a missing bracket above',
    };
  if (token.type === '=')
    return { offset, detail: `found ${name(token)} with no key before it`, hint: 'write key = value' };
  return { offset, detail: `found ${name(token)} where a key is expected`, hint: 'write key = value, or key { ... }' };
}

/** A word stands between key and value. */
export function notAfterKey(token: Token, key: string): Flaw {
  if (token.type === 'other' && token.flaw) return token.flaw;
  return {
    offset: token.start,
    detail: `found ${name(token)} after "${key}" where "=" or "{" is expected`,
    hint: `write ${key} = value, or ${key} { ... }`,
  };
}

/** `a b = 1` */
export function manyKeysBeforeAssign(token: Token, keys: readonly string[]): Flaw {
  const detail = `found "=" after ${keys.length} words; only one key can stand before "="`;
  return { offset: token.start, detail, hint: `write ${keys[0]} = value, or ${keys[0]} "label" { ... }` };
}

/** `a = "x" "y"` */
export function behindValue(first: Token): Flaw {
  const what = first.type === 'string' ? 'text' : 'word';
  const hint = 'write one text in double quotes, or a list: ["...", "..."]';
  return { offset: first.start, detail: `found a further ${what} behind the value`, hint };
}

/** `a` or `a "x"` and then a new line. `first` is the first word, `second` the one behind it when it is on the same line. */
export function keysWithoutValue(first: Token, second: Token | undefined): Flaw {
  const key = String(first.value);
  if (second === undefined) {
    return {
      offset: first.start,
      detail: `"${key}" has no value and no block`,
      hint: `write ${key} = value, or ${key} { ... }`,
    };
  }
  const detail = `"${key}" is followed by a label, but by no block`;
  return { offset: second.start, detail, hint: `write ${key} = value, or ${key} "label" { ... }` };
}

/** A word stands where a value should. */
export function notAValue(token: Token, key: string, nextItem: boolean): Flaw {
  const offset = token.start;
  if (token.type === 'end' || token.type === '}' || nextItem) {
    return {
      offset,
      detail: `"${key}" has no value after its "="`,
      hint: `write a value behind ${key} =, or remove the line`,
    };
  }
  if (token.type === 'ident') return bareWord(token);
  if (token.type === 'other' && token.flaw) return token.flaw;
  return {
    offset,
    detail: `found ${name(token)} where the value of "${key}" is expected`,
    hint: 'values are "text", numbers, true, false, [lists] and { objects }',
  };
}

/** A word without quotes stands for a value. */
export function bareWord(token: Token): Flaw {
  const word = String(token.value);
  const offset = token.start;
  if (/^(?:null|nil|none)$/i.test(word))
    return { offset, detail: `there is no ${word}`, hint: 'leave the setting out' };
  if (KNOWN_WORDS.test(word))
    return { offset, detail: `${word} is not a value`, hint: 'write true or false in small letters' };
  return {
    offset,
    detail: 'found a word without quotes where a value is expected',
    hint: 'put text in double quotes; variables and functions do not exist in this language',
  };
}

/** A word stands where `,` or `]` should, and reading cannot go on. */
export function listNotClosed(token: Token, line: number): Flaw {
  const before = token.type === 'ident' || token.type === 'string' ? 'the next item' : name(token);
  const detail = `the list of line ${line} is not closed before ${before}`;
  return { offset: token.start, detail, hint: 'close the list with "]"' };
}

/** Two values of a list without a comma. */
export function commaMissing(token: Token): Flaw {
  return {
    offset: token.start,
    detail: 'a comma is missing before this value of the list',
    hint: 'write a comma between the values, or close the list with "]"',
  };
}

/** `{` without `}` at the end of the text. */
export function blockNotClosed(token: Token, block: { name: string; line: number }, suspect: string | undefined): Flaw {
  const detail = `the "{" of ${block.name} on line ${block.line} is never closed`;
  return { offset: token.start, detail, hint: suspect ?? 'add a "}"' };
}

/** More levels than any sensible file has. */
export function tooDeep(token: Token, limit: number): Flaw {
  return {
    offset: token.start,
    detail: `objects and lists are nested more than ${limit} levels deep`,
    hint: 'flatten the configuration',
  };
}
