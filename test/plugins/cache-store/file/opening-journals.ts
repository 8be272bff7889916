// Opens journals on a disk in memory and reads them back as text.
import { LogSpy, VirtualClock } from '../../../../core/sdk/testing/index.js';
import { Journal, type JournalParts } from '../../../../plugins/cache-store/file/journal.js';
import type { MemoryDisk } from './memory-disk.js';

export const FOLDER = '/store';

/** A journal with its stand-ins. */
export interface Rig {
  readonly journal: Journal;
  readonly clock: VirtualClock;
  readonly log: LogSpy;
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);

export async function open(disk: MemoryDisk, parts: Partial<JournalParts> = {}): Promise<Rig> {
  const clock = new VirtualClock();
  const log = new LogSpy();
  const mayWrite = async (): Promise<void> => undefined;
  const journal = await Journal.open({ disk, folder: FOLDER, clock, log, mayWrite, ...parts });
  return { journal, clock, log };
}

/** Everything in a journal. */
export async function contentOf(journal: Journal): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const [key, value] of journal.entries('')) content[key] = Buffer.from(value).toString();
  return content;
}

/** Everything a new process finds on the disk. It is checked that `get` and `entries` say the same. */
export async function found(disk: MemoryDisk): Promise<Record<string, string>> {
  const { journal } = await open(disk.copy());
  const content = await contentOf(journal);
  for (const [key, value] of Object.entries(content)) {
    const got = await journal.get(key);
    if (got === undefined || Buffer.from(got).toString() !== value) throw new Error(`get and entries differ on ${key}`);
  }
  await journal.close();
  return content;
}

/** One step of a history: a batch by key, null for delete. */
export type Step = Readonly<Record<string, string | null>>;

export function write(journal: Journal, step: Step, durable = false): Promise<void> {
  const writes = Object.entries(step).map(([key, value]) => (value === null ? { key } : { key, value: bytes(value) }));
  return journal.write(writes, durable);
}

/** The states that a history goes through, the empty one first. */
export function statesOf(steps: readonly Step[]): Record<string, string>[] {
  const states: Record<string, string>[] = [{}];
  for (const step of steps) {
    const state = { ...states.at(-1)! };
    for (const [key, value] of Object.entries(step)) {
      if (value === null) delete state[key];
      else state[key] = value;
    }
    states.push(state);
  }
  return states;
}

/** The same states as comparable texts. */
export const printed = (state: Record<string, string>): string => JSON.stringify(Object.entries(state).sort());
