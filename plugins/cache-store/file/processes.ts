// Who this process is and whether another one lives. It must not know locks.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process as another one can recognise it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly host: string;
  /** Where process numbers mean the same; empty where the system has no such thing. */
  readonly space: string;
  /** When it was started, in the system's own words; tells it from a later process of the same number. Empty: not known. */
  readonly started: string;
}

/** This process, and a look at others. */
export interface Processes {
  readonly self: ProcessFacts;
  /** False: certainly gone. Undefined: it cannot be told from here. */
  isAlive(other: ProcessFacts): boolean | undefined;
}

/** The processes of this machine. */
export function realProcesses(): Processes {
  const self = { pid: process.pid, host: hostname(), space: spaceOfSelf(), started: startOf(process.pid) };
  return {
    self,
    isAlive(other) {
      if (other.host !== self.host || other.space !== self.space) return undefined;
      return isThere(other.pid) && (other.started === '' || startOf(other.pid) === other.started);
    },
  };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function spaceOfSelf(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** The 22nd field of the process's line; the name before it may hold spaces and brackets. */
function startOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
