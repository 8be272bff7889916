// One agent at a time: a record of the owner in the folder, with a heartbeat. Node has no flock. A record of a dead owner, or without a heartbeat for
// 15 s, is taken over; who finds another's record in its place writes no more. It must not know what is written.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { agentError, errnoOf, type Clock } from 'claviger/sdk';
import type { Disk, DiskFile } from './disk.js';
import type { Processes } from './processes.js';
import { describeOwner, isHeld, parseOwner, type Owner } from './owner.js';

/** How often the owner shows that it lives, ms. */
export const HEARTBEAT_MS = 5000;
const RECORD_BYTES = 512;

/** What a lock works with. */
export interface LockParts {
  readonly disk: Disk;
  readonly folder: string;
  readonly clock: Clock;
  readonly processes: Processes;
}

/** The lock of a folder. */
export class Lock {
  readonly #parts: LockParts;
  readonly #path: string;
  readonly #file: DiskFile;
  readonly #epoch: string;
  #beatAt: number;
  #lost: Owner | undefined;
  #isGone = false;
  #cancel: (() => void) | undefined;
  #beating: Promise<void> | undefined;

  private constructor(parts: LockParts, file: DiskFile, epoch: string) {
    this.#parts = parts;
    this.#path = lockPath(parts.folder);
    this.#file = file;
    this.#epoch = epoch;
    this.#beatAt = parts.clock.now();
    this.#beatSoon();
  }

  /** Takes the lock. Throws CACHE_STORE_LOCKED when another agent has it; rejects with the operating system's errors. */
  static async take(parts: LockParts): Promise<Lock> {
    const epoch = randomUUID();
    const file = (await create(parts)) ?? (await takeOver(parts));
    try {
      await write(file, parts, epoch);
    } catch (error) {
      await file.close();
      await parts.disk.remove(lockPath(parts.folder)).catch(() => undefined);
      throw error;
    }
    const owner = await readOwner(parts);
    if (owner?.epoch === epoch) return new Lock(parts, file, epoch);
    await file.close();
    throw lockedBy(owner ?? NOBODY, parts);
  }

  /** Rejects with CACHE_STORE_LOCKED once another agent has taken the folder over, with CACHE_STORE_UNAVAILABLE when the record is gone. Looks at the record only when the heartbeat is late. */
  async check(): Promise<void> {
    const sinceMs = this.#parts.clock.now() - this.#beatAt;
    const isLate = this.#isGone || sinceMs < 0 || sinceMs > 2 * HEARTBEAT_MS;
    if (this.#lost === undefined && isLate) await this.#beat();
    if (this.#lost !== undefined) throw lockedBy(this.#lost, this.#parts);
    if (this.#isGone) throw removedFrom(this.#parts);
  }

  /** Ends the heartbeat and removes the record, if it is still ours. */
  async release(): Promise<void> {
    this.#cancel?.();
    await this.#beating;
    const isOurs = this.#lost === undefined && (await readOwner(this.#parts))?.epoch === this.#epoch;
    await this.#file.close();
    if (isOurs) await this.#parts.disk.remove(this.#path).catch(() => undefined);
  }

  #beatSoon(): void {
    this.#cancel = this.#parts.clock.after(HEARTBEAT_MS, () => {
      this.#beating = this.#beat()
        .catch(() => undefined)
        .finally(() => {
          this.#beating = undefined;
        });
      this.#beatSoon();
    });
  }

  /** Writing into the open file can never overwrite another's record: that one is another file. */
  async #beat(): Promise<void> {
    const owner = await readOwner(this.#parts);
    this.#isGone = owner === undefined;
    if (owner === undefined) return;
    if (owner.epoch !== this.#epoch) {
      this.#lost = owner;
      return;
    }
    await write(this.#file, this.#parts, this.#epoch);
    this.#beatAt = this.#parts.clock.now();
  }
}

const NOBODY: Owner = { pid: 0, host: '', space: '', started: '', epoch: '', heartbeat: 0 };

const lockPath = (folder: string): string => join(folder, 'lock');

function lockedBy(owner: Owner, { folder, clock }: LockParts): Error {
  return agentError('CACHE_STORE_LOCKED', { what: folder, owner: describeOwner(owner, clock.now()) }, { at: folder });
}

function removedFrom({ folder }: LockParts): Error {
  const facts = { at: folder, hint: 'restart the agent' };
  return agentError('CACHE_STORE_UNAVAILABLE', { why: 'its folder or lock was removed while the agent ran' }, facts);
}

async function create({ disk, folder }: LockParts): Promise<DiskFile | undefined> {
  try {
    return await disk.open(lockPath(folder), 'create');
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

/** Moves a dead owner's record away and takes its place. Of several that try, one wins: what was moved must be what was looked at. */
async function takeOver(parts: LockParts): Promise<DiskFile> {
  const { disk, folder, clock, processes } = parts;
  const owner = await readOwner(parts);
  if (owner !== undefined && isHeld(owner, processes, clock.now())) throw lockedBy(owner, parts);
  if (owner !== undefined) await moveAway(parts, owner);
  const file = await create(parts);
  if (file !== undefined) return file;
  throw lockedBy((await readOwner(parts)) ?? NOBODY, { disk, folder, clock, processes });
}

async function moveAway(parts: LockParts, dead: Owner): Promise<void> {
  const { disk, folder } = parts;
  const aside = join(folder, `lock-${randomUUID()}.tmp`);
  await disk.rename(lockPath(folder), aside).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
  const moved = await readOwner(parts, aside);
  if (moved !== undefined && moved.epoch !== dead.epoch) {
    await disk.rename(aside, lockPath(folder));
    throw lockedBy(moved, parts);
  }
  await disk.remove(aside).catch(() => undefined);
}

/** The record; undefined when there is none. One that cannot be read counts from the last change of its file. */
async function readOwner({ disk, folder }: LockParts, path = lockPath(folder)): Promise<Owner | undefined> {
  let file: DiskFile;
  try {
    file = await disk.open(path, 'read');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(RECORD_BYTES);
    const count = await file.read(bytes, 0);
    return parseOwner(bytes.toString('utf8', 0, count)) ?? { ...NOBODY, heartbeat: await file.changedMs() };
  } finally {
    await file.close();
  }
}

/** One write of one length, so that a reader finds the old record or the new one. */
async function write(file: DiskFile, { clock, processes }: LockParts, epoch: string): Promise<void> {
  const text = JSON.stringify({ ...processes.self, epoch, heartbeat: clock.now() } satisfies Owner);
  await file.write(Buffer.from(`${text.padEnd(RECORD_BYTES - 1)}\n`), 0);
}
