// The HCL 1 reader: text to an ordered tree with positions, with as many problems as there are mistakes. Recursive descent over the words
// of lexer.ts. It must not know what any key means.
import {
  bareWord,
  behindValue,
  blockNotClosed,
  commaMissing,
  keysWithoutValue,
  listNotClosed,
  manyKeysBeforeAssign,
  notAfterKey,
  notAKey,
  notAValue,
  tooDeep,
} from './complaints.js';
import { inTextOrder, keepLast } from './duplicates.js';
import { lex } from './lexer.js';
import { MOST_LEVELS, MOST_PROBLEMS } from './limits.js';
import { Places } from './places.js';
import { syntaxProblem, type ReadProblem } from './problem.js';
import type { Reading } from './reading.js';
import { resumeAt, startsItem } from './recovery.js';
import type { Flaw, Token } from './token.js';
import type { Item, Key, ListNode, Node, ObjectNode, Place } from './tree.js';

/**
 * Reads HCL 1 as the reference's library does, with line breaks normalised and a byte-order mark skipped. Differences, all on purpose: a key
 * with nothing behind its `=` is an error everywhere, letters right behind a number (`5m`) are an error, keys of one item stand on one line,
 * more than 200 levels are refused. Never throws; ten mistakes give ten problems.
 */
export function readHcl(text: string, file: string): Reading {
  const plain = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  return new HclParser(plain, file).read();
}

/** The item cannot be read; `tokenIndex` stands at the word that was not expected. */
class ItemFailed extends Error {
  readonly flaw: Flaw;
  constructor(flaw: Flaw) {
    super(flaw.detail);
    this.flaw = flaw;
  }
}

/** Enough problems were found. */
class GivenUp extends Error {}

class HclParser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #places: Places;
  readonly #problems: ReadProblem[] = [];
  #index = 0;
  #endReported = false;
  #suspect: string | undefined;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#tokens = lex(text);
    this.#places = new Places(text, file);
  }

  read(): Reading {
    const items: Item[] = [];
    const at = this.#places.at(0);
    try {
      this.#items(items, undefined, 0);
    } catch (stop) {
      if (!(stop instanceof GivenUp)) throw stop;
    }
    return { tree: { kind: 'object', items: this.#unique(items), at }, problems: inTextOrder(this.#problems) };
  }

  get #token(): Token {
    return this.#tokens[this.#index] as Token;
  }

  /** Reads items until `}` (inside `block`) or the end of the text. */
  #items(items: Item[], block: Block | undefined, level: number): void {
    for (;;) {
      const token = this.#token;
      if (token.type === 'end') return this.#atEnd(token, block);
      if (token.type === '}' && block !== undefined) return this.#closeBlock(token, block);
      const first = this.#index;
      try {
        items.push(this.#item(level));
        if (this.#token.type === ',') this.#index++;
      } catch (failure) {
        if (!(failure instanceof ItemFailed)) throw failure;
        this.#recover(failure, first);
      }
    }
  }

  #recover(failure: ItemFailed, first: number): void {
    const atEnd = this.#token.type === 'end';
    if (!atEnd || !this.#endReported)
      this.#report(this.#token.flaw !== undefined && atEnd ? this.#token.flaw : failure.flaw);
    this.#endReported ||= atEnd;
    const column = (token: Token): number => this.#place(token).column;
    this.#index = resumeAt({ tokens: this.#tokens, first, failed: Math.max(first, this.#index), column });
    if (this.#index === first) this.#index++;
  }

  #item(level: number): Item {
    const at = this.#place(this.#token);
    const keys: Key[] = [];
    for (;;) {
      const token = this.#token;
      if (token.type === 'ident' || token.type === 'string') keys.push(this.#key(token, keys));
      else if (token.type === '=') return { keys, value: this.#assigned(token, keys, level), assigned: true, at };
      else if (token.type === '{' && keys.length > 0)
        return { keys, value: this.#object(blockName(keys), level + 1), assigned: false, at };
      else throw new ItemFailed(this.#notAnItem(token, keys));
    }
  }

  /** The words from the first key up to `token` make no item. */
  #notAnItem(token: Token, keys: readonly Key[]): Flaw {
    if (keys.length === 0) return notAKey(token);
    const firstIndex = this.#index - keys.length;
    const first = this.#tokens[firstIndex] as Token;
    if (!first.firstOnLine && isValueEnd(this.#tokens[firstIndex - 1])) return behindValue(first);
    if (!token.firstOnLine) return notAfterKey(token, lastText(keys));
    return keysWithoutValue(first, keys.length > 1 ? this.#tokens[firstIndex + 1] : undefined);
  }

  #key(token: Token, before: readonly Key[]): Key {
    if (token.firstOnLine && before.length > 0) throw new ItemFailed(this.#notAnItem(token, before));
    this.#take(token);
    return { text: String(token.value), quoted: token.type === 'string', at: this.#place(token) };
  }

  #assigned(token: Token, keys: readonly Key[], level: number): Node {
    if (keys.length === 0) throw new ItemFailed(notAKey(token));
    if (keys.length > 1)
      throw new ItemFailed(
        manyKeysBeforeAssign(
          token,
          keys.map((key) => key.text),
        ),
      );
    this.#take(token);
    const key = lastText(keys);
    const value = this.#value(key, level + 1);
    if (value !== undefined) return value;
    const nextItem = this.#token.firstOnLine && startsItem(this.#tokens, this.#index);
    throw new ItemFailed(notAValue(this.#token, key, nextItem));
  }

  /** The value that starts here, or undefined when none does. */
  #value(key: string, level: number): Node | undefined {
    const token = this.#token;
    if (token.type === '{') return this.#object(`"${key}"`, level);
    if (token.type === '[') return this.#list(key, level);
    if (token.type === 'number') return { ...this.#scalar(token), raw: this.#text.slice(token.start, token.end) };
    if (token.type === 'string' || token.type === 'bool' || token.type === 'heredoc') return this.#scalar(token);
    return undefined;
  }

  #scalar(token: Token): { kind: 'scalar'; value: string | number | boolean; at: Place } {
    this.#take(token);
    return { kind: 'scalar', value: token.value, at: this.#place(token) };
  }

  #object(name: string, level: number): ObjectNode {
    const open = this.#enter(level);
    const items: Item[] = [];
    this.#items(items, { name, open, at: this.#place(open) }, level);
    return { kind: 'object', items: this.#unique(items), at: this.#place(open) };
  }

  #list(key: string, level: number): ListNode {
    const open = this.#enter(level);
    const items: Node[] = [];
    let commaDue = false;
    while (this.#token.type !== ']') {
      const token = this.#token;
      if (token.type === ',') this.#index++;
      else if (this.#leavesList(token)) throw new ItemFailed(listNotClosed(token, this.#place(open).line));
      else {
        if (commaDue) this.#report(token.flaw ?? commaMissing(token));
        const value = this.#value(key, level + 1) ?? this.#notAListValue(token);
        if (value !== undefined) items.push(value);
      }
      commaDue = token.type !== ',' && token.type !== '[';
    }
    this.#index++;
    return { kind: 'list', items, at: this.#place(open) };
  }

  #leavesList(token: Token): boolean {
    return (
      token.type === 'end' ||
      token.type === '}' ||
      token.type === '=' ||
      (token.firstOnLine && startsItem(this.#tokens, this.#index))
    );
  }

  #notAListValue(token: Token): undefined {
    if (token.type !== 'ident') throw new ItemFailed(notAValue(token, 'the list', false));
    this.#report(bareWord(token));
    this.#index++;
  }

  #enter(level: number): Token {
    const open = this.#token;
    if (level > MOST_LEVELS) throw new ItemFailed(tooDeep(open, MOST_LEVELS));
    this.#index++;
    return open;
  }

  #closeBlock(token: Token, block: Block): void {
    const column = this.#place(token).column;
    this.#index++;
    if (this.#suspect !== undefined || !token.firstOnLine || column >= this.#indentOf(block.open)) return;
    this.#suspect = `add a "}"; probably one is missing at the end of ${block.name} of line ${block.at.line}`;
  }

  /** Column at which the line of a token begins. */
  #indentOf(token: Token): number {
    const lineStart = this.#text.lastIndexOf('\n', token.start) + 1;
    return 1 + (/^[ \t]*/.exec(this.#text.slice(lineStart, token.start))?.[0].length ?? 0);
  }

  #atEnd(token: Token, block: Block | undefined): void {
    if (this.#endReported) return;
    if (token.flaw !== undefined) this.#report(token.flaw);
    else if (block !== undefined)
      this.#report(blockNotClosed(token, { name: block.name, line: block.at.line }, this.#suspect));
    this.#endReported ||= token.flaw !== undefined || block !== undefined;
  }

  #take(token: Token): void {
    this.#index++;
    if (token.flaw === undefined) return;
    if (token.end === this.#text.length && token.flaw.offset === token.end) this.#endReported = true;
    this.#report(token.flaw);
  }

  #report(flaw: Flaw): void {
    this.#problems.push(syntaxProblem(this.#places.at(flaw.offset), flaw.detail, flaw.hint));
    if (this.#problems.length < MOST_PROBLEMS) return;
    const next = this.#places.at(flaw.offset + 1);
    this.#problems.push(syntaxProblem(next, 'there are too many mistakes above; the rest of the file was not read'));
    throw new GivenUp();
  }

  #unique(items: readonly Item[]): Item[] {
    return keepLast(
      items,
      (item) => item.assigned && item.value.kind !== 'object',
      (problem) => this.#problems.push(problem),
    );
  }

  #place(token: Token): Place {
    return this.#places.at(token.start);
  }
}

interface Block {
  readonly name: string;
  readonly open: Token;
  readonly at: Place;
}

function isValueEnd(token: Token | undefined): boolean {
  return token !== undefined && token.type !== '{' && token.type !== ',';
}

function lastText(keys: readonly Key[]): string {
  return keys.at(-1)?.text ?? '';
}

function blockName(keys: readonly Key[]): string {
  return keys.map((key) => (key.quoted ? `"${key.text}"` : key.text)).join(' ');
}
