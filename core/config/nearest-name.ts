// The known name that a misspelt one probably means. Pure.

/**
 * The candidate nearest to `name` within two edits (swapped neighbours are one edit, case does not count), or undefined. Short names must be
 * nearer: at most a third of their letters may differ, so that `a` never suggests `b`.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(2, Math.max(1, Math.floor(wanted.length / 3))) + 1;
  if (wanted.length < 2 || wanted.length > 100) return undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) row.push(cell({ a, b, i, j }, { before, previous, row }));
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

interface Rows {
  readonly before: readonly number[];
  readonly previous: readonly number[];
  readonly row: readonly number[];
}

function cell(at: { a: string; b: string; i: number; j: number }, rows: Rows): number {
  const { a, b, i, j } = at;
  const same = a[i - 1] === b[j - 1] ? 0 : 1;
  const least = Math.min(num(rows.previous[j]) + 1, num(rows.row[j - 1]) + 1, num(rows.previous[j - 1]) + same);
  const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
  return swapped ? Math.min(least, num(rows.before[j - 2]) + 1) : least;
}

function num(value: number | undefined): number {
  return value ?? Number.POSITIVE_INFINITY;
}
