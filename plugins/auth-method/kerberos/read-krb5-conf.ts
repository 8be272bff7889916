// Reads a krb5.conf file with what it includes (`include FILE`, `includedir FOLDER`) from disk. Judges no key.
import { readdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { agentError } from 'claviger/sdk';
import { linesOf, parseSections, type Line } from './krb5-conf.js';
import { readSettings, type Krb5Settings } from './krb5-settings.js';
import { readBytes } from './read-file.js';

const WHAT = 'krb5conf_path';
const DEEPEST = 8;

/** Settings of the file at `path`. Throws AUTH_CREDENTIAL_MISSING, _EMPTY, _UNREADABLE, or _INVALID with the line that is wrong. */
export async function readKrb5Conf(path: string, signal: AbortSignal): Promise<Krb5Settings> {
  const lines = await allLines(path, signal, 0);
  try {
    return readSettings(parseSections(lines));
  } catch (error) {
    throw invalid(path, (error as Error).message);
  }
}

async function allLines(path: string, signal: AbortSignal, depth: number): Promise<Line[]> {
  if (depth > DEEPEST) throw invalid(path, 'files include each other too deeply');
  const text = (await readBytes(path, WHAT, signal)).toString('utf8');
  const lines = linesOf(text, path);
  if (depth === 0 && lines.length === 0) throw agentError('AUTH_CREDENTIAL_EMPTY', { what: WHAT, path }, { at: path });
  const all: Line[] = [];
  for (const line of lines) {
    const files = await included(line);
    if (files === undefined) all.push(line);
    else for (const file of files) all.push(...(await allLines(file, signal, depth + 1)));
  }
  return all;
}

async function included({ text, at }: Line): Promise<string[] | undefined> {
  const [, dir, target] = /^include(dir)?\s+(\S.*)$/.exec(text) ?? [];
  if (target === undefined) return undefined;
  if (!isAbsolute(target)) throw invalid(at, 'what is included must be an absolute path');
  return dir === undefined ? [target] : filesOf(target);
}

// The rule of MIT Kerberos: names of letters, digits, `-` and `_`, or those that end in `.conf`. A missing folder counts as an empty one.
async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^[\w-]+$/.test(name) || /^[^.].*\.conf$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

const invalid = (at: string, why: string): Error =>
  agentError('AUTH_CREDENTIAL_INVALID', { what: `${WHAT} ${at}`, why }, { at });
