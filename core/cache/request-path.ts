// The canonical copy of a request path, for matching only: what is sent stays as received (D-36). Pure.

/** Percent-decoded, with runs of slashes folded; a path that cannot be decoded is taken literally. */
export function canonicalPath(path: string): string {
  const folded = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
  if (!folded.includes('%')) return folded;
  return decoded(folded).replace(/\/{2,}/g, '/');
}

/** The canonical path as the server would serve it: with `.` and `..` segments taken out, which a redirect of the server does. */
export function servedPath(path: string): string {
  const clean = canonicalPath(path);
  if (!clean.includes('/.')) return clean;
  const kept: string[] = [];
  for (const segment of clean.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return `/${kept.filter((segment) => segment !== '').join('/')}`;
}

/** Percent-decoded text, or the text itself when it is not valid. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Without slashes at either end. By hand: a pattern takes quadratic time for megabytes of slashes, which a client may send. */
export function trimSlashes(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === '/') start++;
  while (end > start && text[end - 1] === '/') end--;
  return text.slice(start, end);
}

/** True when `text` is `prefix` or continues it with a slash: revocation prefixes match by path segment or a full id (corrections). */
export function underPrefix(text: string, prefix: string): boolean {
  return prefix === '' || text === prefix || (text.startsWith(prefix) && text[prefix.length] === '/');
}
