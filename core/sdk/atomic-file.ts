// replaceFile: new content appears at a path as one step, or not at all. Knows modes and owners, not what is written.
// A reader sees the old file or the new one; after any failure the old one is intact and no temporary file is left.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Mode and owner of the new file. */
export interface FileAttributes {
  /** Permission bits, set with fchmod, so that the umask neither weakens nor breaks them. */
  readonly mode: number;
  /** Numeric user; absent leaves it. */
  readonly uid?: number | undefined;
  /** Numeric group; absent leaves it. */
  readonly gid?: number | undefined;
}

/**
 * Writes a temporary file in the same folder (exclusive create), sets mode and owner, syncs, renames it over `path`, syncs the folder.
 * A symbolic link at `path` is replaced, not followed. Rejects with the operating system's error; `failureText` puts it in words.
 * An aborted signal stops it before the rename. (Spec config 4.2, R15.)
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  attributes: FileAttributes,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = await writeTemporary(path, content, attributes);
  try {
    signal?.throwIfAborted();
    await rename(temporary, path);
  } catch (error) {
    await removeQuietly(temporary);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Does everything `replaceFile` does short of the rename, and removes the temporary file: proof that a write would work. */
export async function checkReplaceable(path: string, attributes: FileAttributes): Promise<void> {
  await unlink(await writeTemporary(path, 'write check', attributes));
}

async function writeTemporary(path: string, content: string | Uint8Array, attributes: FileAttributes): Promise<string> {
  const temporary = join(dirname(path), `${basename(path).slice(0, 200)}.tmp.${randomBytes(4).toString('hex')}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const handle = await open(temporary, flags, 0o600);
  try {
    await fill(handle, content, attributes);
    return temporary;
  } catch (error) {
    await removeQuietly(temporary);
    throw error;
  }
}

async function fill(
  handle: FileHandle,
  content: string | Uint8Array,
  { mode, uid, gid }: FileAttributes,
): Promise<void> {
  try {
    // Owner before mode: a change of owner clears set-id bits, and the content comes last so that nobody reads it too early.
    if (uid !== undefined || gid !== undefined) await handle.chown(uid ?? -1, gid ?? -1);
    await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Best effort: the content is in place already, and some file systems (and Windows) cannot sync a folder.
  try {
    const handle = await open(folder, constants.O_RDONLY);
    await handle.sync().finally(() => handle.close());
  } catch {
    return;
  }
}

async function removeQuietly(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}
