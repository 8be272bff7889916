// Just enough of DER (X.690) to read the extensions of a certificate that node:crypto does not show. Pure; bad bytes give nothing.

/** One element: its tag and its content. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const SEQUENCE = 0x30;
const EXTENSIONS = 0xa3;
const OID = 0x06;
const OCTETS = 0x04;

/** The elements one after another in `bytes`; ends at the first that is not whole. */
export function elementsOf(bytes: Uint8Array): Element[] {
  const out: Element[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const length = lengthAt(bytes, at + 1);
    if (length === undefined || length.start + length.size > bytes.length) return out;
    out.push({ tag: bytes[at] ?? 0, content: bytes.subarray(length.start, length.start + length.size) });
    at = length.start + length.size;
  }
  return out;
}

function lengthAt(bytes: Uint8Array, at: number): { start: number; size: number } | undefined {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { start: at + 1, size: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4 || at + 1 + count > bytes.length) return undefined;
  const size = bytes.subarray(at + 1, at + 1 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return { start: at + 1 + count, size };
}

/** The dotted text of an object identifier's content. */
export function oidText(content: Uint8Array): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(value);
      value = 0;
    }
  }
  const head = numbers.shift() ?? 0;
  const top = Math.min(Math.floor(head / 40), 2);
  return [top, head - top * 40, ...numbers].join('.');
}

/** The extensions of a certificate (RFC 5280, 4.1) by object identifier, each as the bytes inside its octet string. */
export function extensionsOf(certificate: Uint8Array): Map<string, Uint8Array> {
  const whole = elementsOf(certificate)[0];
  const body = elementsOf(whole?.content ?? new Uint8Array())[0];
  const tagged = elementsOf(body?.content ?? new Uint8Array()).find((element) => element.tag === EXTENSIONS);
  const list = elementsOf(tagged?.content ?? new Uint8Array())[0];
  const out = new Map<string, Uint8Array>();
  for (const extension of elementsOf(list?.content ?? new Uint8Array())) {
    const parts = extension.tag === SEQUENCE ? elementsOf(extension.content) : [];
    const id = parts.find((part) => part.tag === OID);
    const value = parts.find((part) => part.tag === OCTETS);
    if (id !== undefined && value !== undefined) out.set(oidText(id.content), value.content);
  }
  return out;
}
