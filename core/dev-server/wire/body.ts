// Reads request bodies and queries into fields. Bad bodies get the texts of the server's JSON decoder.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';

/** Fields of a body: JSON whatever the content type says, or a form. Empty bodies have none. Throws 400. */
export function readBody(text: string, contentType: string): Fields {
  if (text === '') return {};
  const isForm = contentType.startsWith('application/x-www-form-urlencoded') && !/^\s*[{[]/.test(text);
  if (isForm) return queryFields(new URLSearchParams(text));
  return jsonFields(text);
}

/** Query parameters as fields: one value a text, several a list. */
export function queryFields(query: URLSearchParams): Fields {
  const fields: Fields = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    fields[name] = values.length > 1 ? values : values[0];
  }
  return fields;
}

function jsonFields(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fault(400, `failed to decode JSON input: ${syntaxText(text, error)}`);
  }
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Fields;
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw fault(
    400,
    `failed to decode JSON input: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
  );
}

function syntaxText(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const at = Number(/position (\d+)/.exec(message)?.[1] ?? NaN);
  const cutShort = /unexpected end|unterminated/i.test(message) || at >= text.trimEnd().length;
  if (cutShort) return 'unexpected EOF';
  const char = Number.isNaN(at) ? (text.trim()[0] ?? '') : text.charAt(at);
  return `invalid character '${char}' looking for beginning of value`;
}
