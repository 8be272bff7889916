// One frame of the journal: a head with a checksum of its own, the key, the value. Pure. It must not know files.
//
//  0 magic (4)   4 checksum of head and key   8 kind   9 zero   10 key length   14 value length   18 checksum of the value
// 22 sequence (6)   28 frames of the batch still to come   32 expiry in ms, or of a marker the first sequence not known to be on disk (double)
// 40 checksums of the four keys before (4 x 4)   56 key, value          numbers little-endian; checksums CRC-32 begun with the segment's salt
import { crc32 } from 'node:zlib';

/** `put` holds a value, `delete` a key alone, `marker` neither: it says what is on disk and what sequence comes next. */
export type FrameKind = 'put' | 'delete' | 'marker';

/** Length of a head without its key. */
export const HEAD_BYTES = 56;
/** Longest key, in bytes of UTF-8. */
export const MOST_KEY_BYTES = 65_536;
/** First bytes of every frame; the last one is the version of the form. */
export const MAGIC = Buffer.from([0xc7, 0x6a, 0x4a, 0x01]);
/** Of how many frames before it a frame holds the checksum of the key. */
export const REMEMBERED = 4;

const KINDS: readonly FrameKind[] = ['put', 'delete', 'marker'];

/** What a frame is made of. */
export interface Frame {
  readonly kind: FrameKind;
  readonly seq: number;
  /** Frames of the same batch after this one. */
  readonly left: number;
  readonly key: string;
  readonly value?: Uint8Array | undefined;
  /** Of a put: expiry, ms since 1970, 0 for never. Of a marker: sequence before which everything is on disk. */
  readonly mark: number;
  /** `keySum` of the keys of the frames before, the nearest first; 0: not known. */
  readonly previous: readonly number[];
}

/** A head as it was read; positions count from the start of the file. */
export interface Head {
  readonly kind: FrameKind;
  readonly seq: number;
  readonly left: number;
  readonly key: string;
  readonly mark: number;
  /** Where the frame begins. */
  readonly at: number;
  readonly valueAt: number;
  readonly valueLength: number;
  readonly valueSum: number;
  /** Where the next frame begins. */
  readonly end: number;
}

/** Checksum under which later frames remember a key; never 0. */
export const keySum = (key: string): number => crc32(key) || 1;

/** Checksum of a value in a segment with this salt. For no bytes crc32 answers now the salt, now 0: it is the salt here. */
export const valueSum = (value: Uint8Array, salt: number): number => (value.length === 0 ? salt : crc32(value, salt));

/** Bytes of a frame, ready to be written into a segment with this salt. */
export function encodeFrame(frame: Frame, salt: number): Buffer {
  const key = Buffer.from(frame.key, 'utf8');
  const value = frame.value ?? new Uint8Array();
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + key.length + value.length);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt8(KINDS.indexOf(frame.kind), 8);
  bytes.writeUInt8(0, 9);
  bytes.writeUInt32LE(key.length, 10);
  bytes.writeUInt32LE(value.length, 14);
  bytes.writeUInt32LE(valueSum(value, salt), 18);
  bytes.writeUIntLE(frame.seq, 22, 6);
  bytes.writeUInt32LE(frame.left, 28);
  bytes.writeDoubleLE(frame.mark, 32);
  for (let n = 0; n < REMEMBERED; n++) bytes.writeUInt32LE(frame.previous[n] ?? 0, 40 + 4 * n);
  key.copy(bytes, HEAD_BYTES);
  bytes.set(value, HEAD_BYTES + key.length);
  bytes.writeUInt32LE(crc32(bytes.subarray(8, HEAD_BYTES + key.length), salt), 4);
  return bytes;
}

/** A marker with which a segment begins or ends: everything before the stand is on disk. */
export function markerFrame(
  stand: { readonly next: number; readonly previous: readonly number[] },
  salt: number,
): Buffer {
  const { next: seq, previous } = stand;
  return encodeFrame({ kind: 'marker', seq, left: 0, key: '', mark: seq, previous }, salt);
}

/**
 * Reads the head at `offset` of `bytes`, which lie at `base` of the file. `short`: it may be one, but more bytes are needed. Undefined: there is none.
 */
export function readHead(bytes: Buffer, offset: number, base: number, salt: number): Head | 'short' | undefined {
  const there = bytes.length - offset;
  if (MAGIC.compare(bytes, offset, offset + Math.min(there, MAGIC.length), 0, Math.min(there, MAGIC.length)) !== 0)
    return undefined;
  if (there < HEAD_BYTES) return 'short';
  const keyLength = bytes.readUInt32LE(offset + 10);
  if (keyLength > MOST_KEY_BYTES) return undefined;
  const keyEnd = offset + HEAD_BYTES + keyLength;
  if (bytes.length < keyEnd) return 'short';
  if (crc32(bytes.subarray(offset + 8, keyEnd), salt) !== bytes.readUInt32LE(offset + 4)) return undefined;
  return headOf(bytes, offset, base);
}

function headOf(bytes: Buffer, offset: number, base: number): Head | undefined {
  const kind = KINDS[bytes.readUInt8(offset + 8)];
  if (kind === undefined) return undefined;
  const keyEnd = offset + HEAD_BYTES + bytes.readUInt32LE(offset + 10);
  const valueLength = bytes.readUInt32LE(offset + 14);
  return {
    kind,
    seq: bytes.readUIntLE(offset + 22, 6),
    left: bytes.readUInt32LE(offset + 28),
    key: bytes.toString('utf8', offset + HEAD_BYTES, keyEnd),
    mark: bytes.readDoubleLE(offset + 32),
    at: base + offset,
    valueAt: base + keyEnd,
    valueLength,
    valueSum: bytes.readUInt32LE(offset + 18),
    end: base + keyEnd + valueLength,
  };
}

/** The checksums of earlier keys in the frame whose head is at `offset`. */
export function previousOf(bytes: Buffer, offset: number): number[] {
  return Array.from({ length: REMEMBERED }, (_, n) => bytes.readUInt32LE(offset + 40 + 4 * n));
}
