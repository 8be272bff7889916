// RADIUS packets (RFC 2865): an Access-Request with a hidden password, and the check of an answer. Pure: it is told the chance. Knows no network.
import { createHash } from 'node:crypto';

/** Codes of RFC 2865 section 3. */
export const CODE = { request: 1, accept: 2, reject: 3, challenge: 11 } as const;

const ATTRIBUTE = { userName: 1, userPassword: 2, nasPort: 5, nasIdentifier: 32 } as const;
const HEAD = 20;
const MOST_ATTRIBUTE = 253;
const MOST_PASSWORD = 128;

/** What to ask. */
export interface AccessRequest {
  readonly username: string;
  readonly password: string;
  readonly nasPort: number;
  /** Left out when empty. */
  readonly nasIdentifier: string;
}

/** What makes a request unlike others: 0 to 255, and sixteen bytes of chance. */
export interface RequestIdentity {
  readonly id: number;
  readonly authenticator: Uint8Array;
}

/** The bytes of a request. Throws a plain Error for a name or password that does not fit. */
export function requestPacket(request: AccessRequest, { id, authenticator }: RequestIdentity, secret: string): Buffer {
  const port = Buffer.alloc(4);
  port.writeUInt32BE(request.nasPort);
  const { nasIdentifier } = request;
  const attributes = Buffer.concat([
    attribute(ATTRIBUTE.userName, Buffer.from(request.username)),
    attribute(ATTRIBUTE.userPassword, hiddenPassword(Buffer.from(request.password), authenticator, secret)),
    ...(nasIdentifier === '' ? [] : [attribute(ATTRIBUTE.nasIdentifier, Buffer.from(nasIdentifier))]),
    attribute(ATTRIBUTE.nasPort, port),
  ]);
  const head = Buffer.from([CODE.request, id, 0, 0]);
  head.writeUInt16BE(HEAD + attributes.length, 2);
  return Buffer.concat([head, authenticator, attributes]);
}

function attribute(type: number, value: Buffer): Buffer {
  if (value.length > MOST_ATTRIBUTE) throw new Error('value too long for a RADIUS attribute');
  return Buffer.concat([Buffer.from([type, value.length + 2]), value]);
}

/** User-Password as it travels (RFC 2865 5.2): chained blocks of sixteen bytes, each under an MD5 of the secret and the block before. */
export function hiddenPassword(password: Buffer, authenticator: Uint8Array, secret: string): Buffer {
  if (password.length > MOST_PASSWORD) throw new Error('password too long for RADIUS (128 bytes at most)');
  const padded = Buffer.alloc(Math.max(16, Math.ceil(password.length / 16) * 16));
  password.copy(padded);
  const blocks: Buffer[] = [];
  let before = authenticator;
  for (let at = 0; at < padded.length; at += 16) {
    const mask = createHash('md5').update(secret).update(before).digest();
    const block = Buffer.from(padded.subarray(at, at + 16).map((byte, index) => byte ^ (mask[index] ?? 0)));
    blocks.push(block);
    before = block;
  }
  return Buffer.concat(blocks);
}

/** The code of an answer; undefined when it is none to this request, or its authenticator was not made with the secret (RFC 2865 section 3). */
export function answerCode(bytes: Buffer, { id, authenticator }: RequestIdentity, secret: string): number | undefined {
  if (bytes.length < HEAD || bytes.readUInt8(1) !== id) return undefined;
  const length = bytes.readUInt16BE(2);
  if (length < HEAD || length > bytes.length) return undefined;
  const expected = createHash('md5')
    .update(bytes.subarray(0, 4))
    .update(authenticator)
    .update(bytes.subarray(HEAD, length))
    .update(secret)
    .digest();
  return expected.equals(bytes.subarray(4, HEAD)) ? bytes.readUInt8(0) : undefined;
}
