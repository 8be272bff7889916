// readCredential and removeCredential: one credential file, read safely and removed only when it is still the file that was read.
// Knows files and nothing of Vault. Never waits on a pipe and never reads a device.
import { isUtf8 } from 'node:buffer';
import { constants, lstatSync, realpathSync, statSync, unlinkSync, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { agentError, type AgentError } from './errors.js';
import { failureText, errnoOf } from './failure-text.js';
import type { Logger } from './host.js';
import { Secret } from './secret.js';

/** What tells one file from another one at the same path. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
  readonly mtimeMs: number;
  readonly size: number;
}

/** A credential and the file it came from. */
export interface Credential {
  readonly text: Secret;
  readonly identity: FileIdentity;
}

/** `true`: all white space around the text (and a byte order mark) goes; `line-break`: only one trailing line break; `false`: nothing. */
export type Trim = boolean | 'line-break';

/** How to read a credential. */
export interface CredentialOptions {
  readonly signal?: AbortSignal | undefined;
  /** Name for messages, such as `secret_id_file_path`; default `credential`. */
  readonly what?: string;
  /** Larger files are refused; default 64 KiB. */
  readonly maxBytes?: number;
  /** Default true. */
  readonly trim?: Trim;
  /** When given, a file that every user of the machine can read is worth a warning. */
  readonly log?: Logger | undefined;
}

/** What became of a file that should be removed. `changed`: another file is there now, it was kept. */
export type Removal =
  { readonly outcome: 'removed' | 'changed' | 'missing' } | { readonly outcome: 'failed'; readonly why: string };

const DEFAULT_MAX_BYTES = 64 * 1024;

/**
 * Reads a credential file fresh. Symbolic links are followed; anything but a regular file is refused without opening it.
 * Throws AUTH_CREDENTIAL_MISSING, AUTH_CREDENTIAL_EMPTY, AUTH_CREDENTIAL_UNREADABLE (permissions, size, kind of file) or
 * AUTH_CREDENTIAL_INVALID (not text). An aborted signal rejects with its reason. (Spec auth-wire 1.6.)
 */
export async function readCredential(path: string, options: CredentialOptions = {}): Promise<Credential> {
  const what = options.what ?? 'credential';
  options.signal?.throwIfAborted();
  const found = await readRegularFile(path, what, options.maxBytes ?? DEFAULT_MAX_BYTES);
  options.signal?.throwIfAborted();
  if (!isUtf8(found.bytes))
    throw agentError('AUTH_CREDENTIAL_INVALID', { what, why: `${path} is not text` }, { at: path });
  const text = trimText(found.bytes.toString('utf8'), options.trim ?? true);
  if (text === '') throw agentError('AUTH_CREDENTIAL_EMPTY', { what, path }, { at: path });
  warnWhenOpenToAll(found.stats, path, options.log);
  return { text: new Secret(text), identity: identityOf(found.stats) };
}

/**
 * Removes a credential file, but only when it is still the one that was read (device, inode, time of change and size). A symbolic link is
 * removed itself; with `followSymlinks` its target goes and the link stays. Never throws. (Spec corrections; config 5.2.)
 */
export function removeCredential(
  path: string,
  identity: FileIdentity,
  options: { followSymlinks?: boolean } = {},
): Removal {
  try {
    // Synchronous on purpose: nothing of this process may come between the comparison and the removal.
    const target = options.followSymlinks === true && lstatSync(path).isSymbolicLink() ? realpathSync(path) : path;
    // the very path that is removed is compared: a link that is turned meanwhile must not make us remove another file
    if (!isSameFile(identityOf(statSync(target)), identity)) return { outcome: 'changed' };
    unlinkSync(target);
    return { outcome: 'removed' };
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? { outcome: 'missing' } : { outcome: 'failed', why: failureText(error) };
  }
}

/** True when both describe one unchanged file. */
export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.mtimeMs === b.mtimeMs && a.size === b.size;
}

/** The identity in a result of `stat`. */
export function identityOf(stats: Stats): FileIdentity {
  return { dev: stats.dev, ino: stats.ino, mtimeMs: stats.mtimeMs, size: stats.size };
}

async function readRegularFile(path: string, what: string, maxBytes: number): Promise<{ bytes: Buffer; stats: Stats }> {
  let handle: FileHandle | undefined;
  try {
    refuseOther(await stat(path), path, what);
    // Non-blocking, because the path may have become a pipe since the line above.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await handle.stat();
    refuseOther(stats, path, what);
    const bytes = await readUpTo(handle, maxBytes + 1);
    if (bytes.length > maxBytes) throw unreadable(path, what, `larger than ${maxBytes} bytes`);
    return { bytes, stats };
  } catch (error) {
    throw credentialError(error, path, what);
  } finally {
    await handle?.close();
  }
}

async function readUpTo(handle: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < limit) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(16_384, limit - total)), 0, null, null);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks, total);
}

function refuseOther(stats: Stats, path: string, what: string): void {
  if (stats.isFile()) return;
  throw unreadable(path, what, stats.isDirectory() ? 'it is a directory' : 'it is not a regular file');
}

function unreadable(path: string, what: string, why: string, cause?: unknown): AgentError {
  return agentError('AUTH_CREDENTIAL_UNREADABLE', { what, path, why }, { at: path, cause });
}

function credentialError(error: unknown, path: string, what: string): unknown {
  const code = errnoOf(error);
  if (code === undefined) return error;
  if (code === 'ENOENT') return agentError('AUTH_CREDENTIAL_MISSING', { what, path }, { at: path, cause: error });
  return unreadable(path, what, failureText(error), error);
}

function trimText(text: string, trim: Trim): string {
  if (trim === true) return text.trim();
  return trim === 'line-break' ? text.replace(/\r?\n$/, '') : text;
}

function warnWhenOpenToAll(stats: Stats, path: string, log: Logger | undefined): void {
  if (log === undefined || process.platform === 'win32' || (stats.mode & 0o004) === 0) return;
  log.warn(
    { path, mode: (stats.mode & 0o777).toString(8).padStart(4, '0') },
    'credential file can be read by every user',
  );
}
