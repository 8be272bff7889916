// Namespaces in one spelling: `ns1/ns2/`, empty for the root. Pure; must not know where a namespace came from.

/**
 * The one spelling of a namespace: no leading slash, no empty, `.` or `..` segments, one trailing slash; `root` and `/` are the root, which is
 * the empty text (spec cache U-4, D-57; auth-wire 1.1).
 */
export function canonicalNamespace(text: string): string {
  if (text === '') return '';
  const kept: string[] = [];
  for (const segment of text.trim().split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  if (kept.length === 0 || (kept.length === 1 && kept[0] === 'root')) return '';
  return `${kept.join('/')}/`;
}

/** The namespace `inner` below `outer`; both in any spelling (`prepend_configured_namespace`, spec cache U-4). */
export function joinNamespaces(outer: string, inner: string): string {
  return canonicalNamespace(`${canonicalNamespace(outer)}${canonicalNamespace(inner)}`);
}
