// The few calls of the file system that the store makes, as one small port, so that a test can fail, tear or stop at each of them.
import { constants } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, stat, unlink, type FileHandle } from 'node:fs/promises';

/** An open file. Positions and lengths are bytes. */
export interface DiskFile {
  size(): Promise<number>;
  /** Last change, ms since 1970. */
  changedMs(): Promise<number>;
  /** Reads into the whole buffer, or as much as there is; the count. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes; may write less than given, the count is returned. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  truncate(length: number): Promise<void>;
  /** Returns when content and length would survive a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** How a file is opened: `create` fails when it is there (mode 0600), the others when it is not. */
export type Opening = 'create' | 'write' | 'read';

/** The file system. Rejects with the operating system's errors. */
export interface Disk {
  open(path: string, how: Opening): Promise<DiskFile>;
  list(folder: string): Promise<string[]>;
  /** Makes the folder and its parents, mode 0700; nothing when it is there. True: it was made. */
  makeFolder(folder: string): Promise<boolean>;
  /** Permission bits of a folder. */
  modeOf(folder: string): Promise<number>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Returns when names made, changed and removed in the folder would survive a loss of power, where the file system can say so. */
  syncFolder(folder: string): Promise<void>;
}

const FLAGS: Readonly<Record<Opening, number>> = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0),
  write: constants.O_RDWR | (constants.O_NOFOLLOW ?? 0),
  read: constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0),
};

/** The file system of this machine. */
export const realDisk: Disk = {
  open: async (path, how) => new RealFile(await open(path, FLAGS[how], 0o600)),
  list: (folder) => readdir(folder),
  async makeFolder(folder) {
    const made = (await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined;
    if (made) await chmod(folder, 0o700);
    return made;
  },
  modeOf: async (folder) => (await stat(folder)).mode & 0o777,
  rename,
  remove: unlink,
  async syncFolder(folder) {
    // Best effort: some file systems (and Windows) cannot sync a folder.
    try {
      const handle = await open(folder, constants.O_RDONLY);
      await handle.sync().finally(() => handle.close());
    } catch {
      return;
    }
  },
};

class RealFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async changedMs(): Promise<number> {
    return (await this.#handle.stat()).mtimeMs;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      const { bytesRead } = await this.#handle.read(into, filled, into.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.write(bytes, 0, bytes.length, position)).bytesWritten;
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
