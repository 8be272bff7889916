// Counts refusals of one credential (rule 5.1): after three it is not sent again for fifteen minutes, or until another one is there, so that the server
// never locks the user. Pure; a credential is known by its fingerprint only.
import { agentError, type AgentError } from '../sdk/index.js';

const MOST_REFUSALS = 3;
/** How long a refused credential is not sent. */
export const LOCKED_MS = 15 * 60_000;

/** Refusals in a row of one credential. */
export interface Refusals {
  readonly credential: string;
  readonly times: number;
  /** The moment before which it is not sent again, and what people are told of it; absent while it may be sent. */
  readonly lock?: { readonly until: number; readonly error: AgentError } | undefined;
}

/** The refusals after one more, of `credential`, at `now`. With the third, and each later one, it is locked. */
export function refusedAgain(
  before: Refusals | undefined,
  credential: string,
  now: number,
  refusal: AgentError,
): Refusals {
  const times = before?.credential === credential ? before.times + 1 : 1;
  if (times < MOST_REFUSALS) return { credential, times };
  const until = now + LOCKED_MS;
  const params = { times, until: new Date(until).toISOString(), why: refusal.message };
  const error = agentError('AUTH_LOCKED_OUT', params, { hint: refusal.hint, cause: refusal });
  return { credential, times, lock: { until, error } };
}

/** The same count without a lock: one more try, and the next refusal locks again. */
export const unlocked = (refusals: Refusals | undefined): Refusals | undefined =>
  refusals?.lock === undefined ? refusals : { credential: refusals.credential, times: refusals.times };

/** Without the lock when its time is over. */
export const unlockedAt = (refusals: Refusals | undefined, now: number): Refusals | undefined =>
  refusals?.lock !== undefined && now >= refusals.lock.until ? unlocked(refusals) : refusals;
