// How old an answer may get though its secret lives on: `max_age` of a path, `login_max_age` of logins (D-55, R-12). Counted from its birth, so a restart
// or another agent does not make it young again. Pure but for the field that it sets.
import type { Entry } from './entry.js';
import type { PolicyOf } from './path-policy.js';

/** Sets `staleAt` of an entry whose answer was made at `bornAt` (wall clock ms). */
export type LimitAge = (entry: Entry, bornAt: number) => void;

/** Makes it; a `loginMaxAgeMs` of 0 is no bound. */
export function ageLimiter(policyOf: PolicyOf, loginMaxAgeMs: number): LimitAge {
  return (entry, bornAt) => {
    const maxAgeMs = policyOf(entry.path, entry.namespace)?.maxAgeMs ?? 0;
    if (maxAgeMs > 0) entry.staleAt = bornAt + maxAgeMs;
    if (entry.kind === 'token' && loginMaxAgeMs > 0 && isLogin(entry.home.path))
      entry.staleAt = Math.min(entry.staleAt, bornAt + loginMaxAgeMs);
  };
}

const isLogin = (path: string): boolean => !path.startsWith('auth/token/');
