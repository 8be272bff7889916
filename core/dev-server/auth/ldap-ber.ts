// Basic Encoding Rules as LDAP uses them (RFC 4511 5.1): definite lengths only. Writes values and reads elements; knows no message.
import { elementsOf } from './der.js';
import type { Element } from './der.js';

/** Tags of the universal class. */
export const TAG = { boolean: 0x01, integer: 0x02, octets: 0x04, enumerated: 0x0a, sequence: 0x30, set: 0x31 } as const;

/** One element around the given contents. */
export function ber(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(content.length), content]);
}

/** An octet string, or whatever has text as its content. */
export const berText = (text: string, tag: number = TAG.octets): Buffer => ber(tag, Buffer.from(text, 'utf8'));

/** An integer of 0 to 2^31-1. */
export function berInteger(value: number, tag: number = TAG.integer): Buffer {
  const bytes = [value & 0xff];
  for (let rest = value >>> 8; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  if ((bytes[0] ?? 0) > 0x7f) bytes.unshift(0);
  return ber(tag, Buffer.from(bytes));
}

/** A boolean. */
export const berBoolean = (value: boolean): Buffer => ber(TAG.boolean, Buffer.from([value ? 0xff : 0]));

/** The number in the content of an integer. */
export const integerIn = (element: Element | undefined): number =>
  (element?.content ?? new Uint8Array()).reduce((sum, byte) => sum * 256 + byte, 0);

/** The text in the content of an octet string. */
export const textIn = (element: Element | undefined): string =>
  Buffer.from(element?.content ?? new Uint8Array()).toString('utf8');

/** The elements inside of a constructed one. */
export const inside = (element: Element | undefined): Element[] => elementsOf(element?.content ?? new Uint8Array());

/**
 * Length of the whole element at the start of `bytes`; undefined while that cannot be told, NaN when it is no definite length of at most four bytes.
 */
export function wholeLength(bytes: Uint8Array): number | undefined {
  const first = bytes[1];
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4) return NaN;
  if (bytes.length < 2 + count) return undefined;
  return 2 + count + bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}
