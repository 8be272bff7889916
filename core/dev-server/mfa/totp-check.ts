// The server's side of a time-based passcode: is it the one of this period or of a neighbour? Computed bit by bit as RFC 4226 describes it, apart from
// the agent's own code. Pure.
import { createHmac } from 'node:crypto';

/** Settings of a TOTP method, and the key that one entity has for it. */
export interface TotpKey {
  readonly key: Uint8Array;
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  readonly digits: 6 | 8;
  readonly periodS: number;
  /** Periods before and after this one that count too. */
  readonly skew: number;
}

/** Whether `code` is good at `nowMs`. */
export function isGoodCode(totp: TotpKey, code: string, nowMs: number): boolean {
  const period = Math.floor(nowMs / 1000 / totp.periodS);
  for (let counter = period - totp.skew; counter <= period + totp.skew; counter++)
    if (counter >= 0 && codeOf(totp, counter) === code) return true;
  return false;
}

function codeOf({ key, algorithm, digits }: TotpKey, counter: number): string {
  const message = Buffer.from(counter.toString(16).padStart(16, '0'), 'hex');
  const hash = [...createHmac(algorithm, key).update(message).digest()];
  const offset = hash[hash.length - 1]! % 16;
  const [first = 0, ...rest] = hash.slice(offset, offset + 4);
  const number = rest.reduce((sum, byte) => sum * 256 + byte, first % 128);
  return String(number).padStart(10, '0').slice(-digits);
}
