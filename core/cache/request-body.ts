// Parameters of a write request: JSON, or a form (corrections: form bodies revoke too), or the query. Pure and total.
import { fieldsOf, parseJson } from './envelope.js';

/** Reads one text parameter of a request. */
export interface Parameters {
  text(name: string): string;
  seconds(name: string): number;
}

/** Parameters of a body; where the body lacks one, the query counts. */
export function parametersOf(body: Uint8Array, query: string): Parameters {
  const fields = fieldsOf(parseJson(body)) ?? fieldsOf(parseJson(firstObject(body))) ?? formOf(body);
  const inQuery = new URLSearchParams(query);
  const raw = (name: string): unknown => fields[name] ?? inQuery.get(name) ?? undefined;
  return {
    text: (name) => {
      const value = raw(name);
      return typeof value === 'string' ? value : '';
    },
    seconds: (name) => {
      const value = raw(name);
      const seconds = typeof value === 'string' ? secondsOf(value) : typeof value === 'number' ? value : 0;
      return Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds) : 0;
    },
  };
}

// The servers read the first value of a body and leave what follows, as Go's decoder does.
function firstObject(body: Uint8Array): Uint8Array {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === 0x5c && inText) at++;
    else if (byte === 0x22) inText = !inText;
    else if (byte === 0x7b && !inText) depth++;
    else if (byte === 0x7d && !inText && --depth <= 0) return body.subarray(0, at + 1);
  }
  return body;
}

const LONGEST_FORM = 64 * 1024;

function formOf(body: Uint8Array): Readonly<Record<string, unknown>> {
  if (body.length > LONGEST_FORM) return {};
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8').trim();
  if (text === '' || text.startsWith('{') || text.startsWith('[')) return {};
  return Object.fromEntries(new URLSearchParams(text));
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

// An increment is a number of seconds or text such as 30s, 5m, 1h30m; anything else is the server's business. Clients write this text: the pattern
// has one way to match, so that no text takes long.
function secondsOf(text: string): number {
  if (!/^(?:\d+[smhd])*(?:\d+)?$/.test(text)) return 0;
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([smhd]?)/g)) total += Number(digits) * (UNITS[unit ?? ''] ?? 0);
  return total;
}
