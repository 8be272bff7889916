// Turns writes into frames: gives them sequences and makes them remember the keys before them. What it counted holds only once it was written. Pure.
import type { StoreWrite } from 'claviger/sdk';
import { encodeFrame, keySum, REMEMBERED, type Frame } from './frame.js';
import type { Place } from './table.js';
import type { Segment } from './segment.js';

/** Where the journal stands: next sequence, and the sums of the last keys, the nearest first. */
export interface Stand {
  readonly next: number;
  readonly previous: readonly number[];
}

/** What becomes of a key when the draft is written. */
export type Outcome = { readonly key: string; readonly place?: Place };

/** Frames for one segment, not written yet. */
export class Draft {
  readonly #segment: Segment;
  readonly #parts: Buffer[] = [];
  readonly outcomes: Outcome[] = [];
  #next: number;
  #previous: readonly number[];
  #length = 0;

  constructor(segment: Segment, stand: Stand) {
    this.#segment = segment;
    this.#next = stand.next;
    this.#previous = stand.previous;
  }

  get stand(): Stand {
    return { next: this.#next, previous: this.#previous };
  }

  get length(): number {
    return this.#length;
  }

  bytes(): Buffer {
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#length);
  }

  /** Adds a batch. */
  batch(writes: readonly StoreWrite[]): void {
    writes.forEach((write, index) => this.#record(write, writes.length - 1 - index));
  }

  /** Adds a marker: everything before `synced` is on disk. */
  marker(synced: number): void {
    this.#add({ kind: 'marker', seq: this.#next, left: 0, key: '', mark: synced, previous: this.#previous });
  }

  #record({ key, value, expiresAt = 0 }: StoreWrite, left: number): void {
    const seq = this.#next++;
    const kind = value === undefined ? 'delete' : 'put';
    const mark = Number.isFinite(expiresAt) ? expiresAt : 0;
    const bytes = this.#add({ kind, seq, left, key, value, mark, previous: this.#previous });
    this.#previous = [keySum(key), ...this.#previous].slice(0, REMEMBERED);
    this.outcomes.push(value === undefined ? { key } : { key, place: this.#place({ key, value, bytes, seq, mark }) });
  }

  #place(put: { key: string; value: Uint8Array; bytes: Buffer; seq: number; mark: number }): Place {
    const { key, value, bytes, seq, mark } = put;
    const valueAt = this.#segment.size + this.#length - value.length;
    const facts = { valueAt, valueLength: value.length, valueSum: bytes.readUInt32LE(18), bytes: bytes.length };
    return { key, segment: this.#segment, seq, expiresAt: mark, ...facts };
  }

  #add(frame: Frame): Buffer {
    const bytes = encodeFrame(frame, this.#segment.name.salt);
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return bytes;
  }
}
