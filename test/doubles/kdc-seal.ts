// The encrypting half of the KDC double, from single AES blocks (RFC 3962, 8009); it shares nothing with the plugin.
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { purposeKey, type KerberosKey } from '../../core/dev-server/auth/kerberos-crypto.js';

const MACS: Readonly<Record<number, readonly [hash: string, size: number]>> = {
  17: ['sha1', 12],
  18: ['sha1', 12],
  19: ['sha256', 16],
  20: ['sha384', 24],
};

/** Encrypts behind a random block. */
export function seal(key: KerberosKey, usage: number, plain: Buffer): Buffer {
  const [hash, size] = MACS[key.etype]!;
  const bytes = Buffer.concat([randomBytes(16), plain]);
  const body = stealingEncrypt(purposeKey(key, usage, 0xaa), bytes);
  const covered = hash === 'sha1' ? bytes : Buffer.concat([Buffer.alloc(16), body]);
  const mac = createHmac(hash, purposeKey(key, usage, 0x55))
    .update(covered)
    .digest();
  return Buffer.concat([body, mac.subarray(0, size)]);
}

/** A key of a type; random unless given. */
export const makeKey = (etype: number, bytes?: Buffer): KerberosKey => ({
  etype,
  bytes: bytes ?? randomBytes(etype === 17 || etype === 19 ? 16 : 32),
});

function stealingEncrypt(key: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv(`aes-${String(key.length * 8)}-ecb`, key, null).setAutoPadding(false);
  const out: Buffer[] = [];
  let before = Buffer.alloc(16);
  for (let at = 0; at < plain.length; at += 16) {
    const block = Buffer.alloc(16);
    plain.copy(block, 0, at, at + 16);
    for (let i = 0; i < 16; i++) block[i]! ^= before[i]!;
    before = cipher.update(block);
    out.push(before);
  }
  if (out.length === 1) return out[0]!;
  const last = out.pop()!;
  const stolen = out.pop()!;
  return Buffer.concat([...out, last, stolen]).subarray(0, plain.length);
}
