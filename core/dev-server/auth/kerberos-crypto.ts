// Opens what a Kerberos client or KDC has encrypted (RFC 3961, 3962, 8009). The dev server only ever decrypts. Written without a look at the client's
// code: block by block, bit by bit, so that one mistake is not made twice. Pure.
import { createDecipheriv, createCipheriv, createHmac } from 'node:crypto';

/** A key of one encryption type. */
export interface KerberosKey {
  readonly etype: number;
  readonly bytes: Buffer;
}

interface Profile {
  readonly keySize: number;
  readonly hash: string;
  readonly macSize: number;
}

const PROFILES: Readonly<Record<number, Profile>> = {
  17: { keySize: 16, hash: 'sha1', macSize: 12 },
  18: { keySize: 32, hash: 'sha1', macSize: 12 },
  19: { keySize: 16, hash: 'sha256', macSize: 16 },
  20: { keySize: 32, hash: 'sha384', macSize: 24 },
};

/** True for the four AES types with a key of the right size. */
export const isSpoken = ({ etype, bytes }: KerberosKey): boolean => PROFILES[etype]?.keySize === bytes.length;

/** The plain bytes, or undefined when the key is another one or the bytes were changed. */
export function openSealed(key: KerberosKey, usage: number, sealed: Buffer): Buffer | undefined {
  const profile = PROFILES[key.etype];
  if (profile === undefined || sealed.length < 16 + profile.macSize || !isSpoken(key)) return undefined;
  const body = sealed.subarray(0, sealed.length - profile.macSize);
  const mac = sealed.subarray(sealed.length - profile.macSize);
  const plain = stealingDecrypt(purposeKey(key, usage, 0xaa), body);
  const covered = profile.hash === 'sha1' ? plain : Buffer.concat([Buffer.alloc(16), body]);
  const wanted = hmac(profile, purposeKey(key, usage, 0x55), covered);
  return wanted.equals(mac) ? plain.subarray(16) : undefined;
}

/** The keyed checksum of `bytes`, of the type that belongs to the key. Throws for types that are not spoken. */
export function keyedChecksum(key: KerberosKey, usage: number, bytes: Buffer): Buffer {
  return hmac(profileOf(key), purposeKey(key, usage, 0x99), bytes);
}

function profileOf({ etype }: KerberosKey): Profile {
  const found = PROFILES[etype];
  if (found === undefined) throw new Error(`encryption type ${String(etype)} is not supported`);
  return found;
}

const hmac = ({ hash, macSize }: Profile, key: Buffer, bytes: Buffer): Buffer =>
  createHmac(hash, key).update(bytes).digest().subarray(0, macSize);

/** The key for one purpose: 0xaa encryption, 0x55 integrity, 0x99 checksums. */
export function purposeKey(key: KerberosKey, usage: number, purpose: number): Buffer {
  const profile = profileOf(key);
  const constant = Buffer.from([0, 0, usage >> 8, usage & 0xff, purpose]);
  if (profile.hash === 'sha1') return simplifiedKey(key.bytes, constant);
  const size = purpose === 0xaa ? profile.keySize : profile.macSize;
  const input = Buffer.concat([
    Buffer.from([0, 0, 0, 1]),
    constant,
    Buffer.from([0, 0, 0, (size * 8) >> 8, (size * 8) & 0xff]),
  ]);
  return createHmac(profile.hash, key.bytes).update(input).digest().subarray(0, size);
}

function simplifiedKey(base: Buffer, constant: Buffer): Buffer {
  const cipher = createCipheriv(`aes-${String(base.length * 8)}-ecb`, base, null).setAutoPadding(false);
  const first = cipher.update(foldBits(constant, 128));
  return base.length === 16 ? first : Buffer.concat([first, cipher.update(first)]);
}

/** n-fold (RFC 3961, 5.1), bit by bit: columns are summed, carries run round. */
export function foldBits(input: Uint8Array, size: number): Buffer {
  const bits = input.length * 8;
  const columns = new Array<number>(size).fill(0);
  for (let at = 0; at < leastCommon(bits, size); at++) {
    const from = (((at - 13 * Math.floor(at / bits)) % bits) + bits) % bits;
    columns[at % size]! += ((input[from >> 3] ?? 0) >> (7 - (from & 7))) & 1;
  }
  while (columns.some((sum) => sum > 1)) carry(columns);
  const out = Buffer.alloc(size / 8);
  columns.forEach((bit, at) => (out[at >> 3]! |= bit << (7 - (at & 7))));
  return out;
}

function carry(columns: number[]): void {
  for (let at = columns.length - 1; at >= 0; at--) {
    const over = columns[at]! >> 1;
    columns[at]! &= 1;
    columns[at === 0 ? columns.length - 1 : at - 1]! += over;
  }
}

function leastCommon(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}

/** AES-CBC with ciphertext stealing (CS3) and a zero vector, from single blocks. */
function stealingDecrypt(key: Buffer, bytes: Buffer): Buffer {
  const decipher = createDecipheriv(`aes-${String(key.length * 8)}-ecb`, key, null).setAutoPadding(false);
  const open = (block: Buffer): Buffer => decipher.update(block);
  if (bytes.length <= 16) return open(bytes);
  const count = Math.ceil(bytes.length / 16);
  const blocks = Array.from({ length: count }, (_, at) => bytes.subarray(at * 16, at * 16 + 16));
  const short = blocks[count - 1] as Buffer;
  const mixed = open(blocks[count - 2] as Buffer);
  const last = xor(mixed.subarray(0, short.length), short);
  const chain = [...blocks.slice(0, -2), Buffer.concat([short, mixed.subarray(short.length)])];
  const plain = chain.map((block, at) => xor(open(block), at === 0 ? Buffer.alloc(16) : (chain[at - 1] as Buffer)));
  return Buffer.concat([...plain, last]);
}

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)));
