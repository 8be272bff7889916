// Fields of Kerberos messages by number (RFC 4120, section 5). Pure; bad bytes are an Error, never a crash.
import { elementsOf, type Element } from './der.js';

/** Something encrypted. */
export interface Sealed {
  readonly etype: number;
  readonly kvno: number | undefined;
  readonly cipher: Buffer;
}

/** Fields of a SEQUENCE by number. */
export type Tagged = ReadonlyMap<number, Element>;

/** Content of the first element, which must have `tag`. Throws an Error. */
export function only(list: readonly Element[], tag: number): Buffer {
  if (list[0]?.tag !== tag) throw new Error(`malformed: tag ${String(tag)} expected`);
  return Buffer.from(list[0].content);
}

/** Content of a SEQUENCE. Throws an Error. */
export const sequence = (element: Element): Buffer => only([element], 0x30);

/** Fields of a SEQUENCE that is the only content of `bytes`. Throws an Error. */
export const tagged = (bytes: Buffer): Tagged => numbered(only(elementsOf(bytes), 0x30));

function numbered(bytes: Buffer): Tagged {
  const pairs = elementsOf(bytes).flatMap(({ tag, content }) => {
    const inner = elementsOf(content)[0];
    return inner === undefined ? [] : [[tag - 0xa0, inner] as const];
  });
  return new Map(pairs);
}

/** Fields of a SEQUENCE. Throws an Error. */
export const children = (element: Element): Tagged => numbered(sequence(element));

/** The field with this number. Throws an Error. */
export function need(fields: Tagged, at: number): Element {
  const found = fields.get(at);
  if (found === undefined) throw new Error(`malformed: field ${String(at)} is missing`);
  return found;
}

/** Value of an INTEGER. Throws an Error. */
export function number({ tag, content }: Element): number {
  if (tag !== 0x02 || content.length === 0 || content.length > 6) throw new Error('malformed: number expected');
  return Buffer.from(content).readIntBE(0, content.length);
}

/** Text of a string. */
export const string = ({ content }: Element): string => Buffer.from(content).toString();

/** Components of a PrincipalName, joined by slashes. Throws an Error. */
export const name = (element: Element): string =>
  elementsOf(sequence(need(children(element), 1)))
    .map(string)
    .join('/');

/** An EncryptedData. Throws an Error. */
export function sealed(element: Element): Sealed {
  const fields = children(element);
  const kvno = fields.get(1);
  return {
    etype: number(need(fields, 0)),
    kvno: kvno === undefined ? undefined : number(kvno),
    cipher: Buffer.from(need(fields, 2).content),
  };
}

/** Milliseconds since 1970 of a GeneralizedTime. Throws an Error. */
export function moment(element: Element): number {
  const text = string(element).replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Error('malformed: time expected');
  return at;
}
