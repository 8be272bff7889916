// Passcodes of authenticator apps (RFC 6238 over RFC 4226): SHA-1, six digits, thirty seconds. Pure: it is told the time.
import { createHmac } from 'node:crypto';

/** How long one passcode is good. */
export const STEP_MS = 30_000;

/** The number of the step that `nowMs` (wall clock) is in. */
export const stepAt = (nowMs: number): number => Math.floor(nowMs / STEP_MS);

/** The passcode of a step, with leading zeros. */
export function passcode(secret: Uint8Array, step: number, digits = 6): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}
