// One file of the store: a log that grows, or a snapshot. It stays open for readers until the last of them has left. It must not know frames' meaning.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Disk, DiskFile, Opening } from './disk.js';

/** Logs are appended to; a snapshot holds everything that the segments of smaller numbers held. */
export type SegmentKind = 'log' | 'snapshot';

/** What the name of a segment says: order, kind, and the salt of its checksums, so that no value can pass for a frame. */
export interface SegmentName {
  readonly id: number;
  readonly kind: SegmentKind;
  readonly salt: number;
}

const NAME = /^(\d{10})-([0-9a-f]{8})\.(log|snapshot)$/;

/** The facts in a file name; undefined for other files. */
export function parseName(name: string): SegmentName | undefined {
  const [, id, salt, kind] = NAME.exec(name) ?? [];
  if (id === undefined || salt === undefined) return undefined;
  return { id: Number(id), kind: kind as SegmentKind, salt: parseInt(salt, 16) };
}

/** File name of a segment. */
export function nameOf({ id, kind, salt }: SegmentName): string {
  return `${String(id).padStart(10, '0')}-${salt.toString(16).padStart(8, '0')}.${kind}`;
}

/** A new name with a salt of its own. */
export const newName = (id: number, kind: SegmentKind): SegmentName => ({ id, kind, salt: randomInt(2 ** 32) });

/** An open segment. */
export class Segment {
  readonly name: SegmentName;
  readonly path: string;
  readonly #file: DiskFile;
  #readers = 0;
  #retired = false;
  #closing: Promise<void> | undefined;
  /** Bytes in use; the file may be longer for a moment, after a write that failed. */
  size = 0;

  constructor(name: SegmentName, path: string, file: DiskFile) {
    this.name = name;
    this.path = path;
    this.#file = file;
  }

  get file(): DiskFile {
    return this.#file;
  }

  /** Keeps the file open until `drop`. */
  hold(): void {
    this.#readers++;
  }

  /** Ends a `hold`. */
  async drop(): Promise<void> {
    this.#readers--;
    if (this.#retired && this.#readers === 0) await this.end();
  }

  /** Reads while the file is kept open; the count of bytes. */
  async read(into: Uint8Array, position: number): Promise<number> {
    this.hold();
    try {
      return await this.#file.read(into, position);
    } finally {
      await this.drop();
    }
  }

  /** No new readers come; the file is closed when the last one leaves. */
  async retire(): Promise<void> {
    if (this.#retired) return;
    this.#retired = true;
    if (this.#readers === 0) await this.end();
  }

  /** Closes the file now; a reader that stays away for good must not keep it open. */
  async end(): Promise<void> {
    this.#closing ??= this.#file.close();
    await this.#closing;
  }

  /** Appends; when it rejects, nothing is appended. */
  async append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      written += await this.#file.write(bytes.subarray(written), this.size + written);
    }
    this.size += bytes.length;
  }
}

/** Opens or makes the file of a segment. */
export async function openSegment(disk: Disk, folder: string, name: SegmentName, how: Opening): Promise<Segment> {
  const path = join(folder, nameOf(name));
  const segment = new Segment(name, path, await disk.open(path, how));
  if (how !== 'create') segment.size = await segment.file.size();
  return segment;
}
