// Rewrites the store without what no longer counts: a snapshot is written beside the running appends and takes the place of all older segments as one
// step. A crash at any moment leaves the old segments or the snapshot. It must not know when it is worth while.
import { join } from 'node:path';
import type { Disk } from './disk.js';
import type { Stand } from './draft.js';
import { encodeFrame, markerFrame } from './frame.js';
import { createLog } from './opening.js';
import { readGroups, type Read } from './reading.js';
import { nameOf, newName, Segment } from './segment.js';
import type { Place, Table } from './table.js';
import type { Writer } from './writer.js';

/** What a rewrite works on. `segments` is changed: oldest first. */
export interface CompactionParts {
  readonly disk: Disk;
  readonly folder: string;
  readonly table: Table;
  readonly writer: Writer;
  readonly segments: Segment[];
}

/** The moment at which the old segments end: what counted then, and where the new log begins. */
interface Turn {
  readonly stand: Stand;
  readonly places: readonly Place[];
}

type Move = readonly [from: Place, to: Place];

/** Rewrites once. An aborted signal stops it between two reads; the store is whole then, too. Rejects with the operating system's errors. */
export async function compact(parts: CompactionParts, signal: AbortSignal): Promise<void> {
  const { writer, segments, disk, folder } = parts;
  const turn = await startNewLog(parts);
  const old = segments.slice(0, -1);
  const name = newName(writer.segment.name.id - 1, 'snapshot');
  const temporary = join(folder, `${nameOf(name)}.tmp`);
  const snapshot = new Segment(name, join(folder, nameOf(name)), await disk.open(temporary, 'create'));
  try {
    const moved = await fill(snapshot, turn, parts.table, signal);
    await disk.rename(temporary, snapshot.path);
    await disk.syncFolder(folder);
    adopt(parts, snapshot, moved);
  } catch (error) {
    await snapshot.retire();
    await disk.remove(temporary).catch(() => undefined);
    throw error;
  }
  await removeSegments(disk, old);
}

/** Removes files of segments, oldest first, so that at no moment an older record counts again. */
export async function removeSegments(disk: Disk, old: readonly Segment[]): Promise<void> {
  for (const segment of old) {
    await segment.retire();
    await disk.remove(segment.path);
  }
}

/** Appends go on in a new log; the number before it is left for the snapshot. */
async function startNewLog({ disk, folder, writer, segments, table }: CompactionParts): Promise<Turn> {
  let turn: Turn = { stand: writer.stand, places: [] };
  await writer.alone(async () => {
    await writer.settle();
    const fresh = await createLog(disk, folder, newName(writer.segment.name.id + 2, 'log'), writer.stand);
    segments.push(fresh);
    writer.moveTo(fresh);
    turn = { stand: writer.stand, places: table.placesOf('') };
  });
  return turn;
}

/**
 * Writes what counted at the turn. Also what was replaced since: the new log may be lost in a loss of power, the snapshot then has to be whole without
 * it. Markers at both ends say where the log after it begins.
 */
async function fill(snapshot: Segment, { stand, places }: Turn, table: Table, signal: AbortSignal): Promise<Move[]> {
  const moved: Move[] = [];
  const marker = markerFrame(stand, snapshot.name.salt);
  await snapshot.append(marker);
  for await (const group of readGroups(places)) {
    signal.throwIfAborted();
    const frames = framesOf(group, snapshot, moved);
    for (const [place, value] of group) if (value === undefined && table.holds(place)) table.delete(place.key);
    await snapshot.append(Buffer.concat(frames));
  }
  await snapshot.append(marker);
  await snapshot.file.sync();
  return moved;
}

function framesOf(group: readonly Read[], snapshot: Segment, moved: Move[]): Buffer[] {
  const frames: Buffer[] = [];
  let at = snapshot.size;
  for (const [place, value] of group) {
    if (value === undefined) continue;
    const { seq, key, expiresAt: mark } = place;
    const bytes = encodeFrame({ kind: 'put', seq, left: 0, key, value, mark, previous: [] }, snapshot.name.salt);
    const valueAt = at + bytes.length - value.length;
    const to: Place = { ...place, segment: snapshot, valueAt, valueSum: bytes.readUInt32LE(18), bytes: bytes.length };
    moved.push([place, to]);
    frames.push(bytes);
    at += bytes.length;
  }
  return frames;
}

/** The snapshot takes the place of all segments but the log. Records that were written or deleted meanwhile are not touched. */
function adopt({ table, segments }: CompactionParts, snapshot: Segment, moved: readonly Move[]): void {
  for (const [from, to] of moved) if (table.holds(from)) table.set(to);
  segments.splice(0, segments.length - 1, snapshot);
}
