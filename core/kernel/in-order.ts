// Two words in their order in a text. It must not know what they mean.

/**
 * True when `later` stands behind the first `earlier`. Linear: the pattern `earlier.*later` is quadratic for a text that repeats `earlier`, and clients
 * choose the paths that are looked at.
 */
export function inOrder(text: string, earlier: string, later: string): boolean {
  const at = text.indexOf(earlier);
  return at >= 0 && text.lastIndexOf(later) >= at + earlier.length;
}
