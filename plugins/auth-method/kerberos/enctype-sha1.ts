// Encryption types 17 and 18: AES-CTS with HMAC-SHA1-96 (RFC 3961 simplified profile, RFC 3962). Pure but for the confounder, which is given.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ctsDecrypt, ctsEncrypt, encryptBlock } from './aes-cts.js';
import { nFold } from './n-fold.js';

const MAC_BYTES = 12;

/** DK of RFC 3961, section 5.1, for AES: a key of the same size for one purpose. */
export function deriveKey(base: Buffer, constant: Buffer): Buffer {
  const blocks: Buffer[] = [];
  let block = constant.length === 16 ? constant : nFold(constant, 16);
  while (blocks.length * 16 < base.length) {
    block = encryptBlock(base, block);
    blocks.push(block);
  }
  return Buffer.concat(blocks).subarray(0, base.length);
}

const derived = (base: Buffer, usage: number, purpose: number): Buffer => {
  const constant = Buffer.alloc(5, purpose);
  constant.writeUInt32BE(usage);
  return deriveKey(base, constant);
};

const mac = (key: Buffer, bytes: Buffer): Buffer =>
  createHmac('sha1', key).update(bytes).digest().subarray(0, MAC_BYTES);

/** Encrypts `plain` behind the 16 bytes of `confounder`. */
export function encryptSha1(key: Buffer, usage: number, plain: Buffer, confounder: Buffer): Buffer {
  const bytes = Buffer.concat([confounder, plain]);
  return Buffer.concat([ctsEncrypt(derived(key, usage, 0xaa), bytes), mac(derived(key, usage, 0x55), bytes)]);
}

/** The plain bytes, or undefined when the key is another one or the bytes were changed. */
export function decryptSha1(key: Buffer, usage: number, cipher: Buffer): Buffer | undefined {
  if (cipher.length < 16 + MAC_BYTES) return undefined;
  const bytes = ctsDecrypt(derived(key, usage, 0xaa), cipher.subarray(0, -MAC_BYTES));
  const wanted = mac(derived(key, usage, 0x55), bytes);
  return timingSafeEqual(wanted, cipher.subarray(-MAC_BYTES)) ? bytes.subarray(16) : undefined;
}

/** Keyed checksum (types 15 and 16). */
export const checksumSha1 = (key: Buffer, usage: number, bytes: Buffer): Buffer =>
  mac(derived(key, usage, 0x99), bytes);
