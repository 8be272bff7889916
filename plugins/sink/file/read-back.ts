// What an earlier run left in a token file, if it can only be that. Knows files, nothing of tokens.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const MOST_BYTES = 64 * 1024;
const ANYBODY_WRITES = 0o002;

/**
 * The content without blanks around it. Rejects with the error of the system, or with an Error in words: symbolic links, anything but a regular file, more
 * than 64 KiB, and files that everybody may write to are refused.
 */
export async function readBack(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('it is not a regular file');
    if ((stat.mode & ANYBODY_WRITES) !== 0) throw new Error('everybody may write to it');
    if (stat.size > MOST_BYTES) throw new Error('it is larger than 64 KiB');
    return (await file.readFile('utf8')).trim();
  } finally {
    await file.close();
  }
}
