// Reads keytab files (format 0x0502 of MIT Kerberos, which all others write too; spec auth-wire 10.3). Pure. Every fault is an Error in words.
import type { Key } from './enctypes.js';

/** One key of a keytab. */
export interface KeytabEntry {
  readonly names: readonly string[];
  readonly realm: string;
  readonly kvno: number;
  readonly key: Key;
}

/** All entries in the order of the file. Throws an Error that says what is wrong; it never quotes bytes. */
export function parseKeytab(bytes: Buffer): KeytabEntry[] {
  if (bytes.length < 2 || bytes[0] !== 5) throw new Error('it is not a keytab');
  if (bytes[1] !== 2) throw new Error(`it has keytab format ${String(bytes[1])}; write it with a newer ktutil`);
  const entries: KeytabEntry[] = [];
  for (let at = 2; at + 4 <= bytes.length;) {
    const size = bytes.readInt32BE(at);
    const end = at + 4 + Math.abs(size);
    if (size === 0) break;
    if (end > bytes.length) throw new Error('its last entry is cut off');
    // A negative size is a hole that a removed entry has left.
    if (size > 0) entries.push(entryOf(new Cursor(bytes.subarray(at + 4, end))));
    at = end;
  }
  return entries;
}

function entryOf(cursor: Cursor): KeytabEntry {
  const count = cursor.number(2);
  const realm = cursor.counted().toString('utf8');
  const names = Array.from({ length: count }, () => cursor.counted().toString('utf8'));
  cursor.number(4);
  cursor.number(4);
  const short = cursor.number(1);
  const etype = cursor.number(2);
  const key = { etype, bytes: cursor.counted() };
  const long = cursor.left >= 4 ? cursor.number(4) : 0;
  return { names, realm, kvno: long === 0 ? short : long, key };
}

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(size: number): number {
    return this.#take(size).readUIntBE(0, size);
  }

  counted(): Buffer {
    return this.#take(this.number(2));
  }

  #take(size: number): Buffer {
    if (size > this.left) throw new Error('an entry of it is cut off');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}
