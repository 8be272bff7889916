// JSON texts as the real server writes them: members of maps in sorted order, `<`, `>` and `&` escaped, a newline at the end.
// It knows nothing of what the members mean.

/** Copy of a value with the members of all objects in sorted order (the encoder's habit for maps). */
export function sorted<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => sorted(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value as Record<string, unknown>)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(members.map(([key, item]) => [key, sorted(item)])) as T;
}

/** The body text of a value whose members are already in order. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escaped);
  return `${text}\n`;
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
