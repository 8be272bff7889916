// Canonical values that know where they were written. Labels, repeated blocks and spellings are resolved; types of scalars are not. It must
// not know what any key means.
import type { Place } from '../kernel/hcl/tree.js';

/** A string, number or boolean. `raw` is the source text of a number. */
export interface ScalarValue {
  readonly kind: 'scalar';
  readonly value: string | number | boolean;
  readonly raw?: string | undefined;
  readonly at: Place;
}

/** A list. */
export interface ListValue {
  readonly kind: 'list';
  readonly items: readonly Value[];
  readonly at: Place;
}

/** A block or an object. `label` is the name of a named block. */
export interface MapValue {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly at: Place;
  readonly label?: Label | undefined;
}

/** The label that names a block. */
export interface Label {
  readonly text: string;
  readonly at: Place;
}

/** One member of a map: `key` is canonical, `written` as in the file, `at` where the key is. */
export interface Entry {
  readonly key: string;
  readonly written: string;
  readonly at: Place;
  readonly value: Value;
}

/** Any canonical value. */
export type Value = ScalarValue | ListValue | MapValue;

/** The map at `key`, or undefined. */
export function mapAt(map: MapValue, key: string): MapValue | undefined {
  const value = map.entries.get(key)?.value;
  return value?.kind === 'map' ? value : undefined;
}

/** The maps of the list at `key`; empty when there is none. */
export function mapsAt(map: MapValue, key: string): readonly MapValue[] {
  const value = map.entries.get(key)?.value;
  return value?.kind === 'list' ? value.items.filter((item) => item.kind === 'map') : [];
}

/** The text at `key`, or undefined. */
export function textAt(map: MapValue, key: string): string | undefined {
  const value = map.entries.get(key)?.value;
  return value?.kind === 'scalar' ? String(value.value) : undefined;
}

/** Where the key is, or the map itself. */
export function placeOf(map: MapValue, key: string): Place {
  return map.entries.get(key)?.at ?? map.at;
}

/** The map with some keys left out. */
export function without(map: MapValue, drop: (entry: Entry) => boolean): MapValue {
  return { ...map, entries: new Map([...map.entries].filter(([, entry]) => !drop(entry))) };
}

/** Segments of a JSON pointer. */
export function segments(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** JSON pointer of a member. */
export function pointerTo(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** A JSON pointer as people write settings: `sink[1].config.path`. */
export function dotted(prefix: string, pointer: string): string {
  const joined = segments(pointer).reduce(
    (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`),
    prefix,
  );
  return joined;
}

/** Where the value at a pointer was written (its key, if it has one), and the map that holds it. */
export function locate(map: MapValue, pointer: string): { at: Place; holder: MapValue } {
  let value: Value | undefined = map;
  let found = { at: map.at, holder: map };
  for (const part of segments(pointer)) {
    if (value?.kind === 'list' && value.items.length === 1 && !/^\d+$/.test(part)) value = value.items[0];
    if (value?.kind === 'map') {
      const entry: Entry | undefined = value.entries.get(part);
      found = { at: entry?.at ?? value.at, holder: value };
      value = entry?.value;
    } else if (value?.kind === 'list') {
      value = value.items[Number(part)];
      found = { ...found, at: value?.at ?? found.at };
    }
  }
  return found;
}
