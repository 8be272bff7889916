// Passcodes that hang on the time (RFC 6238 over RFC 4226). Pure: it is told the time and the key.
import { createHmac } from 'node:crypto';

/** Shape of the passcodes of one secret. */
export interface TotpShape {
  readonly digits: 6 | 8;
  readonly periodMs: number;
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
}

/** A secret and the shape of its passcodes. */
export interface TotpSecret extends TotpShape {
  readonly key: Uint8Array;
}

/** Number of the period that a moment (milliseconds since 1970) lies in. */
export const stepAt = (nowMs: number, periodMs: number): number => Math.floor(nowMs / periodMs);

/** The passcode of a period, with leading zeros. RFC 6238, section 4; the truncation of RFC 4226, section 5.3. */
export function passcode({ key, digits, algorithm }: TotpSecret, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(algorithm, key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}
