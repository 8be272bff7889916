// Quoted strings of HCL 1. Go's escapes are decoded; `${ ... }` is kept as written, with quotes and line breaks inside it.
import { readEscape } from './escape.js';
import type { Flaw, Word } from './token.js';

/** The string whose opening quote is at `start`. An unclosed one ends with its line, so that reading can go on behind it. */
export function lexString(text: string, start: number): Word {
  return new StringScan(text, start).run();
}

const MOST_LINES = 100;

/**
 * Where a text ends that somebody wrote over several lines: behind the next quote, when the lines up to there do not look like items. The
 * mistake is reported already; this only keeps the lines that belong to it from being taken for further mistakes.
 */
function endOfManyLines(text: string, newline: number): number | undefined {
  let start = newline + 1;
  for (let count = 0; count < MOST_LINES && start < text.length; count++) {
    const next = text.indexOf('\n', start);
    const end = next === -1 ? text.length : next;
    const line = text.slice(start, end);
    if (/^\s*(?:[}\]#]|"?[\w.-]+"?\s*[={]|[\w.-]+\s+"[^"]*"\s*\{)/.test(line)) return undefined;
    if (line.split('"').length % 2 === 0) return start + line.indexOf('"') + 1;
    start = end + 1;
  }
  return undefined;
}

class StringScan {
  readonly #text: string;
  readonly #start: number;
  #at: number;
  #value = '';
  #bytes: number[] = [];
  #flaw: Flaw | undefined;

  constructor(text: string, start: number) {
    this.#text = text;
    this.#start = start;
    this.#at = start + 1;
  }

  run(): Word {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === '\n') return this.#unclosed();
      if (char === '"') return this.#word(this.#at + 1);
      if (char === '\\') this.#escape();
      else if (char === '$' && this.#text[this.#at + 1] === '{') {
        if (!this.#interpolation()) return this.#unclosedInterpolation();
      } else this.#plain(char);
    }
  }

  #plain(char: string): void {
    if (char === '\0')
      this.#note({
        offset: this.#at,
        detail: 'there is a NUL character in the text',
        hint: 'remove it; the file may be damaged',
      });
    this.#flush();
    this.#value += char;
    this.#at++;
  }

  #escape(): void {
    const escape = readEscape(this.#text, this.#at);
    this.#at = escape.end;
    if ('flaw' in escape) this.#note(escape.flaw);
    else if ('byte' in escape) this.#bytes.push(escape.byte);
    else {
      this.#flush();
      this.#value += escape.text;
    }
  }

  #interpolation(): boolean {
    let depth = 1;
    let at = this.#at + 2;
    for (; depth > 0; at++) {
      const char = this.#text[at];
      if (char === undefined) return false;
      if (char === '{') depth++;
      if (char === '}') depth--;
    }
    this.#flush();
    this.#value += this.#text.slice(this.#at, at);
    this.#at = at;
    return true;
  }

  /** Bytes written as `\xHH` or `\ooo` form UTF-8 characters together. */
  #flush(): void {
    if (this.#bytes.length === 0) return;
    this.#value += Buffer.from(this.#bytes).toString('utf8');
    this.#bytes = [];
  }

  #unclosed(): Word {
    this.#note(
      {
        offset: this.#at,
        detail: 'the text that starts with " is not closed on its line',
        hint: 'close it with ", or use a heredoc for several lines',
      },
      true,
    );
    return this.#word(endOfManyLines(this.#text, this.#at) ?? this.#at);
  }

  #unclosedInterpolation(): Word {
    this.#note(
      { offset: this.#at, detail: 'the ${ is never closed with }', hint: 'close it, or write $ and { apart' },
      true,
    );
    const lineEnd = this.#text.indexOf('\n', this.#at);
    return this.#word(lineEnd === -1 ? this.#text.length : lineEnd);
  }

  #note(flaw: Flaw, over = false): void {
    if (over || this.#flaw === undefined) this.#flaw = flaw;
  }

  #word(end: number): Word {
    this.#flush();
    if (this.#flaw === undefined && /\p{Surrogate}/u.test(this.#value)) {
      this.#note({
        offset: this.#start,
        detail: 'the text holds half of a character pair (\\uD800 to \\uDFFF)',
        hint: 'write the character itself, or \\U and eight digits',
      });
    }
    return { type: 'string', end, value: this.#value, flaw: this.#flaw };
  }
}
