// Keys that one object sets twice: the later one counts, the earlier one leaves the tree and becomes a warning. Pure.
import { MOST_PROBLEMS } from './limits.js';
import { duplicateProblem, type ReadProblem } from './problem.js';
import type { Item } from './tree.js';

/**
 * Keeps the last of equal keys that `counts` selects. In HCL those are attributes that are no objects, because blocks and object values may
 * repeat; in JSON all members. Of very many equal keys only the first are reported.
 */
export function keepLast(
  items: readonly Item[],
  counts: (item: Item) => boolean,
  report: (problem: ReadProblem) => void,
): Item[] {
  const lastByKey = new Map<string, Item>();
  const dropped = new Set<Item>();
  for (const item of items) {
    if (!counts(item)) continue;
    const key = item.keys[0]?.text ?? '';
    const earlier = lastByKey.get(key);
    if (earlier !== undefined) {
      dropped.add(earlier);
      if (dropped.size <= MOST_PROBLEMS) report(duplicateProblem(item.at, key, earlier.at));
    }
    lastByKey.set(key, item);
  }
  return dropped.size === 0 ? [...items] : items.filter((item) => !dropped.has(item));
}

/** Puts problems in the order of the text. */
export function inTextOrder(problems: readonly ReadProblem[]): ReadProblem[] {
  return [...problems].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}
