// The renew schedule of one token or lease (spec config 3.4). Pure: times come in as numbers, chance as a function; it must not know what is renewed.
// Ours differs from the reference: the first renewal is at about two thirds of the life, not at once (D-54, D-77), and errors never loop (D-5).

/** What is known about one token or lease. Times are wall clock milliseconds. */
export interface Lifetime {
  readonly renewable: boolean;
  /** When it dies; 0 when it does not. */
  readonly expiresAt: number;
  /** The last remaining life that was told, ms. */
  readonly priorMs: number;
  /** Nothing is served or renewed in this last part of the life. */
  readonly graceMs: number;
  /** Wait after the last failed renewal; 0 when the last one worked. */
  readonly backoffMs: number;
  /** What to ask for: 0 lets the server choose; more keeps what a client extended (0 would shorten it). */
  readonly incrementSeconds: number;
}

/** What happened. `denied` is a 403 on the renewal: not death, but no renewal from now on (corrections, server). */
export type LifetimeEvent =
  | { readonly type: 'timer'; readonly now: number }
  | {
      readonly type: 'renewed';
      readonly now: number;
      readonly ttlMs: number;
      readonly renewable?: boolean | undefined;
      readonly incrementSeconds?: number | undefined;
      /** Set: the schedule ends by what the renewal gained, not by how little is left. -Infinity: any gain counts. */
      readonly leastGainMs?: number | undefined;
      /** The answer warned that the maximum caps the life: renewing wins nothing from now on. */
      readonly capped?: boolean | undefined;
    }
  /** `spareMs`: the part at the end in which no try is worth it; default the grace. */
  | { readonly type: 'failed'; readonly now: number; readonly spareMs?: number | undefined }
  | { readonly type: 'denied'; readonly now: number };

/** Why a schedule ended: the life is over or nearly so, it cannot be extended, or renewing failed until the end. */
export type EndReason = 'near-end' | 'not-renewable' | 'denied' | 'renewals-failed';

/** What to do next. `rest`: it does not expire, nothing is to be done. After `end` it must be replaced (token) or dropped (lease). */
export type LifetimeStep =
  | { readonly do: 'wait'; readonly delayMs: number }
  | { readonly do: 'renew'; readonly incrementSeconds: number }
  | { readonly do: 'rest' }
  | { readonly do: 'end'; readonly reason: EndReason };

/** A state and what to do in it. */
export interface LifetimeTurn {
  readonly state: Lifetime;
  readonly step: LifetimeStep;
}

/** A number in [0, 1), such as Math.random. */
export type Random = () => number;

const FIRST_BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 300_000;
const LEAST_WAIT_MS = 500;

const clean = (ttlMs: number): number => (Number.isFinite(ttlMs) && ttlMs > 0 ? ttlMs : 0);

/** 10 to 20 % of a life (spec config 3.4). */
export function graceOf(ttlMs: number, random: Random): number {
  return clean(ttlMs) * (0.1 + 0.1 * random());
}

/** How long to wait before renewing what lives `remainingMs` more: about two thirds. */
export const napOf = (remainingMs: number, graceMs: number): number =>
  Math.max(LEAST_WAIT_MS, (2 * remainingMs) / 3 + graceMs / 3);

/**
 * Starts a schedule. A time to live of 0 means that it does not expire (step `rest`). Otherwise the first step is a wait of 70.0 to 73.3 % of
 * the life (R7).
 */
export function beginLifetime(
  given: {
    readonly ttlMs: number;
    readonly renewable: boolean;
    readonly now: number;
    readonly incrementSeconds?: number;
  },
  random: Random,
): LifetimeTurn {
  const ttlMs = clean(given.ttlMs);
  const graceMs = graceOf(ttlMs, random);
  const state: Lifetime = {
    renewable: given.renewable,
    expiresAt: ttlMs === 0 ? 0 : given.now + ttlMs,
    priorMs: ttlMs,
    graceMs,
    backoffMs: 0,
    incrementSeconds: given.incrementSeconds ?? 0,
  };
  if (ttlMs === 0) return { state, step: { do: 'rest' } };
  return { state, step: { do: 'wait', delayMs: napOf(ttlMs, graceMs) } };
}

/** The one decision: what to do after an event. */
export function nextStep(state: Lifetime, event: LifetimeEvent, random: Random): LifetimeTurn {
  switch (event.type) {
    case 'timer':
      return onTimer(state, event.now);
    case 'renewed':
      return onRenewed(state, event, random);
    case 'failed':
      return onFailed(state, event, random);
    case 'denied':
      return settle({ ...state, renewable: false }, state.expiresAt - event.now, 'denied');
  }
}

function onTimer(state: Lifetime, now: number): LifetimeTurn {
  if (state.expiresAt === 0) return { state, step: { do: 'rest' } };
  const remainingMs = state.expiresAt - now;
  if (!state.renewable) return settle(state, remainingMs, 'not-renewable');
  if (remainingMs <= 0) return { state, step: { do: 'end', reason: 'near-end' } };
  return { state, step: { do: 'renew', incrementSeconds: state.incrementSeconds } };
}

function onRenewed(
  state: Lifetime,
  event: Extract<LifetimeEvent, { readonly type: 'renewed' }>,
  random: Random,
): LifetimeTurn {
  const ttlMs = clean(event.ttlMs);
  const next: Lifetime = {
    renewable: event.renewable ?? state.renewable,
    expiresAt: event.now + ttlMs,
    priorMs: ttlMs,
    graceMs: ttlMs > state.priorMs ? graceOf(ttlMs, random) : state.graceMs,
    backoffMs: 0,
    incrementSeconds: event.incrementSeconds ?? state.incrementSeconds,
  };
  return event.leastGainMs === undefined ? settle(next, ttlMs, 'near-end') : byGain(state, next, event, random);
}

// whatever was granted is adopted; who gained too little, or was told of a cap, renews no more.
function byGain(
  before: Lifetime,
  granted: Lifetime,
  event: { readonly leastGainMs?: number | undefined; readonly capped?: boolean | undefined },
  random: Random,
): LifetimeTurn {
  const state = { ...granted, graceMs: graceOf(granted.priorMs, random) };
  if (!state.renewable) return { state, step: { do: 'end', reason: 'not-renewable' } };
  const gainedMs = state.expiresAt - before.expiresAt;
  // a full period again is no sign of an end, however soon it was asked for
  const little = gainedMs < event.leastGainMs! && state.priorMs < before.priorMs;
  if (event.capped === true || little) return { state, step: { do: 'end', reason: 'near-end' } };
  return { state, step: { do: 'wait', delayMs: napOf(state.priorMs, state.graceMs) } };
}

// The stop rule of the reference: what would be left after the next wait lies within the grace (R <= 4 * grace).
function settle(state: Lifetime, remainingMs: number, reason: EndReason): LifetimeTurn {
  const delayMs = napOf(remainingMs, state.graceMs);
  if (remainingMs <= state.graceMs || remainingMs - delayMs <= state.graceMs) {
    return { state, step: { do: 'end', reason } };
  }
  return { state, step: { do: 'wait', delayMs } };
}

// 10 s, doubled, at most 5 min, each +-50 % (R8). Near the end the waits shrink, so that a short life gets a second chance too.
function onFailed(
  state: Lifetime,
  { now, spareMs = state.graceMs }: Extract<LifetimeEvent, { readonly type: 'failed' }>,
  random: Random,
): LifetimeTurn {
  const backoffMs = state.backoffMs === 0 ? FIRST_BACKOFF_MS : Math.min(2 * state.backoffMs, MAX_BACKOFF_MS);
  const next = { ...state, backoffMs };
  const leftMs = state.expiresAt - now - spareMs;
  const delayMs = Math.min(backoffMs * (0.5 + random()), leftMs / 2);
  if (delayMs < LEAST_WAIT_MS) return { state: next, step: { do: 'end', reason: 'renewals-failed' } };
  return { state: next, step: { do: 'wait', delayMs } };
}
