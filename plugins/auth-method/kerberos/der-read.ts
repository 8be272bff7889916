// Reads the DER (X.690) of Kerberos answers. Strict about lengths; every fault is an Error in words, never a crash. Knows no message.

/** One element: tag, content, and all its bytes. */
export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

const TAGS = { integer: 0x02, octets: 0x04, time: 0x18, text: 0x1b, sequence: 0x30 } as const;

/** The elements of `bytes`, one after another. Throws an Error when one is cut off. */
export function elements(bytes: Buffer): Element[] {
  const out: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const { start, end } = bounds(bytes, at);
    out.push({ tag: bytes[at] as number, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return out;
}

function bounds(bytes: Buffer, at: number): { start: number; end: number } {
  const first = bytes[at + 1];
  if (first === undefined) throw new Error('it is cut off');
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (count > 4 || first === 0x80) throw new Error('a length in it is not DER');
  const start = at + 2 + count;
  if (start > bytes.length) throw new Error('it is cut off');
  const end = start + (count === 0 ? first : bytes.readUIntBE(at + 2, count));
  if (end > bytes.length) throw new Error('it is cut off');
  return { start, end };
}

/** The one element that `bytes` begin with; padding behind it is ignored. Throws an Error. */
export function firstElement(bytes: Buffer): Element {
  const { start, end } = bounds(bytes, 0);
  return { tag: bytes[0] as number, content: bytes.subarray(start, end), whole: bytes.subarray(0, end) };
}

/** The elements inside `[n]` tags of a SEQUENCE, by n. Throws an Error. */
export class Fields {
  readonly #byNumber = new Map<number, Element>();

  constructor(sequence: Element) {
    for (const { tag, content } of elements(expect(sequence, TAGS.sequence).content)) {
      this.#byNumber.set(tag - 0xa0, firstElement(content));
    }
  }

  /** The element at `[number]`, or undefined. */
  find(number: number): Element | undefined {
    return this.#byNumber.get(number);
  }

  /** The element at `[number]`. Throws an Error when it is not there. */
  get(number: number): Element {
    const found = this.#byNumber.get(number);
    if (found === undefined) throw new Error(`it has no field ${String(number)}`);
    return found;
  }
}

function expect(found: Element, tag: number): Element {
  if (found.tag !== tag) throw new Error(`it has tag ${String(found.tag)} where ${String(tag)} belongs`);
  return found;
}

/** Value of an INTEGER of at most six bytes. Throws an Error. */
export function integerOf(found: Element): number {
  const { content } = expect(found, TAGS.integer);
  if (content.length === 0 || content.length > 6) throw new Error('a number in it is too long');
  return content.readIntBE(0, content.length);
}

/** Content of an OCTET STRING. Throws an Error. */
export const octetsOf = (found: Element): Buffer => expect(found, TAGS.octets).content;

/** Text of a GeneralString. Throws an Error. */
export const textOf = (found: Element): string => expect(found, TAGS.text).content.toString('utf8');

/** Parts of a SEQUENCE. Throws an Error. */
export const partsOf = (found: Element): Element[] => elements(expect(found, TAGS.sequence).content);

/** Moment of a GeneralizedTime in milliseconds since 1970. Throws an Error. */
export function timeOf(found: Element): number {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(expect(found, TAGS.time).content.toString('latin1'));
  if (match === null) throw new Error('a time in it is not readable');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** What is inside `[APPLICATION number]`. Throws an Error when the tag is another one. */
export const applicationOf = (bytes: Buffer, ...numbers: readonly number[]): Element => {
  const outer = firstElement(bytes);
  if (!numbers.some((number) => outer.tag === 0x60 + number)) throw new Error('it is another message');
  return firstElement(outer.content);
};
