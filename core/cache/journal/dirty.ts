// The records that have changed and are not written yet. Many marks of one record are one write; marks of one turn of the event loop stay together
// (D-52). It waits for nothing and knows no store.
import type { StoreWrite } from '../../sdk/index.js';

/** Gives the bytes of a record when it is written; undefined deletes it. */
export type Encode = () => Uint8Array | undefined;

/** One changed record. */
export interface Mark {
  readonly encode: Encode;
  readonly expiresAt: number | undefined;
  /** Place in the order of all marks. */
  readonly sequence: number;
  readonly turn: number;
}

/** What one batch takes. */
export interface Taken {
  readonly writes: readonly StoreWrite[];
  readonly marks: readonly (readonly [key: string, mark: Mark])[];
}

/** Bounds of one batch. Marks of one turn go beyond the first two, never beyond `mostBytes`. */
export interface BatchBounds {
  readonly records: number;
  readonly bytes: number;
  readonly mostBytes: number;
}

/** 1,000 records or 4 MiB; 64 MiB for what belongs together. */
export const BATCH: BatchBounds = { records: 1_000, bytes: 4 * 1024 * 1024, mostBytes: 64 * 1024 * 1024 };

/** Marks by key in the order of their first mark. */
export class DirtyRecords {
  readonly #most: number;
  readonly #bounds: BatchBounds;
  #marks = new Map<string, Mark>();
  #sequence = 0;
  #turn = 0;
  #turnOpen = false;

  constructor(most: number, bounds: BatchBounds = BATCH) {
    this.#most = most;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#marks.size;
  }

  /** Sequence of the last mark. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Sequence of the oldest mark that waits; Infinity when none does. */
  get oldest(): number {
    for (const mark of this.#marks.values()) return mark.sequence;
    return Infinity;
  }

  has(key: string): boolean {
    return this.#marks.has(key);
  }

  /** False when there is no room for one more record. */
  mark(key: string, encode: Encode, expiresAt: number | undefined): boolean {
    const earlier = this.#marks.get(key);
    if (earlier === undefined && this.#marks.size >= this.#most) return false;
    this.#openTurn();
    this.#sequence += 1;
    this.#marks.set(key, { encode, expiresAt, sequence: earlier?.sequence ?? this.#sequence, turn: this.#turn });
    return true;
  }

  /** Forgets all marks below a prefix. */
  drop(prefix: string): void {
    for (const key of [...this.#marks.keys()]) if (key.startsWith(prefix)) this.#marks.delete(key);
  }

  /** Takes the oldest marks out; `seal` makes bytes of them. A record that cannot be encoded is deleted, and `onFailed` hears of it. */
  take(seal: (key: string, plain: Uint8Array) => Uint8Array, onFailed: (error: unknown) => void): Taken {
    const writes: StoreWrite[] = [];
    const marks: [string, Mark][] = [];
    let bytes = 0;
    let turn = -1;
    for (const [key, mark] of this.#marks) {
      const full = writes.length >= this.#bounds.records || bytes >= this.#bounds.bytes;
      if ((full && mark.turn !== turn) || bytes >= this.#bounds.mostBytes) break;
      turn = mark.turn;
      const plain = encoded(mark.encode, onFailed);
      const value = plain && seal(key, plain);
      bytes += value?.length ?? 0;
      writes.push(writeOf(key, value, mark.expiresAt));
      marks.push([key, mark]);
    }
    for (const [key] of marks) this.#marks.delete(key);
    return { writes, marks };
  }

  /** Puts back what could not be written, before all others, unless it was marked anew meanwhile. */
  giveBack({ marks }: Taken): void {
    this.#marks = new Map([...marks.filter(([key]) => !this.#marks.has(key)), ...this.#marks]);
  }

  #openTurn(): void {
    if (this.#turnOpen) return;
    this.#turnOpen = true;
    this.#turn += 1;
    queueMicrotask(() => (this.#turnOpen = false));
  }
}

function encoded(encode: Encode, onFailed: (error: unknown) => void): Uint8Array | undefined {
  try {
    return encode();
  } catch (error) {
    onFailed(error);
    return undefined;
  }
}

function writeOf(key: string, value: Uint8Array | undefined, expiresAt: number | undefined): StoreWrite {
  if (value === undefined) return { key };
  return expiresAt === undefined || !(expiresAt > 0) || expiresAt === Infinity
    ? { key, value }
    : { key, value, expiresAt };
}
