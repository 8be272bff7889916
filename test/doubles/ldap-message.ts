// Reads and writes LDAP messages for the directory double (RFC 4511), by a reader of its own that shares nothing with the server under test.

/** A decoded element: the tag, its bytes, and its parts when it is constructed. */
export interface Node {
  readonly tag: number;
  readonly bytes: Buffer;
  readonly parts: readonly Node[];
}

/** The first element, or undefined while it is not whole. Throws for what is no BER of definite length. */
export function readNode(bytes: Buffer): { readonly node: Node; readonly size: number } | undefined {
  if (bytes.length < 2) return undefined;
  let at = 2;
  let length = bytes.readUInt8(1);
  if (length > 0x80) {
    const count = length - 0x80;
    if (count > 4) throw new Error('a length of more than four bytes');
    if (bytes.length < 2 + count) return undefined;
    length = bytes.readUIntBE(2, count);
    at += count;
  } else if (length === 0x80) throw new Error('an indefinite length');
  if (bytes.length < at + length) return undefined;
  const content = bytes.subarray(at, at + length);
  const tag = bytes.readUInt8(0);
  return { node: { tag, bytes: content, parts: (tag & 0x20) === 0 ? [] : readNodes(content) }, size: at + length };
}

function readNodes(bytes: Buffer): Node[] {
  const nodes: Node[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const read = readNode(rest);
    if (read === undefined) throw new Error('an element that is cut off');
    nodes.push(read.node);
    rest = rest.subarray(read.size);
  }
  return nodes;
}

/** Unsigned number of an integer or enumeration. */
export const numberOf = (node: Node | undefined): number =>
  node === undefined || node.bytes.length === 0 ? NaN : node.bytes.readUIntBE(0, node.bytes.length);

/** Text of an octet string. */
export const stringOf = (node: Node | undefined): string => node?.bytes.toString('utf8') ?? '';

/** Writes an element whose length always takes the three-byte form, which real servers may send too. */
export function write(tag: number, ...content: readonly (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  const head = Buffer.from([tag, 0x82, 0, 0]);
  head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

/** An LDAPResult of an operation. */
export const result = (tag: number, code: number, words = ''): Buffer =>
  write(tag, write(0x0a, Buffer.from([code])), write(0x04, ''), write(0x04, words));

/** A whole message. */
export const message = (id: number, operation: Buffer): Buffer => {
  const number = Buffer.alloc(4);
  number.writeInt32BE(id);
  return write(0x30, write(0x02, number), operation);
};
