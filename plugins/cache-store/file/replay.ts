// What the frames of all segments mean together: which record of each key counts, where a torn end begins, what damage costs. Pure.
//
// Everything before the last sync mark was on disk once: a frame missing there is damage and costs its record. From that mark on a missing frame
// means that the machine went down before it was written: it and all after it never happened. A damaged frame must not bring an older record of its
// key back, so later frames name the keys before them; where no name is left, every older record is given up.
import { keySum, type Head } from './frame.js';
import type { Found } from './scan.js';

/** A frame of a segment; `bad`: its value does not fit its checksum. */
export interface Item<S> extends Found {
  readonly segment: S;
  bad?: boolean;
}

/** What is left after a replay. */
export interface Replayed<S> {
  /** The record that counts, by key. */
  readonly live: ReadonlyMap<string, Item<S>>;
  /** Sequence of the next frame to be written. */
  readonly next: number;
  /** The item at which the torn end begins; the file is to be cut there. */
  readonly cut: Item<S> | undefined;
  /** Damaged frames. */
  readonly damaged: number;
  /** True: damage whose key nobody knows made all older records untrustworthy, and they were given up. */
  readonly forgot: boolean;
}

/** Sequence before which everything is known to have been on disk. `logs`: items of each log, oldest first. */
export function syncedBefore<S>(logs: readonly (readonly Item<S>[])[]): number {
  let most = logs.length > 1 ? (logs.at(-1)?.[0]?.head.seq ?? 0) : 0;
  for (const items of logs) {
    for (const { head } of items) if (head.kind === 'marker' && head.mark > most) most = head.mark;
  }
  return most;
}

/** Replays a snapshot (any order, each key once) and the logs after it. Set `bad` on the items from `synced` on before. */
export function replay<S>(
  snapshot: readonly Item<S>[],
  logs: readonly (readonly Item<S>[])[],
  synced: number,
): Replayed<S> {
  const items = logs.flat();
  const first = Math.max(0, ...markersOf(snapshot)) || (items[0]?.head.seq ?? 1);
  const torn = tornFrom(items, first, synced);
  const cut = items.find(({ head }) => isCut(head, torn));
  const state = new State<S>(first);
  for (const item of snapshot) if (item.head.kind === 'put') state.live.set(item.head.key, item);
  for (const item of items) {
    if (item === cut) break;
    state.take(item);
  }
  const { live, next, damaged, forgot } = state;
  return { live, next, cut, damaged, forgot };
}

function markersOf<S>(items: readonly Item<S>[]): number[] {
  return items.filter(({ head }) => head.kind === 'marker').map(({ head }) => head.seq);
}

/** The first sequence that is missing although nothing says it was ever on disk; else the one after the last. */
function tornFrom<S>(items: readonly Item<S>[], first: number, synced: number): number {
  let next = first;
  for (const { head, bad } of items) {
    if (head.seq < next) continue;
    const missing = Math.max(next, synced);
    if (missing < head.seq) return missing;
    if (bad === true && head.seq >= synced) return head.seq;
    next = after(head);
  }
  return next;
}

/** Also a frame before `torn` is cut when its batch reaches beyond: all of a batch or none. */
function isCut({ kind, seq, left }: Head, torn: number): boolean {
  return kind === 'marker' ? seq > torn : seq + left >= torn;
}

const after = ({ kind, seq }: Head): number => (kind === 'marker' ? seq : seq + 1);

class State<S> {
  readonly live = new Map<string, Item<S>>();
  next: number;
  damaged = 0;
  forgot = false;

  constructor(first: number) {
    this.next = first;
  }

  take(item: Item<S>): void {
    const { head } = item;
    if (head.seq > this.next) this.#missing(item);
    if (head.seq < this.next) return;
    this.next = after(head);
    if (head.kind === 'marker') return;
    if (head.kind === 'put' && item.bad !== true) this.live.set(head.key, item);
    else this.live.delete(head.key);
  }

  #missing({ head, previous = [] }: Item<S>): void {
    const count = head.seq - this.next;
    this.damaged += count;
    const sums = new Set(previous.slice(0, count).filter((sum) => sum !== 0));
    const known = previous.slice(0, count).filter((sum) => sum !== 0).length;
    if (known < count) {
      this.forgot ||= this.live.size > 0;
      this.live.clear();
    } else {
      for (const key of [...this.live.keys()]) if (sums.has(keySum(key))) this.live.delete(key);
    }
    this.next = head.seq;
  }
}
