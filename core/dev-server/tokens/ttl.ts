// How long a token or a lease may live: one pure rule for issuing and renewing (spec "TTL rules").
import { fault } from '../backend.js';
import { shortDuration } from '../wire/moment.js';

/** Everything that bears on a lifetime, milliseconds; zero means "not set". */
export interface TtlQuestion {
  readonly incrementMs: number;
  readonly ttlMs: number;
  readonly maxTtlMs: number;
  readonly periodMs: number;
  readonly explicitMaxTtlMs: number;
  readonly mountDefaultMs: number;
  readonly mountMaxMs: number;
  readonly issuedAtMs: number;
  readonly nowMs: number;
}

/** The lifetime from now on, and what the server warns about. */
export interface TtlAnswer {
  readonly ttlMs: number;
  readonly warnings: readonly string[];
}

/** Periodic lives know no maximum but the explicit one; others end `maxTtl` after their issue. Throws 400 once that is past. */
export function lifetime(question: TtlQuestion): TtlAnswer {
  const wanted = wantedMs(question);
  const cap = capMs(question);
  if (cap === 0) return { ttlMs: wanted, warnings: [] };
  const left = question.issuedAtMs + cap - question.nowMs;
  if (left <= 0) throw fault(400, 'past the max TTL, cannot renew');
  if (wanted <= left) return { ttlMs: wanted, warnings: [] };
  return { ttlMs: left, warnings: [cappedWarning(wanted, left)] };
}

function wantedMs(question: TtlQuestion): number {
  if (question.periodMs > 0) return Math.min(question.periodMs, question.mountMaxMs);
  if (question.incrementMs > 0) return question.incrementMs;
  return question.ttlMs > 0 ? question.ttlMs : question.mountDefaultMs;
}

function capMs(question: TtlQuestion): number {
  const caps = question.periodMs > 0 ? [] : [question.mountMaxMs, question.maxTtlMs];
  const set = [...caps, question.explicitMaxTtlMs].filter((ms) => ms > 0);
  return set.length === 0 ? 0 : Math.min(...set);
}

function cappedWarning(wanted: number, left: number): string {
  return `TTL of "${shortDuration(wanted)}" exceeded the effective max_ttl of "${shortDuration(left)}"; TTL value is capped accordingly`;
}
