// Reads the heads of a segment from first to last. Where a head does not fit its checksum it goes on at the next frame that does. It must not know
// what the frames mean together.
import type { DiskFile } from './disk.js';
import { HEAD_BYTES, MAGIC, MOST_KEY_BYTES, previousOf, readHead, type Head } from './frame.js';

const WINDOW_BYTES = 4 * 1024 * 1024;
const LONGEST_HEAD = HEAD_BYTES + MOST_KEY_BYTES;

/** A frame found, or a marker. */
export interface Found {
  readonly head: Head;
  /** Key checksums of the frames before; only there where the sequence jumps, because nobody asks for them elsewhere. */
  readonly previous: readonly number[] | undefined;
}

/** What a scan found. */
export interface Scan {
  readonly found: readonly Found[];
  /** Bytes that belong to no frame. */
  readonly strayBytes: number;
  readonly size: number;
}

/** Scans a whole segment file. Rejects with the operating system's errors only. */
export async function scanSegment(file: DiskFile, salt: number): Promise<Scan> {
  const size = await file.size();
  const window = new Window(file, size);
  const found: Found[] = [];
  let at = 0;
  let strayBytes = 0;
  let expected = -1;
  while (at < size) {
    const head = await headAt(window, at, salt);
    if (head === undefined || head.end > size) {
      const next = await window.find(MAGIC, at + 1);
      strayBytes += next - at;
      at = next;
      continue;
    }
    const isNext = head.seq === expected;
    found.push({ head, previous: isNext ? undefined : previousOf(window.bytes, head.at - window.base) });
    expected = head.kind === 'marker' ? head.seq : head.seq + 1;
    at = head.end;
  }
  return { found, strayBytes, size };
}

/** Waits only when the window has to move: a segment has many thousand frames. */
function headAt(window: Window, at: number, salt: number): Head | undefined | Promise<Head | undefined> {
  const head = window.holds(at) ? readHead(window.bytes, at - window.base, window.base, salt) : 'short';
  return head === 'short' ? headAfterMove(window, at, salt) : head;
}

async function headAfterMove(window: Window, at: number, salt: number): Promise<Head | undefined> {
  await window.moveTo(at);
  const head = readHead(window.bytes, 0, at, salt);
  return head === 'short' ? undefined : head;
}

/** A part of the file in memory. */
class Window {
  readonly #file: DiskFile;
  readonly #size: number;
  readonly #memory: Buffer;
  bytes: Buffer = Buffer.alloc(0);
  base = 0;

  constructor(file: DiskFile, size: number) {
    this.#file = file;
    this.#size = size;
    this.#memory = Buffer.allocUnsafe(Math.min(size, Math.max(WINDOW_BYTES, LONGEST_HEAD)));
  }

  holds(at: number): boolean {
    return at >= this.base && at < this.base + this.bytes.length;
  }

  async moveTo(at: number): Promise<void> {
    const count = await this.#file.read(this.#memory.subarray(0, Math.min(this.#memory.length, this.#size - at)), at);
    this.bytes = this.#memory.subarray(0, count);
    this.base = at;
  }

  /** Position of `pattern` at or after `from`; the size of the file when there is none. */
  async find(pattern: Buffer, from: number): Promise<number> {
    let at = from;
    while (at < this.#size) {
      if (!this.holds(at)) await this.moveTo(at);
      const offset = this.bytes.indexOf(pattern, at - this.base);
      if (offset >= 0) return this.base + offset;
      const end = this.base + this.bytes.length;
      if (this.bytes.length === 0 || end >= this.#size) break;
      at = Math.max(at + 1, end - pattern.length + 1);
      await this.moveTo(at);
    }
    return this.#size;
  }
}
