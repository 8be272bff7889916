// The answers that are held: by name, by path, least recently used first. They share their room with the leases and give way to them. It must not
// know why something is removed.
import type { Room } from '../room.js';
import { meansAnswer, type Scope } from './scope.js';
import type { Slot } from './slot.js';

const SAME_USE_MS = 1000;

/** Holds slots. `onGone` is told of each that leaves. */
export class Shelf {
  readonly #room: Room;
  readonly #onGone: (slot: Slot) => void;
  // in the order of their last use
  readonly #slots = new Map<string, Slot>();
  readonly #byPath = new Map<string, Set<Slot>>();

  constructor(room: Room, onGone: (slot: Slot) => void) {
    this.#room = room;
    this.#onGone = onGone;
    room.givesWay(() => this.#letGo());
  }

  get size(): number {
    return this.#slots.size;
  }

  get all(): Iterable<Slot> {
    return this.#slots.values();
  }

  get(key: string): Slot | undefined {
    return this.#slots.get(key);
  }

  /** Puts a new slot in; false when there is no room. */
  add(slot: Slot, now: number): boolean {
    if (!this.#room.take(slot.bytes)) return false;
    slot.touchedAt = now;
    this.#slots.set(slot.name.key, slot);
    const same = this.#byPath.get(slot.name.absolute);
    if (same === undefined) this.#byPath.set(slot.name.absolute, new Set([slot]));
    else same.add(slot);
    return true;
  }

  /** Gives a slot other content; false when that does not fit, and then the slot is removed. */
  change(slot: Slot, content: Slot['content'], now: number): boolean {
    const before = slot.bytes;
    // nobody may let it go while its room is taken anew
    this.#slots.delete(slot.name.key);
    this.#room.release(before);
    slot.content = content;
    if (this.#room.take(slot.bytes)) {
      slot.touchedAt = now;
      this.#slots.set(slot.name.key, slot);
      return true;
    }
    this.#leave(slot);
    return false;
  }

  /** It was used. */
  touch(slot: Slot, now: number): void {
    if (now - slot.touchedAt < SAME_USE_MS && now >= slot.touchedAt) return;
    slot.touchedAt = now;
    this.#slots.delete(slot.name.key);
    this.#slots.set(slot.name.key, slot);
  }

  /** Removes one; safe twice. */
  remove(slot: Slot): void {
    if (!this.#slots.delete(slot.name.key)) return;
    this.#room.release(slot.bytes);
    this.#leave(slot);
  }

  /** The slots that a scope means. */
  meant(scope: Scope): Slot[] {
    if (scope.by === 'secret') {
      const near = [...scope.paths, ...scope.lists].flatMap((path) => [...(this.#byPath.get(path) ?? [])]);
      return [...new Set(near)].filter((slot) => meansAnswer(scope, slot.name));
    }
    if (scope.by === 'id') return [...this.all].filter((slot) => slot.id === scope.id);
    return [...this.all].filter((slot) => meansAnswer(scope, slot.name));
  }

  #letGo(): boolean {
    const [oldest] = this.#slots.values();
    if (oldest !== undefined) this.remove(oldest);
    return oldest !== undefined;
  }

  #leave(slot: Slot): void {
    const same = this.#byPath.get(slot.name.absolute);
    same?.delete(slot);
    if (same?.size === 0) this.#byPath.delete(slot.name.absolute);
    slot.held = false;
    this.#onGone(slot);
  }
}
