// Configuration texts with the values of secret settings replaced by `*`: what code frames are cut from. Pure.
import type { Place } from '../kernel/hcl/tree.js';

/** A secret value and where it begins in its file. */
export interface Hidden {
  readonly at: Place;
  readonly text: string;
}

/** The same texts, letter for letter as long, without the hidden values. A value that is written with escapes hides the rest of its line. */
export function maskTexts(texts: ReadonlyMap<string, string>, hidden: readonly Hidden[]): Map<string, string> {
  const masked = new Map(texts);
  for (const one of hidden) {
    const text = masked.get(one.at.file);
    if (text !== undefined && one.at.line > 0) masked.set(one.at.file, mask(text, one));
  }
  return masked;
}

function mask(text: string, { at, text: value }: Hidden): string {
  let masked = text;
  let cursor = offsetOf(text, at);
  const pieces = value.split('\n').map((line) => line.trim());
  for (const piece of pieces.filter((line) => line !== '')) {
    const found = masked.indexOf(piece, cursor);
    const inReach = found >= 0 && (pieces.length > 1 || found <= lineEnd(masked, cursor));
    const [from, to] = inReach ? [found, found + piece.length] : [cursor, lineEnd(masked, cursor)];
    masked = masked.slice(0, from) + masked.slice(from, to).replace(/\S/gu, stars) + masked.slice(to);
    cursor = to;
  }
  return masked;
}

const stars = (letter: string): string => '*'.repeat(letter.length);

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Columns count characters, not code units. */
function offsetOf(text: string, { line, column }: Place): number {
  let start = 0;
  for (let number = 1; number < line; number++) start = lineEnd(text, start) + 1;
  const letters = [...text.slice(start, lineEnd(text, start))].slice(0, column - 1);
  return start + letters.join('').length;
}
