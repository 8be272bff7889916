// Which files the `-config` values name, and their text. The only file of config that touches the disk and the environment; it opens
// nothing but configuration files, and lists the names of credentials.
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../contracts/problem.js';
import { agentError } from '../sdk/index.js';
import type { Credentials } from './credentials-directory.js';
import type { Environment } from './environment.js';

/** One configuration file: its name as the user would write it, and its text. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** What could be read, in order, and what could not (CONFIG_UNREADABLE). */
export interface Sources {
  readonly sources: Source[];
  readonly problems: Problem[];
}

const LARGEST = 16 * 1024 * 1024;

/** A frozen copy of the process environment. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return Object.freeze({ ...process.env });
}

/** What is in `$CREDENTIALS_DIRECTORY`; undefined without the variable or when the folder cannot be listed. Never throws. */
export async function credentialsIn(env: Environment): Promise<Credentials | undefined> {
  const folder = (env['CREDENTIALS_DIRECTORY'] ?? '').replace(/\/+$/, '');
  if (!folder.startsWith('/')) return undefined;
  const names = await readdir(folder).catch(() => undefined);
  return names === undefined ? undefined : { folder, names: new Set(names) };
}

/**
 * Reads files and directories in the given order. A directory gives its `.hcl` and `.json` files in byte order, not those of its folders, and
 * no editor leftovers (spec config 1.10). A path that cannot be read is a problem and the next is still tried. Never throws.
 */
export async function readSources(paths: readonly string[]): Promise<Sources> {
  const sources: Source[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    for (const file of await filesOf(path, problems)) {
      const text = await attempt(file, problems, () => readFileText(file));
      if (text !== undefined) sources.push({ file, text });
    }
  }
  return { sources, problems };
}

/** Whether a directory entry is a configuration file: `.hcl` or `.json`, and not what editors leave behind. */
export function isConfigName(name: string): boolean {
  if (name.endsWith('~') || name.startsWith('.#') || (name.startsWith('#') && name.endsWith('#'))) return false;
  return name.endsWith('.hcl') || name.endsWith('.json');
}

async function filesOf(path: string, problems: Problem[]): Promise<string[]> {
  const found = await attempt(path, problems, async () => {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path);
    const names = entries.filter(isConfigName).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return (await Promise.all(names.map((name) => keepUnlessFolder(join(path, name))))).flat();
  });
  return found ?? [];
}

async function keepUnlessFolder(file: string): Promise<string[]> {
  const facts = await stat(file).catch(() => undefined);
  return facts?.isDirectory() === true ? [] : [file];
}

async function readFileText(file: string): Promise<string> {
  const facts = await stat(file);
  if (!facts.isFile()) throw new Error('it is not a regular file');
  if (facts.size > LARGEST) throw new Error('it is larger than 16 MiB');
  const handle = await open(file, 'r');
  try {
    return decode(await readBounded(handle));
  } finally {
    await handle.close();
  }
}

async function readBounded(handle: FileHandle): Promise<Buffer> {
  const bytes = await handle.readFile();
  if (bytes.length > LARGEST) throw new Error('it is larger than 16 MiB');
  return bytes;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new Error('it is not UTF-8 text', { cause });
  }
}

async function attempt<T>(path: string, problems: Problem[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    problems.push(unreadable(path, cause));
    return undefined;
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
  EISDIR: 'it is a directory',
  EMFILE: 'this process has too many open files',
};

function unreadable(path: string, cause: unknown): Problem {
  const error = cause as NodeJS.ErrnoException;
  const why = WHY[error.code ?? ''] ?? error.message;
  const { code, message, hint } = agentError('CONFIG_UNREADABLE', { path: path === '' ? '""' : path, why });
  return { severity: 'error', code, message, at: { file: path, line: 0, column: 0 }, hint };
}
