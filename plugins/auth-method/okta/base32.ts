// Base32 as authenticator apps show secrets (RFC 4648 section 6): any case, spaces and hyphens between groups, padding optional. Pure.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
// What a last group that is not whole may count (RFC 4648 section 6).
const RESTS = new Set([0, 2, 4, 5, 7]);

/** The bytes, or undefined when the text is no base32. */
export function fromBase32(text: string): Buffer | undefined {
  const plain = text.replace(/[\s-]/g, '').replace(/=+$/, '').toUpperCase();
  if (plain === '' || !RESTS.has(plain.length % 8)) return undefined;
  const bytes: number[] = [];
  let [bits, value] = [0, 0];
  for (const sign of plain) {
    const five = ALPHABET.indexOf(sign);
    if (five < 0) return undefined;
    value = ((value << 5) | five) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
  }
  return Buffer.from(bytes);
}
