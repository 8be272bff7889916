// Reads a binary or text file of this method, bounded and without ever waiting on a pipe. What `readCredential` of the SDK is for texts.
import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { agentError, errnoOf, failureText } from 'claviger/sdk';

const MAX_BYTES = 1024 * 1024;

/**
 * Bytes of a regular file of at most 1 MiB; symbolic links are followed. Throws AUTH_CREDENTIAL_MISSING, AUTH_CREDENTIAL_EMPTY or
 * AUTH_CREDENTIAL_UNREADABLE; rejects with the signal's reason when it is aborted.
 */
export async function readBytes(path: string, what: string, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  let handle: FileHandle | undefined;
  try {
    refuseOther(await stat(path));
    // Non-blocking, because the path may have become a pipe since the line above.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const { size } = refuseOther(await handle.stat());
    if (size > MAX_BYTES) throw new Error(`it is larger than ${String(MAX_BYTES)} bytes`);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(size + 1), 0, size + 1, 0);
    if (bytesRead === 0) throw agentError('AUTH_CREDENTIAL_EMPTY', { what, path }, { at: path });
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw described(error, what, path);
  } finally {
    await handle?.close();
    signal.throwIfAborted();
  }
}

function refuseOther<T extends { isFile(): boolean; isDirectory(): boolean }>(stats: T): T {
  if (stats.isFile()) return stats;
  throw new Error(stats.isDirectory() ? 'it is a directory' : 'it is not a regular file');
}

function described(error: unknown, what: string, path: string): unknown {
  if (error instanceof Error && 'act' in error) return error;
  const facts = { at: path, cause: error };
  if (errnoOf(error) === 'ENOENT') return agentError('AUTH_CREDENTIAL_MISSING', { what, path }, facts);
  return agentError('AUTH_CREDENTIAL_UNREADABLE', { what, path, why: failureText(error) }, facts);
}
