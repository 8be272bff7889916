// What a Content-Type says. Pure.

/** True for `application/json`, with or without parameters such as a charset. */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  if (contentType === 'application/json') return true;
  return contentType.split(';', 1)[0]!.trim().toLowerCase() === 'application/json';
}
