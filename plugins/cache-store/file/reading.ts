// Reads values from their places: many that lie together with one call, each checked against its checksum. It must not know who asks.
import { valueSum } from './frame.js';
import type { Place } from './table.js';

const MOST_BYTES = 1024 * 1024;
const WIDEST_GAP = 64 * 1024;

/** A value read from disk; undefined when it does not fit its checksum. Its bytes are nobody else's. */
export type Read = readonly [place: Place, value: Uint8Array | undefined];

/** Reads places, given in the order in which they lie on disk, group by group, one group ahead of who asks. */
export async function* readGroups(places: readonly Place[]): AsyncGenerator<Read[]> {
  let to = 0;
  const readNext = (): Promise<Read[]> | undefined => {
    const from = to;
    if (from >= places.length) return undefined;
    to = groupEnd(places, from);
    const reading = readGroup(places.slice(from, to));
    reading.catch(ignore);
    return reading;
  };
  for (let ahead = readNext(); ahead !== undefined;) {
    const group = await ahead;
    ahead = readNext();
    yield group;
  }
}

// who asks may have left before it hears of the failure
const ignore = (): void => undefined;

/** The value at one place. */
export async function readPlace(place: Place): Promise<Uint8Array | undefined> {
  return (await readGroup([place]))[0]?.[1];
}

function groupEnd(places: readonly Place[], from: number): number {
  const first = places[from]!;
  let to = from + 1;
  let end = first.valueAt + first.valueLength;
  for (; to < places.length; to++) {
    const { segment, valueAt, valueLength } = places[to]!;
    const tooFar = valueAt - end > WIDEST_GAP || valueAt + valueLength - first.valueAt > MOST_BYTES;
    if (segment !== first.segment || tooFar) break;
    end = valueAt + valueLength;
  }
  return to;
}

async function readGroup(places: readonly Place[]): Promise<Read[]> {
  const { segment, valueAt: start } = places[0]!;
  const last = places.at(-1)!;
  const bytes = Buffer.allocUnsafeSlow(last.valueAt + last.valueLength - start);
  const count = await segment.read(bytes, start);
  return places.map((place) => [place, valueIn(bytes.subarray(0, count), start, place)]);
}

function valueIn(bytes: Buffer, start: number, place: Place): Uint8Array | undefined {
  const from = place.valueAt - start;
  const part = bytes.subarray(from, from + place.valueLength);
  const isWhole = part.length === place.valueLength && valueSum(part, place.segment.name.salt) === place.valueSum;
  return isWhole ? part : undefined;
}
