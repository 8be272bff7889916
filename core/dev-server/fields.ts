// Reads values out of request bodies the way the server does: durations, lists, booleans, numbers, text maps.
// It promises a value or a 400; it knows no endpoint.
import { parseDuration } from '../kernel/duration.js';
import { fault } from './backend.js';
import type { Fields } from './backend.js';

/** Milliseconds of `90`, `"90"`, `"90s"`, `"1h30m"`, `"7d"`; undefined for anything else. */
export function durationMs(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : parseDuration(value);
}

/** A duration field in milliseconds; undefined when absent. Throws 400 `time: invalid duration "x"`. */
export function optionalDuration(body: Fields, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const ms = durationMs(value);
  if (ms === undefined) throw fault(400, `time: invalid duration ${JSON.stringify(value)}`);
  return ms;
}

/** A text field; numbers and booleans become text; undefined when absent. */
export function optionalText(body: Fields, name: string): string | undefined {
  const value = body[name];
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A number field; texts of digits count; undefined when absent or not a number. */
export function optionalNumber(body: Fields, name: string): number | undefined {
  const value = body[name];
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : undefined;
}

/** A boolean field: true, "true", "1", 1 and so on; undefined when absent. */
export function optionalFlag(body: Fields, name: string): boolean | undefined {
  const value = body[name];
  if (typeof value === 'boolean') return value;
  if (value === undefined || value === null) return undefined;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).toLowerCase() : '';
  return ['1', 't', 'true', 'yes', 'on'].includes(text);
}

/** A list of texts, given as a list or as one text with commas; undefined when absent. */
export function optionalList(body: Fields, name: string): string[] | undefined {
  const value = body[name];
  if (Array.isArray(value)) return value.map((item) => String(item));
  if (typeof value !== 'string') return undefined;
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A map of texts; undefined when absent. A JSON text of an object counts. */
export function optionalTextMap(body: Fields, name: string): Record<string, string> | undefined {
  const value = body[name];
  const map = typeof value === 'string' ? parsedObject(value) : value;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) return undefined;
  return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, String(item)]));
}

function parsedObject(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
