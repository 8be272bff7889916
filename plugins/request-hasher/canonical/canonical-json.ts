// JSON in one spelling, on the level of tokens: numbers keep their digits, so that big integers do not collide. An object that repeats a key has no
// canonical text: what it means is the reader's choice. Knows the grammar of RFC 8259 and no meaning. Pure.

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const MAX_DEPTH = 200;
/** More than any request for a secret has; a body of 32 MB made of small values would cost seconds and a gigabyte. */
const MAX_VALUES = 10_000;

/** The canonical text, or undefined for what is not JSON, repeats a key in an object, is nested deeper than 200 levels or has more than 10,000 values. */
export function canonicalJson(text: string): string | undefined {
  const reader = new Reader(text);
  const value = reader.value(0);
  return value !== undefined && reader.isAtEnd() ? value : undefined;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): string | undefined {
    this.#take(SPACE);
    if (depth > MAX_DEPTH || ++this.#values > MAX_VALUES) return undefined;
    const value = this.#anyValue(depth);
    this.#take(SPACE);
    return value;
  }

  isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  #anyValue(depth: number): string | undefined {
    if (this.#skip('{')) return this.#object(depth);
    if (this.#skip('[')) return this.#array(depth);
    return this.#string() ?? this.#take(NUMBER) ?? this.#take(WORD);
  }

  #object(depth: number): string | undefined {
    const members = this.#list('}', () => this.#member(depth));
    const sorted = members?.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    if (sorted?.some(({ key }, at) => sorted[at + 1]?.key === key)) return undefined;
    return sorted && `{${sorted.map(({ key, value }) => `${key}:${value}`).join(',')}}`;
  }

  #array(depth: number): string | undefined {
    const items = this.#list(']', () => this.value(depth + 1));
    return items && `[${items.join(',')}]`;
  }

  #member(depth: number): { key: string; value: string } | undefined {
    this.#take(SPACE);
    const key = this.#string();
    this.#take(SPACE);
    if (key === undefined || !this.#skip(':')) return undefined;
    const value = this.value(depth + 1);
    return value === undefined ? undefined : { key, value };
  }

  #list<T>(end: string, item: () => T | undefined): T[] | undefined {
    const list: T[] = [];
    this.#take(SPACE);
    if (this.#skip(end)) return list;
    for (;;) {
      const next = item();
      if (next === undefined) return undefined;
      list.push(next);
      this.#take(SPACE);
      if (this.#skip(end)) return list;
      if (!this.#skip(',')) return undefined;
    }
  }

  /** Escapes are resolved and written anew, so that `"\u0061"` and `"a"` are one. */
  #string(): string | undefined {
    const end = stringEnd(this.#text, this.#at);
    if (end === undefined) return undefined;
    const raw = this.#text.slice(this.#at, end);
    const text = raw.includes('\\') ? respell(raw) : raw;
    if (text !== undefined) this.#at = end;
    return text;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skip(mark: string): boolean {
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }
}

/** Where the string that starts at `start` ends; undefined when none does. By hand, because strings may be megabytes long. */
function stringEnd(text: string, start: number): number | undefined {
  if (text.charCodeAt(start) !== 0x22) return undefined;
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    if (unit < 0x20) return undefined;
    if (unit === 0x5c) at++;
  }
  return undefined;
}

function respell(raw: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(raw));
  } catch {
    return undefined;
  }
}
