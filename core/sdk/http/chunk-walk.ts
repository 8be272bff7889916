// Follows a chunked body (RFC 9112 section 7.1) to its end, byte position by byte position, over any segmentation. It keeps no data.
// Anything unusual ends in `unsure`; refusing it is the business of node's parser.

const CR = 13;
const LF = 10;
const SEMICOLON = 59;
const QUOTE = 34;
/** More digits would not be a safe integer. */
const MAX_DIGITS = 12;

type State =
  'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'line' | 'trailer' | 'trailer-lf' | 'last-lf';

/** Result of a walk: position after the body, or that the body goes on, or that it cannot be followed. */
export type Walked = number | 'more' | 'unsure';

/** One walk through one chunked body. */
export class ChunkWalk {
  #state: State = 'size';
  #size = 0;
  #digits = 0;

  /** Goes on at `from`. A number is the position of the first byte after the body. */
  walk(bytes: Uint8Array, from: number): Walked {
    let at = from;
    while (at < bytes.length) {
      if (this.#state === 'data') {
        at = this.#skip(bytes.length, at);
        continue;
      }
      const byte = bytes[at++] as number;
      if (this.#state === 'last-lf') return byte === LF ? at : 'unsure';
      const next = this.#step(byte);
      if (next === undefined) return 'unsure';
      this.#state = next;
    }
    return 'more';
  }

  #skip(length: number, at: number): number {
    const taken = Math.min(this.#size, length - at);
    this.#size -= taken;
    if (this.#size === 0) this.#state = 'data-cr';
    return at + taken;
  }

  #step(byte: number): State | undefined {
    switch (this.#state) {
      case 'size':
        return this.#sizeByte(byte);
      case 'extension':
        if (byte === QUOTE || byte === LF) return undefined;
        return byte === CR ? 'size-lf' : 'extension';
      case 'size-lf':
        if (byte !== LF) return undefined;
        return this.#size === 0 ? 'line' : 'data';
      case 'data-cr':
        return byte === CR ? 'data-lf' : undefined;
      case 'data-lf':
        return byte === LF ? this.#nextChunk() : undefined;
      case 'line':
        if (byte === LF) return undefined;
        return byte === CR ? 'last-lf' : 'trailer';
      case 'trailer':
        if (byte === LF) return undefined;
        return byte === CR ? 'trailer-lf' : 'trailer';
      case 'trailer-lf':
        return byte === LF ? 'line' : undefined;
      default:
        return undefined;
    }
  }

  #sizeByte(byte: number): State | undefined {
    const digit = hex(byte);
    if (digit >= 0) {
      if (++this.#digits > MAX_DIGITS) return undefined;
      this.#size = this.#size * 16 + digit;
      return 'size';
    }
    if (this.#digits === 0) return undefined;
    if (byte === CR) return 'size-lf';
    return byte === SEMICOLON ? 'extension' : undefined;
  }

  #nextChunk(): State {
    this.#digits = 0;
    return 'size';
  }
}

function hex(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
