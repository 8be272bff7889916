// n-fold of RFC 3961, section 5.1: stretches or shrinks bytes so that each bit of the input counts. Pure.

/** `input` folded to `size` bytes. */
export function nFold(input: Uint8Array, size: number): Buffer {
  const bits = BigInt(input.length * 8);
  const copies = lcm(input.length, size) / input.length;
  const value = BigInt(`0x${Buffer.from(input).toString('hex')}`);
  let all = 0n;
  for (let copy = 0; copy < copies; copy++) all = (all << bits) | rotated(value, BigInt(13 * copy) % bits, bits);
  return Buffer.from(
    folded(all, BigInt(size * 8))
      .toString(16)
      .padStart(size * 2, '0'),
    'hex',
  );
}

const ones = (bits: bigint): bigint => (1n << bits) - 1n;

const rotated = (value: bigint, by: bigint, bits: bigint): bigint =>
  ((value >> by) | (value << (bits - by))) & ones(bits);

/** Sum of all pieces of `bits` bits in ones' complement. */
function folded(all: bigint, bits: bigint): bigint {
  let sum = 0n;
  for (let rest = all; rest > 0n; rest >>= bits) sum += rest & ones(bits);
  while (sum > ones(bits)) sum = (sum & ones(bits)) + (sum >> bits);
  return sum;
}

function lcm(a: number, b: number): number {
  const gcd = (x: number, y: number): number => (y === 0 ? x : gcd(y, x % y));
  return (a * b) / gcd(a, b);
}
