// Encryption types 19 and 20: AES-CTS with HMAC-SHA256-128 and HMAC-SHA384-192 (RFC 8009). Pure but for the confounder, which is given.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ctsDecrypt, ctsEncrypt } from './aes-cts.js';

const hashOf = (key: Buffer): 'sha256' | 'sha384' => (key.length === 16 ? 'sha256' : 'sha384');
const macBytesOf = (key: Buffer): number => (key.length === 16 ? 16 : 24);

/** KDF-HMAC-SHA2 of RFC 8009, section 3: `size` bytes for one purpose. */
export function deriveKeySha2(base: Buffer, label: Buffer, size: number): Buffer {
  const bits = Buffer.alloc(4);
  bits.writeUInt32BE(size * 8);
  const input = Buffer.concat([Buffer.from([0, 0, 0, 1]), label, Buffer.from([0]), bits]);
  return createHmac(hashOf(base), base).update(input).digest().subarray(0, size);
}

function derived(base: Buffer, usage: number, purpose: number): Buffer {
  const label = Buffer.alloc(5, purpose);
  label.writeUInt32BE(usage);
  return deriveKeySha2(base, label, purpose === 0xaa ? base.length : macBytesOf(base));
}

const mac = (base: Buffer, key: Buffer, bytes: Buffer): Buffer =>
  createHmac(hashOf(base), key).update(bytes).digest().subarray(0, macBytesOf(base));

// What is signed is the cipher state (a zero block) and the encrypted bytes.
const signed = (cipher: Buffer): Buffer => Buffer.concat([Buffer.alloc(16), cipher]);

/** Encrypts `plain` behind the 16 bytes of `confounder`. */
export function encryptSha2(key: Buffer, usage: number, plain: Buffer, confounder: Buffer): Buffer {
  const cipher = ctsEncrypt(derived(key, usage, 0xaa), Buffer.concat([confounder, plain]));
  return Buffer.concat([cipher, mac(key, derived(key, usage, 0x55), signed(cipher))]);
}

/** The plain bytes, or undefined when the key is another one or the bytes were changed. */
export function decryptSha2(key: Buffer, usage: number, bytes: Buffer): Buffer | undefined {
  const macBytes = macBytesOf(key);
  if (bytes.length < 16 + macBytes) return undefined;
  const cipher = bytes.subarray(0, -macBytes);
  const wanted = mac(key, derived(key, usage, 0x55), signed(cipher));
  if (!timingSafeEqual(wanted, bytes.subarray(-macBytes))) return undefined;
  return ctsDecrypt(derived(key, usage, 0xaa), cipher).subarray(16);
}

/** Keyed checksum (types 19 and 20). */
export const checksumSha2 = (key: Buffer, usage: number, bytes: Buffer): Buffer =>
  mac(key, derived(key, usage, 0x99), bytes);
