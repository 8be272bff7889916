// AES in CBC mode with ciphertext stealing, variant CS3, zero initial vector (RFC 3962, section 5). Pure.
import { createCipheriv, createDecipheriv } from 'node:crypto';

const BLOCK = 16;

/** One block encrypted alone. */
export const encryptBlock = (key: Buffer, block: Buffer): Buffer => cbcEncrypt(key, block);

/** Encrypts at least one block; the result is as long as `plain`. */
export function ctsEncrypt(key: Buffer, plain: Buffer): Buffer {
  if (plain.length < BLOCK) throw new Error('too short for AES-CTS');
  const whole = cbcEncrypt(key, Buffer.concat([plain, Buffer.alloc(-plain.length & (BLOCK - 1))]));
  if (whole.length === BLOCK) return whole;
  const tail = plain.length - (whole.length - BLOCK);
  const before = whole.subarray(-2 * BLOCK, -BLOCK);
  return Buffer.concat([whole.subarray(0, -2 * BLOCK), whole.subarray(-BLOCK), before.subarray(0, tail)]);
}

/** The opposite of `ctsEncrypt`. Throws an Error for less than one block. */
export function ctsDecrypt(key: Buffer, cipher: Buffer): Buffer {
  if (cipher.length < BLOCK) throw new Error('too short for AES-CTS');
  if (cipher.length === BLOCK) return cbcDecrypt(key, cipher);
  const tail = ((cipher.length - 1) % BLOCK) + 1;
  const split = cipher.length - tail - BLOCK;
  const last = cipher.subarray(split + BLOCK);
  const opened = cbcDecrypt(key, cipher.subarray(split, split + BLOCK));
  const ending = Buffer.from(last.map((byte, at) => byte ^ (opened[at] as number)));
  const before = Buffer.concat([last, opened.subarray(tail)]);
  return Buffer.concat([cbcDecrypt(key, Buffer.concat([cipher.subarray(0, split), before])), ending]);
}

const nameOf = (key: Buffer): string => `aes-${String(key.length * 8)}-cbc`;

function cbcEncrypt(key: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv(nameOf(key), key, Buffer.alloc(BLOCK)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

function cbcDecrypt(key: Buffer, bytes: Buffer): Buffer {
  const decipher = createDecipheriv(nameOf(key), key, Buffer.alloc(BLOCK)).setAutoPadding(false);
  return Buffer.concat([decipher.update(bytes), decipher.final()]);
}
