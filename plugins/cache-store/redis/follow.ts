// Have all news been heard? Each write has the next number; a number that is missing, or a counter that went back, means that something was missed.
// Pure state, no I/O.
import type { StoreNews } from 'claviger/sdk';

/** One message of the channel. */
export interface Told {
  readonly sequence: number;
  readonly writer: string;
  /** Undefined: everything changed. */
  readonly key: string | undefined;
}

/** Reads a message; undefined when it is none of ours. */
export function toldBy(message: string): Told | undefined {
  const found = /^(\d{1,16}) (\S+) ([ka]) ([^]*)$/.exec(message);
  if (found === null) return undefined;
  return { sequence: Number(found[1]), writer: found[2]!, key: found[3] === 'k' ? found[4] : undefined };
}

/** Follows the numbers. Own writes (`writer`) count, but are no news. */
export class Follower {
  readonly #writer: string;
  #heard: number | undefined;
  #behind = false;

  constructor(writer: string) {
    this.#writer = writer;
  }

  /** The last number heard; undefined while nothing is followed. */
  get heard(): number | undefined {
    return this.#heard;
  }

  /** The connection is lost: until `begin` nothing that comes in means anything. */
  lost(): void {
    this.#heard = undefined;
  }

  /** Subscribed; the counter now stands at `sequence`. What was before is not known. */
  begin(sequence: number): StoreNews {
    this.#heard = sequence;
    this.#behind = false;
    return { news: 'gap' };
  }

  /** A message. Undefined: no news. */
  message(told: Told): StoreNews | undefined {
    if (this.#heard === undefined || told.sequence <= this.#heard) return undefined;
    const next = told.sequence === this.#heard + 1;
    this.#heard = told.sequence;
    if (!next) return { news: 'gap' };
    if (told.writer === this.#writer) return undefined;
    return told.key === undefined ? { news: 'gap' } : { news: 'changed', key: told.key };
  }

  /** The counter was asked for when `heardThen` was the last number heard. Behind for one whole beat: the messages do not arrive. */
  beat(sequence: number, heardThen: number | undefined): StoreNews | undefined {
    if (this.#heard === undefined || heardThen === undefined) return undefined;
    const back = sequence < heardThen;
    const behind = sequence > this.#heard;
    if (!back && !behind) {
      this.#behind = false;
      return { news: 'heard' };
    }
    if (!back && !this.#behind) {
      this.#behind = true;
      return undefined;
    }
    this.#behind = false;
    this.#heard = sequence;
    return { news: 'gap' };
  }
}
