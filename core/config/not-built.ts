// What is understood but not built: reads config-schema/not-built.json and finds what of it a configuration uses. Deleting a line there is all
// that is needed when a thing is built.
import { readFile } from 'node:fs/promises';
import type { Place } from '../kernel/hcl/tree.js';
import type { MapValue, Value } from './located.js';
import { schemaUrl } from './validators.js';

/** One line of the list. `key` is dotted, may end in `*`; `value` narrows it to one value; `schema` validates the settings of a plugin. */
export interface NotBuiltEntry {
  readonly key: string;
  readonly what: string;
  readonly value?: string;
  readonly schema?: string;
}

/** A use of something that is not built. */
export interface Use {
  readonly what: string;
  readonly at: Place;
  readonly key: string;
}

/** Reads the list. */
export async function readNotBuilt(): Promise<readonly NotBuiltEntry[]> {
  const file = JSON.parse(await readFile(schemaUrl('not-built.json'), 'utf8')) as { entries: readonly NotBuiltEntry[] };
  return file.entries;
}

/** The line for a key, or undefined. Keys are dotted, without indexes: `auto_auth.method.type`. */
export function entryFor(entries: readonly NotBuiltEntry[], key: string, value: string): NotBuiltEntry | undefined {
  return entries.find((entry) => matches(entry.key, key) && (entry.value === undefined || entry.value === value));
}

/** The values of a key that are understood but not built, such as the types of auth methods. */
export function valuesFor(entries: readonly NotBuiltEntry[], key: string): readonly string[] {
  return entries
    .filter((entry) => entry.key === key)
    .flatMap((entry) => (entry.value === undefined ? [] : [entry.value]));
}

function matches(pattern: string, key: string): boolean {
  return pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : pattern === key;
}

/** Everything in a block that is not built. Values that turn nothing on (`false`, `""`, `0`, `[]`) do not count. */
export function usesIn(entries: readonly NotBuiltEntry[], map: MapValue, prefix: string): Use[] {
  return [...map.entries.values()].flatMap((entry) =>
    usesOf(entries, entry.value, { key: prefix === '' ? entry.key : `${prefix}.${entry.key}`, at: entry.at }),
  );
}

function usesOf(entries: readonly NotBuiltEntry[], value: Value, spot: { key: string; at: Place }): Use[] {
  const found = entryFor(entries, spot.key, value.kind === 'scalar' ? String(value.value).toLowerCase() : '');
  const blocks = value.kind === 'list' ? value.items.filter((item) => item.kind === 'map') : [];
  if (found !== undefined) {
    if (blocks.length > 0)
      return blocks.map((block) => ({ what: named(found.what, block), at: block.at, key: spot.key }));
    return isOn(value) ? [{ what: found.what, at: spot.at, key: spot.key }] : [];
  }
  if (value.kind === 'map') return usesIn(entries, value, spot.key);
  return blocks.flatMap((block) => usesIn(entries, block, spot.key));
}

function named(what: string, block: MapValue): string {
  return block.label === undefined ? what : `${what} "${block.label.text}"`;
}

function isOn(value: Value): boolean {
  if (value.kind === 'map') return true;
  if (value.kind === 'list') return value.items.length > 0;
  return !['', '0', 'false', 'f'].includes(String(value.value).toLowerCase());
}
