// How much the caches may hold together: entries and bytes. Leased secrets are never thrown out for one another; static ones leave first. It must
// not know what entries are.

/** Limits; 0 means none. */
export interface RoomLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Lets the least recently used thing go; false when there is nothing to let go. Its room must have been released when it returns. */
export type LetGo = () => boolean;

/** The room. */
export class Room {
  readonly #limits: RoomLimits;
  #letGo: LetGo = () => false;
  #entries = 0;
  #bytes = 0;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get limits(): RoomLimits {
    return this.#limits;
  }

  /** Who gives way when room is needed. */
  givesWay(letGo: LetGo): void {
    this.#letGo = letGo;
  }

  /** Takes room for one entry; false when there is none, even after others gave way. */
  take(bytes: number): boolean {
    if (this.#limits.maxBytes > 0 && bytes > this.#limits.maxBytes) return false;
    while (!this.#fits(bytes)) if (!this.#letGo()) return false;
    this.#entries++;
    this.#bytes += bytes;
    return true;
  }

  /** Gives the room of one entry back. */
  release(bytes: number): void {
    this.#entries--;
    this.#bytes -= bytes;
  }

  #fits(bytes: number): boolean {
    const { maxEntries, maxBytes } = this.#limits;
    return (maxEntries === 0 || this.#entries < maxEntries) && (maxBytes === 0 || this.#bytes + bytes <= maxBytes);
  }
}
