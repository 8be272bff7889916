// How many bytes of bodies this process holds in memory at once. Small bodies do not count; who finds no room streams, or is told to come back.
import type { ByteStream } from '../contracts/exchange.js';

/** Most bytes of one body that are held in memory: what Vault itself accepts as a request (D-35). */
export const BUFFER_LIMIT = 32 * 1024 * 1024;
/** Bodies up to this size do not count. */
export const SMALL_BODY = 1024 * 1024;
const BUDGET = 256 * 1024 * 1024;

/** The budget; all listeners of a process share one. Room is taken for an owner (a request) and given back when it is over. */
export class BodyBudget {
  readonly #limit: number;
  readonly #owners = new Map<object, number>();
  #held = 0;

  /** Default: 256 MiB. */
  constructor(limitBytes = BUDGET) {
    this.#limit = limitBytes;
  }

  /** Bytes taken now. */
  get held(): number {
    return this.#held;
  }

  /** True when `owner` has taken room. */
  holds(owner: object): boolean {
    return this.#owners.size > 0 && this.#owners.has(owner);
  }

  /** Takes room; false when there is not enough. */
  take(owner: object, bytes: number): boolean {
    if (this.#held + bytes > this.#limit) return false;
    this.#add(owner, bytes);
    return true;
  }

  /** Gives a part back. */
  giveBack(owner: object, bytes: number): void {
    if (bytes > 0) this.#add(owner, -bytes);
  }

  /** Gives back all that `owner` has. Safe at any time. */
  release(owner: object): void {
    this.giveBack(owner, this.#owners.get(owner) ?? 0);
  }

  #add(owner: object, bytes: number): void {
    const left = (this.#owners.get(owner) ?? 0) + bytes;
    this.#held += bytes;
    if (left > 0) this.#owners.set(owner, left);
    else this.#owners.delete(owner);
  }
}

/** Where a body gets its room. */
export interface BodyRoom {
  readonly budget: BodyBudget;
  readonly owner: object;
}

/**
 * A streaming body taken into memory: `too-large` when it is longer than BUFFER_LIMIT, `no-room` when the budget has no room for it. It can then
 * still be sent on as it is. Room is taken as the body grows, twice as much each time.
 */
export async function collected(body: ByteStream, room: BodyRoom): Promise<Uint8Array | 'too-large' | 'no-room'> {
  const taken = { bytes: 0 };
  let whole: Uint8Array | 'too-large' | 'no-room' = 'no-room';
  try {
    whole = await grown(body, room, taken);
    return whole;
  } finally {
    const used = typeof whole !== 'string' && whole.length > SMALL_BODY ? whole.length : 0;
    room.budget.giveBack(room.owner, taken.bytes - used);
  }
}

async function grown(
  body: ByteStream,
  { budget, owner }: BodyRoom,
  taken: { bytes: number },
): Promise<Uint8Array | 'too-large' | 'no-room'> {
  for (let size = SMALL_BODY; ; size = taken.bytes) {
    const whole = await body.collect(size);
    if (whole !== undefined) return whole;
    if (size >= BUFFER_LIMIT) return 'too-large';
    const next = Math.min(2 * size, BUFFER_LIMIT);
    if (!budget.take(owner, next - taken.bytes)) return 'no-room';
    taken.bytes = next;
  }
}
