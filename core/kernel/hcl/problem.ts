// A finding of the readers: what is wrong with the text, where, and what to do. Has the shape of contracts/problem.ts, which the kernel must
// not import; it must not know what any key means.
import { CODES } from '../../sdk/index.js';
import type { Place } from './tree.js';

/** One finding about a text. Errors make the text unusable; warnings do not. */
export interface ReadProblem {
  readonly severity: 'error' | 'warning';
  readonly code: 'CONFIG_SYNTAX' | 'CONFIG_DUPLICATE';
  readonly message: string;
  readonly at: Place;
  readonly hint?: string;
}

/** Builds a CONFIG_SYNTAX error; without a hint of its own it points at the notes on the language. */
export function syntaxProblem(at: Place, detail: string, hint?: string): ReadProblem {
  const { text, hint: usual } = CODES.CONFIG_SYNTAX;
  return { severity: 'error', code: 'CONFIG_SYNTAX', message: text({ detail }), at, hint: hint ?? usual ?? '' };
}

/** Builds the warning for a key that is written twice in one object; the later one counts (spec config 1.2.1). */
export function duplicateProblem(at: Place, key: string, first: Place): ReadProblem {
  const detail = `set twice, first on line ${first.line}; the later value is used`;
  const message = CODES.CONFIG_DUPLICATE.text({ what: key, detail });
  return { severity: 'warning', code: 'CONFIG_DUPLICATE', message, at, hint: 'remove one of the two' };
}
