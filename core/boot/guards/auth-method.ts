// Guard of an auth method: bounds `prepare` and `accepted`, prefixes errors, keeps a throwing `hint` from doing harm.
import type { AuthMethod, LoginAttempt } from '../../sdk/index.js';
import { bounded, labelled, type Guarded } from './bounded.js';

const PREPARE_MS = 60_000;
const ACCEPTED_MS = 10_000;

/** Wraps an auth method. */
export function guardAuthMethod(guarded: Guarded, method: AuthMethod): AuthMethod {
  const accepted = method.accepted?.bind(method);
  const changes = method.changes?.bind(method);
  const hint = method.hint?.bind(method);
  return {
    prepare: (attempt: LoginAttempt) =>
      bounded(guarded, { name: 'prepare', boundMs: PREPARE_MS, outer: attempt.signal }, (signal) =>
        method.prepare({ ...attempt, signal }),
      ),
    ...(accepted && {
      accepted: (answer) => bounded(guarded, { name: 'accepted', boundMs: ACCEPTED_MS }, () => accepted(answer)),
    }),
    ...(changes && { changes: (signal) => changes(signal) }),
    ...(hint && {
      hint: (status, errors) => {
        try {
          return hint(status, errors);
        } catch {
          return undefined;
        }
      },
    }),
    start: (signal) => labelled(guarded, () => method.start?.(signal)),
    stop: (signal) => labelled(guarded, () => method.stop?.(signal)),
  };
}
