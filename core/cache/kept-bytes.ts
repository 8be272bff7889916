// Room for the bodies of answers outside the heap. Small ones share slabs: a buffer of its own costs another 270 bytes of heap and of allocator. A slab
// lives as long as one body in it, so it is small. It must not know what bodies are.

const SLAB_BYTES = 16 * 1024;
const LARGEST_SHARED = SLAB_BYTES / 4;

let slab = Buffer.alloc(0);
let used = 0;

/** A copy of `bytes` from `start` on that may be kept for long. Nobody may write into it. */
export function keptBytes(bytes: Uint8Array, start = 0): Buffer {
  const copy = roomFor(bytes.length - start);
  copy.set(start === 0 ? bytes : bytes.subarray(start));
  return copy;
}

function roomFor(length: number): Buffer {
  if (length > LARGEST_SHARED) return Buffer.allocUnsafeSlow(length);
  if (used + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  used += length;
  return slab.subarray(used - length, used);
}
