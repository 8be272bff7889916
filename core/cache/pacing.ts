// After the cache refused an answer for want of room, each request for that path would bring a new lease that nobody remembers: they are slowed down
// to a rate. It must not know why there is no room.

interface Lane {
  /** Refusals before this moment are forgotten. */
  until: number;
  /** When the next request may go, were there no burst. */
  nextAt: number;
}

const MOST_LANES = 1_000;
const REMEMBERED_MS = 60_000;
/** Who would have to wait longer is refused by the proxy (core/proxy/issuing.ts) and takes no place: else a rush would keep everybody out. */
const LONGEST_WAIT_MS = 5_000;

/** Lanes by path, with a bound on their number. */
export class Pacing {
  readonly #everyMs: number;
  readonly #lanes = new Map<string, Lane>();

  /** `perSecond` 0 means no limit. */
  constructor(perSecond: number) {
    this.#everyMs = perSecond > 0 ? 1000 / perSecond : 0;
  }

  get size(): number {
    return this.#lanes.size;
  }

  /** An answer for this path was refused. */
  refused(path: string, now: number): void {
    if (this.#everyMs === 0) return;
    const lane = this.#lanes.get(path) ?? { until: 0, nextAt: now };
    lane.until = now + REMEMBERED_MS;
    this.#lanes.delete(path);
    this.#lanes.set(path, lane);
    if (this.#lanes.size > MOST_LANES) this.#lanes.delete(this.#lanes.keys().next().value!);
  }

  /**
   * How long a request for this path must wait, ms; undefined for not at all. Each asking takes a place, unless it would wait for more than 5 s; up to
   * a second's worth may come at once.
   */
  wait(path: string, now: number): number | undefined {
    const lane = this.#lanes.get(path);
    if (lane === undefined) return undefined;
    if (lane.until <= now) {
      this.#lanes.delete(path);
      return undefined;
    }
    const nextAt = Math.max(lane.nextAt, now - 1000) + this.#everyMs;
    const waitMs = nextAt - now;
    if (waitMs <= LONGEST_WAIT_MS) lane.nextAt = nextAt;
    return waitMs > 0 ? Math.ceil(waitMs) : undefined;
  }
}
