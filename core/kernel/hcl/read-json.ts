// The JSON reader: the same ordered tree with positions as HCL gives. Stops at the first mistake. It must not know what any key means.
import { inTextOrder, keepLast } from './duplicates.js';
import { scanJsonNumber, scanJsonString, type JsonWord } from './json-scan.js';
import { MOST_LEVELS } from './limits.js';
import { Places } from './places.js';
import { syntaxProblem, type ReadProblem } from './problem.js';
import type { Reading } from './reading.js';
import type { Flaw } from './token.js';
import type { Item, ListNode, Node, ObjectNode, ScalarNode } from './tree.js';

/**
 * Reads JSON whose root is an object. Members become items with one key and `assigned: true`; null is kept. Strict, but for one comma behind
 * the last element, which the reference accepts; a key that is set twice counts with its last value and is a warning. Never throws.
 */
export function readJson(text: string, file: string): Reading {
  return new JsonParser(text.replace(/^\uFEFF/, ''), file).read();
}

class JsonFailed extends Error {
  readonly flaw: Flaw;
  constructor(offset: number, detail: string, hint?: string) {
    super(detail);
    this.flaw = hint === undefined ? { offset, detail } : { offset, detail, hint };
  }
}

class JsonParser {
  readonly #text: string;
  readonly #places: Places;
  readonly #problems: ReadProblem[] = [];
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#places = new Places(text, file);
  }

  read(): Reading {
    try {
      return { tree: this.#root(), problems: inTextOrder(this.#problems) };
    } catch (failure) {
      if (!(failure instanceof JsonFailed)) throw failure;
      const { offset, detail, hint } = failure.flaw;
      this.#problems.push(syntaxProblem(this.#places.at(offset), detail, hint));
      return { tree: { kind: 'object', items: [], at: this.#places.at(0) }, problems: inTextOrder(this.#problems) };
    }
  }

  #root(): ObjectNode {
    if (this.#peek() !== '{') throw this.#unexpected('"{"');
    const tree = this.#object(1);
    if (this.#peek() !== undefined)
      throw new JsonFailed(
        this.#at,
        'there is text behind the closing "}" of the file',
        'remove it, or look for a "}" too many above',
      );
    return tree;
  }

  #object(level: number): ObjectNode {
    const open = this.#enter(level);
    const at = this.#places.at(open);
    const items: Item[] = [];
    while (!this.#ends('}', open, items.length)) items.push(this.#member(level));
    const unique = keepLast(
      items,
      () => true,
      (problem) => this.#problems.push(problem),
    );
    return { kind: 'object', items: unique, at };
  }

  #member(level: number): Item {
    if (this.#peek() !== '"') throw this.#unexpected('a key in double quotes');
    const at = this.#places.at(this.#at);
    const text = this.#take(scanJsonString(this.#text, this.#at));
    if (this.#peek() !== ':') throw this.#unexpected(`":" after the key "${text}"`);
    this.#at++;
    return { keys: [{ text, quoted: true, at }], value: this.#value(level + 1), assigned: true, at };
  }

  #list(level: number): ListNode {
    const open = this.#enter(level);
    const at = this.#places.at(open);
    const items: Node[] = [];
    while (!this.#ends(']', open, items.length)) items.push(this.#value(level + 1));
    return { kind: 'list', items, at };
  }

  /** Whether the closing sign comes, which is then taken; otherwise the comma before a further element is taken. */
  #ends(sign: '}' | ']', open: number, count: number): boolean {
    let next = this.#peek();
    if (count > 0 && next === ',') {
      this.#at++;
      next = this.#peek();
    } else if (count > 0 && next !== sign) throw this.#unexpected(`"," or "${sign}"`, open);
    if (next === undefined) throw this.#unexpected(`"${sign}"`, open);
    if (next !== sign) return false;
    this.#at++;
    return true;
  }

  #value(level: number): Node {
    const char = this.#peek();
    const at = this.#places.at(this.#at);
    if (char === '{') return this.#object(level);
    if (char === '[') return this.#list(level);
    if (char === '"') return { kind: 'scalar', value: this.#take(scanJsonString(this.#text, this.#at)), at };
    if (char !== undefined && /[-+.\d]/.test(char)) {
      const { number, raw } = this.#take(scanJsonNumber(this.#text, this.#at));
      return { kind: 'scalar', value: number, raw, at };
    }
    return { ...this.#word(), at };
  }

  #word(): Pick<ScalarNode, 'kind' | 'value'> {
    const word = /^[\w]*/.exec(this.#text.slice(this.#at, this.#at + 6))?.[0] ?? '';
    const value = word === 'true' ? true : word === 'false' ? false : word === 'null' ? null : undefined;
    if (value === undefined) throw this.#unexpected('a value');
    this.#at += word.length;
    return { kind: 'scalar', value };
  }

  #enter(level: number): number {
    if (level > MOST_LEVELS)
      throw new JsonFailed(
        this.#at,
        `objects and lists are nested more than ${MOST_LEVELS} levels deep`,
        'flatten the configuration',
      );
    return this.#at++;
  }

  #take<T>(word: JsonWord<T>): T {
    if ('flaw' in word) throw new JsonFailed(word.flaw.offset, word.flaw.detail, word.flaw.hint);
    this.#at = word.end;
    return word.value;
  }

  /** The next character that is no blank; `#at` stands at it. */
  #peek(): string | undefined {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
    return this.#text[this.#at];
  }

  #unexpected(wanted: string, open?: number): JsonFailed {
    const char = this.#text[this.#at];
    const opened =
      open === undefined ? '' : `; the "${this.#text[open] ?? ''}" is on line ${this.#places.at(open).line}`;
    const detail = `found ${found(char)} where ${wanted} is expected${opened}`;
    return new JsonFailed(this.#at, detail, hintFor(char));
  }
}

function found(char: string | undefined): string {
  if (char === undefined) return 'the end of the file';
  if (char === '"') return 'a text';
  if (/\d/.test(char)) return 'a number';
  if (/[\p{L}_]/u.test(char)) return 'a word without quotes';
  return /^[\x21-\x7e]$/.test(char)
    ? `"${char}"`
    : `the character U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function hintFor(char: string | undefined): string {
  if (char === undefined) return 'the file seems to be cut off, or a bracket is missing';
  if (char === '/' || char === '#') return 'JSON has no comments; remove it';
  if (char === "'") return 'use double quotes';
  if (char === '=')
    return 'a file that starts with "{" is read as JSON: write "key": value, or remove the outer braces to write HCL';
  return 'a file that starts with "{" is read as JSON: "key": value, with commas between members';
}
