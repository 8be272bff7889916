// Chance that can be repeated: the same seed gives the same numbers.

/** A source of chance. */
export interface Chance {
  /** In [0, 1). */
  next(): number;
  below(count: number): number;
  one<T>(list: readonly T[]): T | undefined;
}

/** Mulberry32: small, and good enough to choose what happens next. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return { next, below, one: (list) => list[below(list.length)] };
}
