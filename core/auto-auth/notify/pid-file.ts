// The number of a process in a file, and nothing else. It must not know what is done with it.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const MOST_BYTES = 64;
// Linux counts to 2^22 at most; other systems stay far below.
const LARGEST = 2 ** 22;

/**
 * Reads it anew. Throws an Error in words when the file is none, or what it holds cannot be the process of somebody else: process groups, process 1 and
 * this one are refused.
 */
export async function readPid(path: string): Promise<number> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat().then((stat) => (stat.isFile() ? stat : refuse(path, 'is not a regular file')));
    if (size > MOST_BYTES) refuse(path, 'is too long for the number of a process');
    return pidIn(await file.readFile('utf8'), path);
  } finally {
    await file.close();
  }
}

function pidIn(text: string, path: string): number {
  const number = /^\s*([1-9][0-9]{0,6})\s*$/.exec(text)?.[1];
  const pid = Number(number);
  if (number === undefined || pid <= 1 || pid > LARGEST) refuse(path, 'does not hold the number of a process');
  if (pid === process.pid) refuse(path, 'holds the number of the agent itself');
  return pid;
}

function refuse(path: string, why: string): never {
  throw new Error(`${path} ${why}`);
}
