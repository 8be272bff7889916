// Is a wrapping token from where it should be? Pure.

/**
 * Compares a configured creation path with the server's. A leading slash makes no difference, and the login's namespace may be written in front
 * of either, because OpenBao leaves it out. (Spec corrections.)
 */
export function isExpectedPath(want: string, got: string, namespace: string): boolean {
  return bare(want, namespace) === bare(got, namespace);
}

function bare(path: string, namespace: string): string {
  const plain = path.replace(/^\//, '');
  const prefix = `${namespace.replace(/^\/+|\/+$/g, '')}/`;
  return prefix !== '/' && plain.startsWith(prefix) ? plain.slice(prefix.length) : plain;
}
