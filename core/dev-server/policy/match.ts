// Which of several rule paths decides about a request path (the priority rules of the policy documentation). Pure.

/** Whether a rule path covers a request path: `*` at the end is a prefix, `+` one segment. */
export function covers(rulePath: string, path: string): boolean {
  const glob = rulePath.endsWith('*');
  const plain = glob ? rulePath.slice(0, -1) : rulePath;
  if (!hasSegmentWildcard(rulePath)) return glob ? path.startsWith(plain) : path === plain;
  const want = plain.split('/');
  const have = path.split('/');
  if (glob ? have.length < want.length : have.length !== want.length) return false;
  return want.every((segment, index) => {
    const got = have[index] ?? '';
    if (segment === '+') return true;
    return glob && index === want.length - 1 ? got.startsWith(segment) : segment === got;
  });
}

/** Negative when `a` has the lower priority: earlier first wildcard, glob at the end, more `+`, shorter, smaller. */
export function comparePriority(a: string, b: string): number {
  return (
    firstWildcard(a) - firstWildcard(b) ||
    Number(b.endsWith('*')) - Number(a.endsWith('*')) ||
    segmentWildcards(b) - segmentWildcards(a) ||
    a.length - b.length ||
    (a < b ? -1 : Number(a > b))
  );
}

function hasSegmentWildcard(path: string): boolean {
  return segmentWildcards(path) > 0;
}

function segmentWildcards(path: string): number {
  const plain = path.endsWith('*') ? path.slice(0, -1) : path;
  return plain.split('/').filter((segment) => segment === '+').length;
}

function firstWildcard(path: string): number {
  const at = /(?:^|\/)\+(?:\/|$|\*)|\*$/.exec(path);
  if (at === null) return Number.MAX_SAFE_INTEGER;
  return at[0].startsWith('/') ? at.index + 1 : at.index;
}
