// Takes values out of a JSON answer and leaves all other bytes as the server wrote them (D-23, D-74). Pure.
import { readSpans, spanAt, stringAt, type JsonSpan } from '../kernel/json-spans.js';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The answer without these values, or undefined when it holds none. Below `data` the member or element is removed, below `auth` it becomes the
 * empty string, as the reference does with its own token (spec cache 3.4); here wherever it stands.
 */
export function redactBody(body: Uint8Array, values: readonly string[]): Uint8Array | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!mayHold(bytes, values)) return undefined;
  const root = readSpans(bytes);
  const edits: Edit[] = [];
  const wanted = (span: JsonSpan): boolean => span.kind === 'string' && values.includes(stringAt(bytes, span));
  const data = spanAt(root, 'data');
  const auth = spanAt(root, 'auth');
  if (data !== undefined) removeIn(data, wanted, edits);
  if (auth !== undefined) blankIn(auth, wanted, edits);
  return edits.length === 0 ? undefined : applied(bytes, edits);
}

// A value can hide in an escape; then the whole text is read.
function mayHold(bytes: Buffer, values: readonly string[]): boolean {
  return values.some((value) => bytes.includes(value)) || bytes.includes('\\');
}

function blankIn(span: JsonSpan, wanted: (span: JsonSpan) => boolean, edits: Edit[]): void {
  if (wanted(span)) edits.push({ start: span.start, end: span.end, text: '""' });
  for (const child of childrenOf(span)) blankIn(child.value, wanted, edits);
}

function removeIn(span: JsonSpan, wanted: (span: JsonSpan) => boolean, edits: Edit[]): void {
  const children = childrenOf(span);
  let keptEnd: number | undefined;
  children.forEach((child, at) => {
    if (!wanted(child.value)) {
      keptEnd = child.value.end;
      return removeIn(child.value, wanted, edits);
    }
    const next = children[at + 1];
    if (next !== undefined) edits.push({ start: child.start, end: next.start, text: '' });
    else edits.push({ start: keptEnd ?? child.start, end: child.value.end, text: '' });
  });
}

function childrenOf(span: JsonSpan): { readonly start: number; readonly value: JsonSpan }[] {
  if (span.kind === 'object') return span.members.map(({ keyStart, value }) => ({ start: keyStart, value }));
  return span.items.map((value) => ({ start: value.start, value }));
}

function applied(bytes: Buffer, edits: Edit[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const edit of edits.sort((a, b) => a.start - b.start)) {
    if (edit.start > at) parts.push(bytes.subarray(at, edit.start));
    if (edit.text !== '') parts.push(Buffer.from(edit.text));
    at = Math.max(at, edit.end);
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}
