// Listing of stored paths as folders: pure.

/** Direct children of `folder` (empty or ending in `/`) among paths, sorted; deeper ones show as `name/`. */
export function keysBelow(paths: Iterable<string>, folder: string): string[] {
  const keys = new Set<string>();
  for (const path of paths) {
    if (!path.startsWith(folder) || path === folder) continue;
    const rest = path.slice(folder.length);
    const slash = rest.indexOf('/');
    keys.add(slash < 0 ? rest : rest.slice(0, slash + 1));
  }
  return [...keys].sort();
}
