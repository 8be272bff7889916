// Socket files: where they may lie, and owner and permission bits that are never wider than asked, not even for a moment.
import { chmod, chown, lstat, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { accountNumber } from './account.js';
import { agentError } from './errors.js';
import { failureText } from './failure-text.js';
import { listenError } from './http/listen-error.js';
import { clearStaleSocket } from './stale-socket.js';

/** Longest path the kernel takes for a socket (sun_path, with its final zero, is 108 bytes on Linux and 104 elsewhere). */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** Length of `/.abcdef/s`, where the socket is made before it moves. */
const BIRTHPLACE_BYTES = 10;

/** Who may use the socket; each is applied when it is set (D-48). */
export interface SocketAccess {
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** The settings about access. `socket_mode` is a number already. */
export interface SocketAccessSettings {
  readonly socket_mode?: number;
  readonly socket_user?: string | number;
  readonly socket_group?: string | number;
}

/** Looks names up. Throws LISTEN_ADDRESS for a user or group that does not exist. */
export async function readSocketAccess(settings: SocketAccessSettings, address: string): Promise<SocketAccess> {
  try {
    const uid = await accountNumber('user', settings.socket_user);
    const gid = await accountNumber('group', settings.socket_group);
    return { mode: settings.socket_mode, uid, gid };
  } catch (error) {
    throw agentError('LISTEN_ADDRESS', { address, why: failureText(error) }, { cause: error });
  }
}

/** Throws LISTEN_ADDRESS when a socket cannot be at this path: too long for the kernel, or no such folder. */
export async function checkSocketPath(path: string): Promise<void> {
  const fail = (why: string, hint?: string): Error =>
    agentError('LISTEN_ADDRESS', { address: path || '""', why }, { hint });
  if (path === '') throw fail('a socket needs a path', 'give the path of the socket');
  const folder = dirname(path);
  const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(folder) + BIRTHPLACE_BYTES);
  if (longest > MAX_PATH_BYTES)
    throw fail(`the path is longer than the ${MAX_PATH_BYTES} bytes that a socket may have`);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw fail(`the folder ${folder} does not exist`, 'create it');
}

/**
 * Makes the path free of a stale socket (see clearStaleSocket), binds in a private folder beside it, sets owner, group and bits there and moves the socket to its path. So nobody connects before the
 * access is right, and the umask, which the whole process shares, is not touched. Gives the function that removes the file, if it is still ours.
 * Throws LISTEN_ADDRESS_IN_USE, LISTEN_ADDRESS or LISTEN_PERMISSION.
 */
export async function bindSocketFile(
  path: string,
  access: SocketAccess,
  bind: (path: string) => Promise<void>,
): Promise<() => Promise<void>> {
  await clearStaleSocket(path);
  const folder = await mkdtemp(`${dirname(path)}/.`).catch((error: unknown) => {
    throw listenError(error, path);
  });
  const inside = join(folder, 's');
  try {
    await bind(inside);
    if (access.uid !== undefined || access.gid !== undefined) await chown(inside, access.uid ?? -1, access.gid ?? -1);
    if (access.mode !== undefined) await chmod(inside, access.mode);
    const { ino } = await lstat(inside);
    await rename(inside, path);
    return () => removeOwn(path, ino);
  } catch (error) {
    throw listenError(error, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeOwn(path: string, ino: number): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.ino === ino) await rm(path, { force: true });
}
