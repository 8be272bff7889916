// Until when an answer is given out, and on what terms. Pure. Times are wall clock ms.

/** The ends of an answer's uses. Nothing reaches beyond the deletion of its version. */
export interface Lifespan {
  readonly freshUntil: number;
  /** Stale, while it is fetched anew. */
  readonly staleUntil: number;
  /** When the server cannot answer: the hard bound. */
  readonly rescueUntil: number;
}

/** The lifespan of an answer whose request was sent at `sentAt`. `deletionAt` 0 means never. */
export function lifespanOf(given: {
  readonly sentAt: number;
  readonly ttlMs: number;
  readonly deletionAt: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}): Lifespan {
  const end = given.sentAt + given.ttlMs;
  const capped = (at: number): number => (given.deletionAt > 0 ? Math.min(at, given.deletionAt) : at);
  const staleUntil = capped(end + given.staleWhileRevalidateMs);
  return {
    freshUntil: capped(end),
    staleUntil,
    rescueUntil: Math.max(staleUntil, capped(end + given.staleIfErrorMs)),
  };
}
