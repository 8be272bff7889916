// What the server's answer to a renewal means for the entry (spec cache R-3, D-5, corrections). Pure.
import type { VaultAnswer } from '../sdk/index.js';
import { fieldsOf } from './envelope.js';
import { grantedBy } from './renewal-request.js';

/**
 * `lost`: the server has no such lease or token. `refused`: 403, which a dead token and an owner without policy both get. `fixed`: it lives, but
 * cannot be renewed. `failed`: worth another try (a 400 may be a database that is down, a 500 an auth role that was deleted).
 */
export type RenewalOutcome =
  | { readonly kind: 'renewed'; readonly ttlMs: number; readonly renewable: boolean; readonly capped: boolean }
  | { readonly kind: 'lost' | 'refused' | 'fixed' | 'failed'; readonly why: string };

// nothing else is permanent
const GONE = /lease not found|lease expired|invalid lease|token not found|bad token|past the max/i;

/** True when the errors of an answer say that there is no such lease or token any more. */
export const isGone = (body: unknown): boolean => errorsOf(body).some((error) => GONE.test(error));

/** True when an answer warns that the maximum caps the life: a further renewal gains nothing (R-5; text of both servers). */
export function warnsOfCap(body: unknown): boolean {
  const warnings = fieldsOf(body)?.warnings;
  return (
    Array.isArray(warnings) && warnings.some((text) => typeof text === 'string' && /exceeded.*max|capped/i.test(text))
  );
}

/** Judges an answer. */
export function judgeRenewal(by: 'lease' | 'token', answer: VaultAnswer): RenewalOutcome {
  const why = `${answer.status} ${errorsOf(answer.body).join('; ')}`.trim();
  if (answer.status === 403) return { kind: 'refused', why };
  if (answer.status === 200) {
    const granted = grantedBy(by, answer.body);
    return granted === undefined
      ? { kind: 'failed', why: 'the answer grants no time' }
      : { kind: 'renewed', ...granted, capped: warnsOfCap(answer.body) };
  }
  if (answer.status === 400) {
    if (GONE.test(why)) return { kind: 'lost', why };
    if (/not renewable/i.test(why)) return { kind: 'fixed', why };
  }
  return { kind: 'failed', why };
}

/** The `errors` of an answer. */
export function errorsOf(body: unknown): string[] {
  const errors = fieldsOf(body)?.errors;
  return Array.isArray(errors) ? errors.filter((error): error is string => typeof error === 'string') : [];
}
