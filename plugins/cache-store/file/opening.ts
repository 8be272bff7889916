// Opens the folder of a store: finds its segments, replays them, cuts a torn end off, removes what a crash left over. It must not know who writes later.
import { join } from 'node:path';
import type { Logger } from 'claviger/sdk';
import type { Stand } from './draft.js';
import type { Disk } from './disk.js';
import { keySum, markerFrame, REMEMBERED } from './frame.js';
import { readPlace } from './reading.js';
import { replay, syncedBefore, type Item, type Replayed } from './replay.js';
import { scanSegment } from './scan.js';
import { newName, openSegment, parseName, type Segment, type SegmentName } from './segment.js';
import type { Place } from './table.js';

/** A store as it was found. */
export interface Opened {
  /** Oldest first; the last one is the log to go on with. */
  readonly segments: readonly Segment[];
  readonly places: readonly Place[];
  readonly stand: Stand;
}

type SegmentItem = Item<Segment>;

/** Opens a folder that nobody else uses. Rejects with the operating system's errors. */
export async function openFolder(disk: Disk, folder: string, log: Logger): Promise<Opened> {
  const names = await tidy(disk, folder);
  const segments: Segment[] = [];
  try {
    for (const name of names) segments.push(await openSegment(disk, folder, name, 'write'));
    const { places, stand } = await recover(segments, log);
    if (segments.at(-1)?.name.kind !== 'log') segments.push(await firstLog(disk, folder, names, stand));
    return { segments, places, stand };
  } catch (error) {
    for (const segment of segments) await segment.retire();
    throw error;
  }
}

/** The segments that count, oldest first; everything else of ours is removed. */
async function tidy(disk: Disk, folder: string): Promise<SegmentName[]> {
  const files = (await disk.list(folder)).sort();
  const named = files.map((file) => ({ file, name: parseName(file) }));
  const base = Math.max(0, ...named.map(({ name }) => (name?.kind === 'snapshot' ? name.id : 0)));
  for (const { file, name } of named) {
    if (file.endsWith('.tmp') || (name !== undefined && name.id < base)) await disk.remove(join(folder, file));
  }
  return named.flatMap(({ name }) => (name !== undefined && name.id >= base ? [name] : []));
}

async function recover(segments: readonly Segment[], log: Logger): Promise<Omit<Opened, 'segments'>> {
  const scans = await scanAll(segments, log);
  const snapshot = scans.filter(({ segment }) => segment.name.kind === 'snapshot').flatMap(({ items }) => items);
  const logs = scans.filter(({ segment }) => segment.name.kind === 'log').map(({ items }) => items);
  const synced = syncedBefore(logs);
  await checkValues(logs.at(-1) ?? [], synced);
  const replayed = replay(snapshot, logs, synced);
  await cutTail(segments.at(-1), replayed.cut, logs.at(-1)?.at(-1), log);
  tell(replayed, log);
  const previous = lastSums(logs, replayed.next);
  return { places: Array.from(replayed.live.values(), placeOf), stand: { next: replayed.next, previous } };
}

/** Sums of the last keys before a sequence, the nearest first; 0 for one that is lost. */
function lastSums(logs: readonly (readonly SegmentItem[])[], next: number): number[] {
  const sums = new Array<number>(REMEMBERED).fill(0);
  for (const items of logs) {
    for (const { head } of items) {
      const slot = next - 1 - head.seq;
      if (head.kind !== 'marker' && slot >= 0 && slot < REMEMBERED) sums[slot] = keySum(head.key);
    }
  }
  return sums;
}

async function scanAll(
  segments: readonly Segment[],
  log: Logger,
): Promise<{ segment: Segment; items: SegmentItem[] }[]> {
  const scans = [];
  for (const segment of segments) {
    const { found, strayBytes, size } = await scanSegment(segment.file, segment.name.salt);
    const items = found.map(({ head, previous }): SegmentItem => ({ head, previous, segment }));
    if (strayBytes > 0)
      log.warn({ path: segment.path, bytes: strayBytes, of: size }, 'a part of the store is not legible');
    scans.push({ segment, items });
  }
  return scans;
}

/** Values that were perhaps never on disk are looked at now; older ones when they are read. */
async function checkValues(items: readonly SegmentItem[], synced: number): Promise<void> {
  for (const item of items) {
    if (item.head.kind !== 'put' || item.head.seq < synced) continue;
    if ((await readPlace(placeOf(item))) === undefined) item.bad = true;
  }
}

async function cutTail(
  segment: Segment | undefined,
  cut: SegmentItem | undefined,
  last: SegmentItem | undefined,
  log: Logger,
): Promise<void> {
  if (segment?.name.kind !== 'log') return;
  const end = cut?.head.at ?? last?.head.end ?? 0;
  if (end === segment.size) return;
  log.warn({ path: segment.path, bytes: segment.size - end }, 'the torn end of the store is cut off');
  await segment.file.truncate(end);
  await segment.file.sync();
  segment.size = end;
}

function tell({ damaged, forgot }: Replayed<Segment>, log: Logger): void {
  if (damaged > 0) log.warn({ records: damaged }, 'records of the store are damaged and dropped');
  if (forgot) log.warn({}, 'the damage hides which records are out of date; all older ones are dropped');
}

/** A log after the last segment, or the first one of all. It begins with a marker. */
async function firstLog(disk: Disk, folder: string, names: readonly SegmentName[], stand: Stand): Promise<Segment> {
  return createLog(disk, folder, newName((names.at(-1)?.id ?? 0) + 1, 'log'), stand);
}

/** Makes a log that begins at `stand`; it and its name are synced. Leaves no file when it rejects. */
export async function createLog(disk: Disk, folder: string, name: SegmentName, stand: Stand): Promise<Segment> {
  const segment = await openSegment(disk, folder, name, 'create');
  try {
    await segment.append(markerFrame(stand, name.salt));
    await segment.file.sync();
    await disk.syncFolder(folder);
    return segment;
  } catch (error) {
    await segment.retire();
    await disk.remove(segment.path).catch(() => undefined);
    throw error;
  }
}

function placeOf({ head, segment }: SegmentItem): Place {
  const { key, seq, valueAt, valueLength, valueSum, at, end, mark } = head;
  return { key, segment, seq, valueAt, valueLength, valueSum, bytes: end - at, expiresAt: mark };
}
