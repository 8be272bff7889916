// Writes the DER (X.690) that Kerberos messages are made of (RFC 4120, section 5). Pure; knows no message.

const UNIVERSAL = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, time: 0x18, text: 0x1b, sequence: 0x30 };

/** One element of any tag below 31 around `parts`. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthBytes(content.length), content]);
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = bigEndian(length);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function bigEndian(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes.length === 0 ? [0] : bytes;
}

/** INTEGER of a whole number from 0 to 2^53. */
export function integer(value: number): Buffer {
  const bytes = bigEndian(value);
  return element(UNIVERSAL.integer, Buffer.from((bytes[0] as number) >= 0x80 ? [0, ...bytes] : bytes));
}

/** OCTET STRING. */
export const octets = (bytes: Uint8Array): Buffer => element(UNIVERSAL.octets, bytes);

/** SEQUENCE or SEQUENCE OF. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(UNIVERSAL.sequence, ...parts);

/** GeneralString, as UTF-8. */
export const text = (value: string): Buffer => element(UNIVERSAL.text, Buffer.from(value, 'utf8'));

/** BIT STRING of 32 flags; the first flag is the highest bit. */
export function flags(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  return element(UNIVERSAL.bits, bytes);
}

/** GeneralizedTime of a moment in milliseconds since 1970; whole seconds, UTC. */
export function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().slice(0, 19).replace(/[-T:]/g, '');
  return element(UNIVERSAL.time, Buffer.from(`${digits}Z`, 'latin1'));
}

/** OBJECT IDENTIFIER from its dotted text. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(UNIVERSAL.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) | 0x80);
  return bytes;
}

/** `[number]` around one element. */
export const context = (number: number, part: Uint8Array): Buffer => element(0xa0 + number, part);

/** `[APPLICATION number]` around one element. */
export const application = (number: number, part: Uint8Array): Buffer => element(0x60 + number, part);
