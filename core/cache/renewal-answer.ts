// What the server's answer to a renewal means for the entry (spec cache R-3, D-5, corrections). Pure.
import type { VaultAnswer } from '../sdk/index.js';
import { fieldsOf } from './envelope.js';
import { grantedBy } from './renewal-request.js';

/**
 * `lost`: the server has no such lease or token. `refused`: 403, which a dead token and an owner without policy both get. `fixed`: it lives, but
 * cannot be renewed. `failed`: worth another try (a 400 may be a database that is down, a 500 an auth role that was deleted).
 */
export type RenewalOutcome =
  | { readonly kind: 'renewed'; readonly ttlMs: number; readonly renewable: boolean }
  | { readonly kind: 'lost' | 'refused' | 'fixed' | 'failed'; readonly why: string };

/** Judges an answer. */
export function judgeRenewal(by: 'lease' | 'token', answer: VaultAnswer): RenewalOutcome {
  const why = `${answer.status} ${errorsOf(answer.body).join('; ')}`.trim();
  if (answer.status === 403) return { kind: 'refused', why };
  if (answer.status === 200) {
    const granted = grantedBy(by, answer.body);
    return granted === undefined
      ? { kind: 'failed', why: 'the answer grants no time' }
      : { kind: 'renewed', ...granted };
  }
  if (answer.status === 400) {
    if (/lease not found|lease expired|token not found|bad token/i.test(why)) return { kind: 'lost', why };
    if (/not renewable/i.test(why)) return { kind: 'fixed', why };
  }
  return { kind: 'failed', why };
}

/** The `errors` of an answer. */
export function errorsOf(body: unknown): string[] {
  const errors = fieldsOf(body)?.errors;
  return Array.isArray(errors) ? errors.filter((error): error is string => typeof error === 'string') : [];
}
