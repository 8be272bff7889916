// Path lists of backends: exact paths, prefixes with `*` at the end, `+` for one segment. Pure.
import { covers } from './policy/match.js';

/** Whether a path is in a list; a trailing slash does not matter. */
export function matchesAny(patterns: readonly string[], path: string): boolean {
  const bare = path.replace(/\/$/, '');
  return patterns.some((pattern) => covers(pattern, path) || covers(pattern, bare));
}
