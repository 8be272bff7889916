// A disk in memory that can fail, tear and stop at any call, and show what a killed process or a loss of power would leave.
import type { Disk, DiskFile, Opening } from '../../../../plugins/cache-store/file/disk.js';

interface Inode {
  content: Buffer;
  /** Content at the last sync. */
  synced: Buffer;
  changedMs: number;
}

/** What a crash leaves: all that was written (the process was killed), or less (the machine lost power). */
export const CRASHES = [
  'killed',
  'unsynced is lost',
  'unsynced is torn',
  'unsynced begins with a hole',
  'unsynced ends with a hole',
] as const;
export type Crash = (typeof CRASHES)[number];

/** An error as the operating system gives it. */
export function osError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'test', errno: -1 });
}

export class MemoryDisk implements Disk {
  files = new Map<string, Inode>();
  /** The folder at its last sync. */
  #syncedNames = new Map<string, Inode>();
  #removed = new Set<string>();
  #dead = false;
  calls = 0;
  /** The call with this number stops the process: a write is done by half, everything else not. */
  crashAt = Infinity;
  /** Error code with which a call fails. */
  fails: (call: string, path: string) => string | undefined = () => undefined;
  /** Most bytes that one write takes. */
  mostBytes = Infinity;
  nowMs = 0;

  async open(path: string, how: Opening): Promise<DiskFile> {
    this.count('open', path);
    const there = this.files.get(path);
    if (how === 'create' && there !== undefined) throw osError('EEXIST');
    if (how !== 'create' && there === undefined) throw osError('ENOENT');
    const inode = there ?? { content: Buffer.alloc(0), synced: Buffer.alloc(0), changedMs: this.nowMs };
    this.files.set(path, inode);
    return new MemoryFile(this, inode, path);
  }

  async list(folder: string): Promise<string[]> {
    this.count('list', folder);
    return [...this.files.keys()].map((path) => path.slice(folder.length + 1));
  }

  async makeFolder(): Promise<boolean> {
    return true;
  }

  async modeOf(): Promise<number> {
    return 0o700;
  }

  async rename(from: string, to: string): Promise<void> {
    this.count('rename', from);
    const inode = this.files.get(from);
    if (inode === undefined) throw osError('ENOENT');
    this.files.delete(from);
    this.files.set(to, inode);
  }

  async remove(path: string): Promise<void> {
    this.count('remove', path);
    if (!this.files.delete(path)) throw osError('ENOENT');
    this.#removed.add(path);
  }

  async syncFolder(folder: string): Promise<void> {
    this.count('syncFolder', folder);
    this.#syncedNames = new Map(this.files);
    this.#removed.clear();
  }

  /** Counts a call; throws when it is to fail. */
  count(call: string, path: string): void {
    if (this.#dead) throw osError('EIO');
    if (++this.calls === this.crashAt) {
      this.#dead = true;
      throw osError('EIO');
    }
    const code = this.fails(call, path);
    if (code !== undefined) throw osError(code);
  }

  /** True when the next call is the one that stops the process. */
  get stopsNext(): boolean {
    return !this.#dead && this.calls + 1 === this.crashAt;
  }

  /** Nothing works any more. */
  kill(): void {
    this.#dead = true;
  }

  /** The disk as the next process finds it. */
  after(crash: Crash): MemoryDisk {
    const next = new MemoryDisk();
    const names = crash === 'killed' ? this.files : this.#syncedNames;
    for (const [path, inode] of names) {
      // without a sync of the folder, removed names may come back or not, new ones may be lost
      if (this.#removed.has(path) && crash !== 'unsynced is lost') continue;
      const content = Buffer.from(leftOf(inode, crash));
      next.files.set(path, { content, synced: content, changedMs: inode.changedMs });
    }
    next.#syncedNames = new Map(next.files);
    return next;
  }

  /** An independent copy, of which everything is synced. */
  copy(): MemoryDisk {
    return this.after('killed');
  }
}

function leftOf({ content, synced }: Inode, crash: Crash): Buffer {
  if (crash === 'killed') return content;
  if (crash === 'unsynced is lost' || content.length <= synced.length) return synced;
  const unsynced = Buffer.from(content.subarray(synced.length));
  if (crash === 'unsynced is torn') return Buffer.concat([synced, unsynced.subarray(0, unsynced.length >> 1)]);
  const half = unsynced.length >> 1;
  if (crash === 'unsynced begins with a hole') unsynced.fill(0, 0, half);
  else unsynced.fill(0, half);
  return Buffer.concat([synced, unsynced]);
}

class MemoryFile implements DiskFile {
  readonly #disk: MemoryDisk;
  readonly #inode: Inode;
  readonly #path: string;
  #closed = false;

  constructor(disk: MemoryDisk, inode: Inode, path: string) {
    this.#disk = disk;
    this.#inode = inode;
    this.#path = path;
  }

  async size(): Promise<number> {
    this.#count('size');
    return this.#inode.content.length;
  }

  async changedMs(): Promise<number> {
    return this.#inode.changedMs;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    this.#count('read');
    const { content } = this.#inode;
    return position < content.length ? content.copy(into, 0, position) : 0;
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    const most = Math.min(bytes.length, this.#disk.mostBytes);
    if (this.#disk.stopsNext) this.#put(bytes.subarray(0, most >> 1), position);
    this.#count('write');
    this.#put(bytes.subarray(0, most), position);
    return most;
  }

  async truncate(length: number): Promise<void> {
    this.#count('truncate');
    this.#inode.content = Buffer.from(this.#inode.content.subarray(0, length));
  }

  async sync(): Promise<void> {
    this.#count('sync');
    this.#inode.synced = Buffer.from(this.#inode.content);
  }

  async close(): Promise<void> {
    if (this.#closed) throw new Error('closed twice');
    this.#closed = true;
  }

  #put(bytes: Uint8Array, position: number): void {
    const inode = this.#inode;
    const content = Buffer.alloc(Math.max(inode.content.length, position + bytes.length));
    inode.content.copy(content);
    content.set(bytes, position);
    inode.content = content;
    inode.changedMs = this.#disk.nowMs;
  }

  #count(call: string): void {
    if (this.#closed) throw osError('EBADF');
    this.#disk.count(call, this.#path);
  }
}
