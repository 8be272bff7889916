// Whether a program can be run at all. Knows files only.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { failureText } from 'claviger/sdk';

/** Why it cannot; undefined when it can. */
export async function checkProgram(path: string): Promise<string | undefined> {
  if (!isAbsolute(path)) return 'the program has no absolute path';
  try {
    if (!(await stat(path)).isFile()) return 'it is not a file';
    await access(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return failureText(error);
  }
}
