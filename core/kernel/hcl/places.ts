// Turns offsets into lines and columns. Columns count characters, not UTF-16 units, so that they fit what an editor shows.
import type { Place } from './tree.js';

/** Finds the place of an offset in one text. Quick when it is asked in the order of the text, also on one very long line. */
export class Places {
  readonly #text: string;
  readonly #file: string;
  readonly #lineStarts: number[] = [0];
  #last = { offset: 0, lineIndex: 0, column: 1 };

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  /** The place of an offset; offsets behind the end give the end. */
  at(offset: number): Place {
    const target = Math.min(offset, this.#text.length);
    const lineIndex = this.#lineIndex(target);
    const near = this.#last.lineIndex === lineIndex && this.#last.offset <= target;
    const from = near ? this.#last : { offset: this.#lineStarts[lineIndex] ?? 0, column: 1 };
    const column = from.column + countCharacters(this.#text, from.offset, target);
    this.#last = { offset: target, lineIndex, column };
    return { file: this.#file, line: lineIndex + 1, column };
  }

  #lineIndex(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function countCharacters(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xdc00 || unit > 0xdfff) count++;
  }
  return count;
}
