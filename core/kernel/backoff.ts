// Waits between attempts. Pure: chance comes in as a function; it must not know what is attempted.

/** A number in [0, 1), such as Math.random. */
export type Random = () => number;

/** Bounds of a doubling back-off, ms. */
export interface BackoffBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * The wait after a failure: the minimum at first (`currentMs` 0), then twice the last one and never more than the maximum, each time minus
 * 0 to 25 % (spec config 3.3, back-off).
 */
export function nextBackoff(currentMs: number, bounds: BackoffBounds, random: Random): number {
  const wanted = currentMs <= 0 ? bounds.minMs : 2 * currentMs;
  return Math.min(wanted, bounds.maxMs) * (1 - 0.25 * random());
}

/** A wait anywhere between nothing and `ceilingMs`: spreads callers that were all told to come back. */
export function fullJitter(ceilingMs: number, random: Random): number {
  return Math.max(0, ceilingMs) * random();
}

/** `baseMs` plus or minus `share` of it (0.5 means half to one and a half), growing by `factor` per attempt up to `maxMs`. Attempts count from 1. */
export function jittered(
  attempt: number,
  shape: { readonly baseMs: number; readonly share: number; readonly factor: number; readonly maxMs: number },
  random: Random,
): number {
  const middle = Math.min(shape.baseMs * shape.factor ** (attempt - 1), shape.maxMs);
  return middle * (1 - shape.share + 2 * shape.share * random());
}
