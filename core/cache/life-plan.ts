// Moments in the life of an entry. Pure.
import { napOf, type Lifetime, type Random } from '../vault/lifetime.js';
import type { Entry } from './entry.js';

const LONGEST_MARGIN_MS = 1_000;
const RECENT_MS = 300_000;
const LONGEST_LEAD_MS = 30_000;
const SPREAD_MS = 60_000;

/** The part at the end of a life in which nothing is given out: a second, or a tenth of a short life. */
export const marginOf = (ttlMs: number): number => Math.min(LONGEST_MARGIN_MS, ttlMs / 10);

/** When a lease that ends is asked for anew in the background; undefined when it cannot be (only a GET is). */
export function refetchAt({ kind, request, life, marginMs }: Entry): number | undefined {
  if (kind !== 'lease' || request === undefined) return undefined;
  return life!.expiresAt - marginMs - Math.min(LONGEST_LEAD_MS, life!.priorMs / 10);
}

/** True when somebody used it within the last tenth of its life, or five minutes: only such leases are fetched anew. */
export function usedLately({ hitAt, answer, life }: Entry, now: number): boolean {
  const wholeMs = life!.expiresAt - (answer?.storedAt ?? now);
  return hitAt !== 0 && now - hitAt <= Math.max(RECENT_MS, wholeMs / 10);
}

/** What the servers' rounding of a looked up time may add, and take away. */
const ROUNDED_UP_MS = 500;
const ROUNDED_DOWN_MS = 1_500;

/**
 * Remaining life (ms) after a lookup told `ttlMs`, in whole seconds that may be rounded either way: what is known more exactly stays when both agree,
 * otherwise the least that it can mean. 0 for a life without end.
 */
export function remainingBy({ expiresAt }: Pick<Lifetime, 'expiresAt'>, ttlMs: number, at: number): number {
  if (ttlMs === 0) return 0;
  const known = expiresAt - at;
  const agree = expiresAt !== 0 && known >= ttlMs - ROUNDED_UP_MS && known <= ttlMs + ROUNDED_DOWN_MS;
  return agree ? Math.max(1, known) : Math.max(1, ttlMs - ROUNDED_UP_MS);
}

/** When the next renewal of a life that goes on is due: at its absolute time; what is late comes soon, spread so that there is no burst. */
export function resumeAt(life: Lifetime, now: number, random: Random): number {
  if (life.expiresAt === 0) return Infinity;
  const due = life.expiresAt - life.priorMs + napOf(life.priorMs, life.graceMs);
  if (due > now) return due;
  return now + random() * Math.min(SPREAD_MS, Math.max(0, life.expiresAt - now) / 2);
}
