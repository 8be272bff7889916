// Where the values of a JSON text are, in bytes, so that one can be replaced without touching the others. It must not know what they mean.

/** One value: its bytes are `start` (inclusive) to `end` (exclusive). */
export interface JsonSpan {
  readonly kind: 'object' | 'array' | 'string' | 'scalar';
  readonly start: number;
  readonly end: number;
  /** Members of an object in the order of the text; `keyStart` is where the member begins. */
  readonly members: readonly { readonly key: string; readonly keyStart: number; readonly value: JsonSpan }[];
  /** Elements of an array. */
  readonly items: readonly JsonSpan[];
}

const MAX_DEPTH = 256;
const NONE: readonly never[] = [];

/** Where one value is: its bytes are `start` (inclusive) to `end` (exclusive). */
export interface Place {
  readonly start: number;
  readonly end: number;
}

class Reader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  value(depth: number): JsonSpan {
    if (depth > MAX_DEPTH) throw new SyntaxError('too deep');
    this.blanks();
    const first = this.bytes[this.at];
    if (first === 0x7b) return this.object(depth);
    if (first === 0x5b) return this.array(depth);
    const start = this.at;
    if (first === 0x22) this.string();
    else this.scalar();
    return { kind: first === 0x22 ? 'string' : 'scalar', start, end: this.at, members: NONE, items: NONE };
  }

  object(depth: number): JsonSpan {
    const start = this.at++;
    const members: { key: string; keyStart: number; value: JsonSpan }[] = [];
    while (!this.closes(0x7d)) {
      const keyStart = this.at;
      this.string();
      const key = textOf(this.bytes, keyStart, this.at);
      this.blanks();
      this.take(0x3a);
      members.push({ key, keyStart, value: this.value(depth + 1) });
    }
    return { kind: 'object', start, end: this.at, members, items: NONE };
  }

  array(depth: number): JsonSpan {
    const start = this.at++;
    const items: JsonSpan[] = [];
    while (!this.closes(0x5d)) items.push(this.value(depth + 1));
    return { kind: 'array', start, end: this.at, members: NONE, items };
  }

  // The last member of this object at a path of keys, without making anything of the others.
  find(keys: readonly string[], depth: number): Place | undefined {
    this.blanks();
    if (this.bytes[this.at] !== 0x7b || depth >= keys.length) return undefined;
    let found: Place | undefined;
    this.at++;
    while (!this.closes(0x7d)) {
      const keyStart = this.at;
      this.string();
      const wanted = textOf(this.bytes, keyStart, this.at) === keys[depth];
      this.blanks();
      this.take(0x3a);
      this.blanks();
      const start = this.at;
      this.skip();
      if (!wanted) continue;
      found = depth === keys.length - 1 ? { start, end: this.at } : new Reader(this.bytes, start).find(keys, depth + 1);
    }
    return found;
  }

  // Passes over one value of any depth without recursion.
  skip(): void {
    let depth = 0;
    do {
      this.blanks();
      const byte = this.bytes[this.at];
      if (byte === 0x22) this.string();
      else if (PUNCTUATION.has(byte ?? 0)) {
        depth += DEPTH_OF.get(byte!) ?? 0;
        this.at++;
      } else this.scalar();
    } while (depth > 0);
  }

  // Consumes blanks, a comma, or the closing bracket; true when it closed.
  closes(bracket: number): boolean {
    this.blanks();
    if (this.bytes[this.at] === 0x2c) {
      this.at++;
      this.blanks();
    }
    if (this.bytes[this.at] === bracket) {
      this.at++;
      return true;
    }
    if (this.at >= this.bytes.length) throw new SyntaxError('unexpected end');
    return false;
  }

  string(): void {
    this.take(0x22);
    for (let byte = this.bytes[this.at]; byte !== 0x22; byte = this.bytes[this.at]) {
      if (byte === undefined) throw new SyntaxError('unexpected end');
      this.at += byte === 0x5c ? 2 : 1;
    }
    this.at++;
  }

  scalar(): void {
    const start = this.at;
    while (this.at < this.bytes.length && !ENDS.has(this.bytes[this.at]!)) this.at++;
    if (this.at === start) throw new SyntaxError('value expected');
  }

  blanks(): void {
    while (BLANKS.has(this.bytes[this.at] ?? 0)) this.at++;
  }

  take(byte: number): void {
    if (this.bytes[this.at] !== byte) throw new SyntaxError('unexpected character');
    this.at++;
  }
}

const DEPTH_OF = new Map([
  [0x7b, 1],
  [0x5b, 1],
  [0x7d, -1],
  [0x5d, -1],
]);
const PUNCTUATION = new Set([0x2c, 0x3a, ...DEPTH_OF.keys()]);
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const ENDS = new Set([0x2c, 0x5d, 0x7d, ...BLANKS]);

function textOf(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

/** The text of a string span, decoded. */
export function stringAt(bytes: Uint8Array, span: JsonSpan): string {
  return textOf(bytes, span.start, span.end);
}

/** Spans of a JSON text, or undefined when it is not one. It is not a validator: give it what JSON.parse accepts. */
export function readSpans(bytes: Uint8Array): JsonSpan | undefined {
  try {
    return new Reader(bytes).value(0);
  } catch {
    return undefined;
  }
}

/** The value at a path of object keys. Of duplicated keys the last counts, as in JSON.parse. */
export function spanAt(root: JsonSpan | undefined, ...keys: readonly string[]): JsonSpan | undefined {
  let span = root;
  for (const key of keys) span = span?.members.findLast((member) => member.key === key)?.value;
  return span;
}

/** The same as `spanAt(readSpans(bytes), ...keys)` for its place only, without building the rest. */
export function placeAt(bytes: Uint8Array, ...keys: readonly string[]): Place | undefined {
  try {
    return new Reader(bytes).find(keys, 0);
  } catch {
    return undefined;
  }
}
