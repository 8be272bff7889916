// BLAKE2b with a 256-bit digest (RFC 7693), which node:crypto does not have. A 64-bit word is a pair of 32-bit halves, low half first.

const IV = new Uint32Array([
  0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a, 0xade682d1,
  0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19,
]);

/** The message schedules of RFC 7693, section 2.7, one hexadecimal digit per word; rounds 10 and 11 repeat the first two. */
const SCHEDULES = [
  '0123456789abcdef',
  'ea489fd61c02b753',
  'b8c052fdae367194',
  '7931dcbe265a40f8',
  '905724afe1bc683d',
  '2c6a0b834d75fe19',
  'c51fed4a0763928b',
  'db7ec13950f4862a',
  '6fe9b308c2d714a5',
  'a2847615fb9e3cd0',
].map((line) => Uint8Array.from(line, (digit) => 2 * parseInt(digit, 16)));

/** Columns, then diagonals: positions of the four words that each of the eight mixing steps of a round works on. */
const MIXES = ['048c', '159d', '26ae', '37bf', '05af', '16bc', '278d', '349e'].map((line) =>
  Uint8Array.from(line, (digit) => 2 * parseInt(digit, 16)),
);

const BLOCK = 128;
const DIGEST = 32;

/** The digest in lower-case hexadecimal digits. Inputs up to 2^32 bytes. */
export function blake2b256Hex(input: Uint8Array): string {
  const state = IV.slice();
  state[0]! ^= 0x01010000 ^ DIGEST;
  let at = 0;
  for (; input.length - at > BLOCK; at += BLOCK) compress(state, input.subarray(at, at + BLOCK), at + BLOCK, false);
  compress(state, input.subarray(at), input.length, true);
  const bytes = Buffer.alloc(DIGEST);
  for (let i = 0; i < DIGEST / 4; i++) bytes.writeUInt32LE(state[i]!, 4 * i);
  return bytes.toString('hex');
}

function compress(state: Uint32Array, block: Uint8Array, total: number, isLast: boolean): void {
  const words = wordsOf(block);
  const v = new Uint32Array(32);
  v.set(state);
  v.set(IV, 16);
  v[24]! ^= total;
  if (isLast) [v[28], v[29]] = [~v[28]!, ~v[29]!];
  for (let round = 0; round < 12; round++) {
    const schedule = SCHEDULES[round % 10]!;
    for (let i = 0; i < 8; i++) mix(v, MIXES[i]!, words, schedule[2 * i]!, schedule[2 * i + 1]!);
  }
  for (let i = 0; i < 16; i++) state[i]! ^= v[i]! ^ v[i + 16]!;
}

/** The block as words, filled up with zeros. */
function wordsOf(block: Uint8Array): Uint32Array {
  const padded = new Uint8Array(BLOCK);
  padded.set(block);
  const view = new DataView(padded.buffer);
  const words = new Uint32Array(BLOCK / 4);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(4 * i, true);
  return words;
}

/** The function G of RFC 7693, section 3.1, on halves held in local variables. */
function mix(v: Uint32Array, place: Uint8Array, words: Uint32Array, x: number, y: number): void {
  const [a, b, c, d] = [place[0]!, place[1]!, place[2]!, place[3]!];
  let [bL, bH, dL, dH] = [v[b]!, v[b + 1]!, v[d]!, v[d + 1]!];
  let sum = v[a]! + bL + words[x]!;
  let aL = sum >>> 0;
  let aH = (v[a + 1]! + bH + words[x + 1]! + carry(sum)) >>> 0;
  [dL, dH] = [(dH ^ aH) >>> 0, (dL ^ aL) >>> 0];
  sum = v[c]! + dL;
  let cL = sum >>> 0;
  let cH = (v[c + 1]! + dH + carry(sum)) >>> 0;
  [bL, bH] = [bL ^ cL, bH ^ cH];
  [bL, bH] = [((bL >>> 24) | (bH << 8)) >>> 0, ((bH >>> 24) | (bL << 8)) >>> 0];
  sum = aL + bL + words[y]!;
  aL = sum >>> 0;
  aH = (aH + bH + words[y + 1]! + carry(sum)) >>> 0;
  [dL, dH] = [dL ^ aL, dH ^ aH];
  [dL, dH] = [((dL >>> 16) | (dH << 16)) >>> 0, ((dH >>> 16) | (dL << 16)) >>> 0];
  sum = cL + dL;
  cL = sum >>> 0;
  cH = (cH + dH + carry(sum)) >>> 0;
  [bL, bH] = [bL ^ cL, bH ^ cH];
  [v[a], v[a + 1], v[c], v[c + 1], v[d], v[d + 1]] = [aL, aH, cL, cH, dL, dH];
  [v[b], v[b + 1]] = [(bL << 1) | (bH >>> 31), (bH << 1) | (bL >>> 31)];
}

function carry(sum: number): number {
  return (sum / 0x100000000) | 0;
}
