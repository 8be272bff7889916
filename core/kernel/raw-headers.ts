// Ordered header lists as on the wire (name, value, name, value ...): look up, copy without, replace. Case and duplicates are kept.
// Names to look for are given in lower case. It must not know what any header means.
import type { RawHeaders } from '../sdk/index.js';

/** True when `name` is `lower` in any case. Lengths are compared first, because this runs for each header of each request. */
export function sameName(name: string, lower: string): boolean {
  return name.length === lower.length && (name === lower || name.toLowerCase() === lower);
}

/** Value of the first header with this name, or undefined. Of duplicated headers the first counts (corrections, server). */
export function headerOf(headers: RawHeaders, lower: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    if (sameName(headers[at]!, lower)) return headers[at + 1];
  }
  return undefined;
}

/** All values of a name, in order. */
export function headersOf(headers: RawHeaders, lower: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    if (sameName(headers[at]!, lower)) values.push(headers[at + 1]!);
  }
  return values;
}

/** A copy without the headers of these lower-case names. */
export function withoutHeaders(headers: RawHeaders, lowerNames: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    if (!lowerNames.some((lower) => sameName(name, lower))) kept.push(name, headers[at + 1]!);
  }
  return kept;
}

/** A copy in which `name` occurs once with `value`: at the place of its first occurrence, or at the end. */
export function withHeader(headers: RawHeaders, name: string, value: string): string[] {
  const lower = name.toLowerCase();
  const out: string[] = [];
  let placed = false;
  for (let at = 0; at < headers.length; at += 2) {
    if (!sameName(headers[at]!, lower)) out.push(headers[at]!, headers[at + 1]!);
    else if (!placed) {
      out.push(headers[at]!, value);
      placed = true;
    }
  }
  if (!placed) out.push(name, value);
  return out;
}
