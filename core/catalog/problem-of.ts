// An AgentError as a finding in a list of problems.
import type { Problem } from '../contracts/problem.js';
import type { AgentError } from '../sdk/index.js';

/** The same facts in the form in which configuration problems are listed. */
export function problemOf(error: AgentError, severity: Problem['severity'] = 'error'): Problem {
  return {
    severity,
    code: error.code,
    message: error.message,
    hint: error.hint,
    at: error.at === undefined ? undefined : { file: error.at, line: 0, column: 0 },
  };
}
