// Lets LIST and SCAN pass node's HTTP/1 parser: follows the message boundaries of one connection and exchanges the verb at the start of a
// message. It never touches any other byte, and stops for good where it is not sure of a boundary. It must not know what requests mean.
import { ChunkWalk } from './chunk-walk.js';
import { frame } from './framing.js';
import { verbAt } from './verbs.js';

const CR = 13;
const LF = 10;
const L = 76;
const S = 83;
const HEAD_END = Buffer.from('\r\n\r\n');
/** Heads above this are not followed; node answers them with 431 anyway. */
const MAX_HEAD = 128 * 1024;
/** No request is shorter than `X / HTTP/1.1` and its two line ends. */
const MIN_HEAD = 16;
/** Longest request that is looked at in one piece: what the memo in front of the pipeline takes. */
const MAX_PLAIN = 16 * 1024;
/** Longest one that is kept for the equal-to-the-last shortcut. */
const MAX_LAST = 4096;
/** Longest watched verb with its space. */
const MAX_VERB = 7;

type State = 'start' | 'head' | 'length' | 'chunked' | 'off';

type Bytes = Buffer;

/** A copy of some bytes with parts exchanged; no copy is made while nothing is exchanged. */
class Rewrite {
  readonly #bytes: Bytes;
  readonly #pieces: Bytes[] = [];
  #copied = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  cut(from: number, to: number, instead = ''): void {
    this.#pieces.push(this.#bytes.subarray(this.#copied, from), Buffer.from(instead, 'latin1'));
    this.#copied = to;
  }

  finish(): Bytes {
    if (this.#pieces.length === 0) return this.#bytes;
    return Buffer.concat([...this.#pieces, this.#bytes.subarray(this.#copied)]);
  }
}

/** The repair of one connection. */
export class VerbRepair {
  readonly #followsUpgrade: boolean;
  readonly #verbs: string[] = [];
  #state: State = 'start';
  #last: Bytes | undefined;
  #held = '';
  #alone = false;
  #head: string[] = [];
  #headLength = 0;
  #lineEnds = 0;
  #left = 0;
  #chunks: ChunkWalk | undefined;

  /** `followsUpgrade`: whether an Upgrade header may end HTTP on this connection. */
  constructor(followsUpgrade: boolean) {
    this.#followsUpgrade = followsUpgrade;
  }

  /** True between two messages, when nothing of the next one has arrived. */
  get idle(): boolean {
    return this.#state === 'start' && this.#held === '';
  }

  /** True when the bytes of the last call were one body-less request and nothing else. */
  get wasAlone(): boolean {
    return this.#alone;
  }

  /** The real verb of the next request whose parsed verb may be a stand-in; undefined once this connection is not followed. */
  nextVerb(): string | undefined {
    return this.#verbs.shift();
  }

  /** Stops following; bytes pass untouched from now on. */
  stop(): void {
    this.#state = 'off';
    this.#last = undefined;
    this.#head = [];
  }

  /** Bytes as they came -> bytes for node's parser. The usual small request costs one comparison. */
  repair(bytes: Bytes): Bytes {
    this.#alone = false;
    if (this.#state === 'off') return bytes;
    if (this.#state === 'start' && this.#held === '') {
      if (this.#last !== undefined && this.#last.equals(bytes)) return this.#plain(bytes);
      if (this.#isOnePlainRequest(bytes)) return this.#plain(bytes);
    }
    return this.#follow(bytes);
  }

  #plain(bytes: Bytes): Bytes {
    this.#alone = true;
    return bytes;
  }

  #isOnePlainRequest(bytes: Bytes): boolean {
    const first = bytes[0] as number;
    if (first === L || first === S || first <= CR || bytes.length > MAX_PLAIN) return false;
    if (bytes.length < MIN_HEAD || bytes.indexOf(HEAD_END) !== bytes.length - 4) return false;
    if (frame(bytes.toString('latin1', 0, bytes.length - 2), this.#followsUpgrade) !== 0) return false;
    if (bytes.length <= MAX_LAST) this.#last = bytes;
    return true;
  }

  #follow(arrived: Bytes): Bytes {
    const bytes = this.#held === '' ? arrived : Buffer.concat([Buffer.from(this.#held, 'latin1'), arrived]);
    this.#held = '';
    const out = new Rewrite(bytes);
    for (let at = 0; at < bytes.length; at = this.#advance(bytes, at, out));
    return out.finish();
  }

  #advance(bytes: Bytes, at: number, out: Rewrite): number {
    switch (this.#state) {
      case 'start':
        return this.#advanceStart(bytes, at, out);
      case 'head':
        return this.#advanceHead(bytes, at);
      case 'length':
        return this.#advanceLength(bytes, at);
      case 'chunked':
        return this.#advanceChunks(bytes, at);
      default:
        return bytes.length;
    }
  }

  #advanceStart(bytes: Bytes, at: number, out: Rewrite): number {
    if (bytes[at] === CR || bytes[at] === LF) return at + 1;
    const found = verbAt(bytes.toString('latin1', at, at + MAX_VERB));
    if (found === 'more') {
      this.#held = bytes.toString('latin1', at);
      out.cut(at, bytes.length);
      return bytes.length;
    }
    this.#state = 'head';
    if (found !== undefined) {
      this.#verbs.push(found.verb);
      if (found.verb !== found.standIn) out.cut(at, at + found.verb.length, found.standIn);
    }
    return at;
  }

  #advanceHead(bytes: Bytes, from: number): number {
    const end = this.#headEnd(bytes, from);
    this.#head.push(bytes.toString('latin1', from, end));
    this.#headLength += end - from;
    if (this.#headLength > MAX_HEAD) this.stop();
    else if (this.#lineEnds === 4) this.#begin(end === bytes.length);
    return end;
  }

  #headEnd(bytes: Bytes, from: number): number {
    let ends = this.#lineEnds;
    let at = from;
    while (at < bytes.length && ends < 4) {
      const byte = bytes[at++];
      if (byte === CR) ends = ends === 2 ? 3 : 1;
      else if (byte === LF) ends = ends === 1 || ends === 3 ? ends + 1 : 0;
      else ends = 0;
    }
    this.#lineEnds = ends;
    return at;
  }

  #begin(nothingFollows: boolean): void {
    const body = frame(this.#head.join('').slice(0, -2), this.#followsUpgrade);
    this.#head = [];
    this.#headLength = 0;
    this.#lineEnds = 0;
    if (body === 'unsure' || (body === 'alone' && !nothingFollows)) return this.stop();
    if (body === 'chunked') {
      this.#chunks = new ChunkWalk();
      this.#state = 'chunked';
      return;
    }
    this.#left = body === 'alone' ? 0 : body;
    this.#state = this.#left === 0 ? 'start' : 'length';
  }

  #advanceLength(bytes: Bytes, at: number): number {
    const taken = Math.min(this.#left, bytes.length - at);
    this.#left -= taken;
    if (this.#left === 0) this.#state = 'start';
    return at + taken;
  }

  #advanceChunks(bytes: Bytes, at: number): number {
    const walked = (this.#chunks as ChunkWalk).walk(bytes, at);
    if (walked === 'more') return bytes.length;
    if (walked === 'unsure') {
      this.stop();
      return bytes.length;
    }
    this.#chunks = undefined;
    this.#state = 'start';
    return walked;
  }
}
