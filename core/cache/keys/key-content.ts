// Reads key files and makes them. A key file that others can read is refused, or tightened where it is ours to keep. Knows nothing of stores.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, link, mkdir, open, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { agentError, errnoOf, failureText, type AgentError, type Logger } from '../../sdk/index.js';
import { keyOfContent } from './key-text.js';
import { KEY_BYTES } from './provider.js';

/** How a file is read. */
export interface ReadOptions {
  readonly provider: string;
  readonly log: Logger;
  /** A file that group or others can read: refuse it, make it 0600 (where it cannot be changed, both only warn), or take it as it is. */
  readonly open: 'refuse' | 'tighten' | 'keep';
}

const MOST = 64 * 1024;

/** CACHE_KEY_UNAVAILABLE for a provider. */
export function unavailable(provider: string, why: string, facts: { hint?: string; cause?: unknown } = {}): AgentError {
  return agentError('CACHE_KEY_UNAVAILABLE', { provider, why }, facts);
}

/** The content of a regular file up to 64 KiB, or undefined when there is none. Throws CACHE_KEY_UNAVAILABLE. */
export async function readSmallFile(path: string, options: ReadOptions): Promise<Buffer | undefined> {
  try {
    if (!(await stat(path)).isFile()) throw unavailable(options.provider, `${path} is not a regular file`);
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stats = await handle.stat();
      if (!stats.isFile() || stats.size > MOST) throw unavailable(options.provider, `${path} is not a key file`);
      if ((stats.mode & 0o077) !== 0) await guardMode(path, stats.mode, options);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === undefined) throw error;
    throw unavailable(options.provider, `${path} cannot be read: ${failureText(error)}`);
  }
}

async function guardMode(path: string, mode: number, { provider, log, open: what }: ReadOptions): Promise<void> {
  if (what === 'keep' || process.platform === 'win32') return;
  const shown = (mode & 0o777).toString(8);
  try {
    // Mode as it is: a proof that the mode is ours to change, which it is not for mounted secrets.
    await chmod(path, what === 'tighten' ? 0o600 : mode & 0o7777);
  } catch {
    return log.warn(
      { path, mode: shown },
      'others can read the key of the cache store, and its mode cannot be changed',
    );
  }
  if (what === 'tighten')
    return log.warn({ path, mode: shown }, 'others could read the key of the cache store; its mode is 600 now');
  throw unavailable(provider, `others can read ${path} (mode ${shown})`, { hint: `chmod 600 ${path}` });
}

/** The key in a file, or undefined when there is no file. Throws CACHE_KEY_UNAVAILABLE. */
export async function readKey(path: string, options: ReadOptions): Promise<Buffer | undefined> {
  const content = await readSmallFile(path, options);
  if (content === undefined) return undefined;
  const key = keyOfContent(content);
  if (key !== undefined) return key;
  throw unavailable(options.provider, `${path} does not hold ${KEY_BYTES} bytes, as they are, in base64 or in hex`);
}

/**
 * Makes a key file, mode 0600, synced, complete or not at all; a file that is there already stays (two agents may start at once).
 * Throws CACHE_KEY_UNAVAILABLE.
 */
export async function makeKey(path: string, provider: string): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw unavailable(provider, `${path} cannot be made: ${failureText(error)}`);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
  await syncFolder(dirname(path));
}

// Best effort: without it a crash of the machine may lose the key, and with it no more than the cache.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
