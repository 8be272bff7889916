// The one error class. `code` is stable, `act` says who must do what; retry, log level, exit and health follow from it (architecture 2.11).
import { CODES, type Code, type CodeParams } from './codes.js';

/** Who must do what about an error. */
export type Act = 'fix-config' | 'fix-plugin' | 'fix-credential' | 'fix-host' | 'wait' | 'report-bug';

/** Optional facts of an error: where it is (`file:line:column` or a path), what to do, what caused it. */
export interface ErrorFacts {
  readonly at?: string | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('claviger.agent-error');

/** An error for people. Two copies of this SDK recognise each other's errors. Messages never hold values of secret settings. */
export class AgentError extends Error {
  readonly code: string;
  readonly act: Act;
  readonly at: string | undefined;
  readonly hint: string | undefined;
  readonly [BRAND] = true;

  constructor(code: string, act: Act, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'AgentError';
    this.code = code;
    this.act = act;
    this.at = facts.at;
    this.hint = facts.hint;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/**
 * Builds an error from the code table: text, `act` and default hint come from `codes.ts`, so throwing code never composes prose.
 * Third parties construct `AgentError` directly with codes of their own.
 */
export function agentError<C extends Code>(code: C, params: CodeParams<C>, facts: ErrorFacts = {}): AgentError {
  const entry = CODES[code];
  const hint = facts.hint ?? ('hint' in entry ? entry.hint : undefined);
  return new AgentError(code, entry.act, (entry.text as (p: CodeParams<C>) => string)(params), { ...facts, hint });
}

/** One line for people: code, text, place (unless the text names it) and what to do. Causes are not included. */
export function describeError(error: unknown): string {
  if (error instanceof AgentError) {
    const at = error.at && !error.message.includes(error.at) ? ` (${error.at})` : '';
    const hint = error.hint ? `; ${error.hint}` : '';
    return `${error.code}: ${error.message}${at}${hint}`;
  }
  return error instanceof Error ? error.message : String(error);
}
