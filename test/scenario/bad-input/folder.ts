// A temporary folder for configurations of tests, removed at the end whatever happened.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'claviger-bad-'));

  /** Path of a file in it. */
  at(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file; returns its path. */
  write(name: string, text: string, mode = 0o600): string {
    writeFileSync(this.at(name), text, { mode });
    return this.at(name);
  }

  /** Names of what is in it. */
  names(): string[] {
    return readdirSync(this.path).sort();
  }
}

/** Runs `work` with a folder of its own. */
export async function inFolder<T>(work: (folder: Folder) => Promise<T>): Promise<T> {
  const folder = new Folder();
  try {
    return await work(folder);
  } finally {
    rmSync(folder.path, { recursive: true, force: true });
  }
}
