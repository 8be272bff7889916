// Expressions that the second reader hands back as text `${...}` instead of a value: a silent trap, so each is an error. Pure.
import type { Problem } from '../contracts/problem.js';
import { CODES } from '../sdk/index.js';

interface Source {
  readonly file: string;
  readonly text: string;
}

/** One CONFIG_UNEVALUATED_EXPRESSION for each whole value that is an expression; text that was quoted in the file is left alone. */
export function findExpressions(value: unknown, source: Source): Problem[] {
  const problems: Problem[] = [];
  const visit = (inner: unknown, path: string): void => {
    if (typeof inner === 'string') {
      if (isExpression(inner, source.text)) problems.push(problemFor(inner, path, source));
    } else if (Array.isArray(inner)) inner.forEach((item: unknown) => visit(item, path));
    else if (typeof inner === 'object' && inner !== null) {
      for (const [key, entry] of Object.entries(inner)) visit(entry, path === '' ? key : `${path}.${key}`);
    }
  };
  visit(value, '');
  return problems;
}

function isExpression(value: string, text: string): boolean {
  return /^\$\{[^]*\}$/.test(value) && !text.includes(`"${value}"`);
}

function problemFor(value: string, path: string, { file, text }: Source): Problem {
  const { text: message, hint } = CODES.CONFIG_UNEVALUATED_EXPRESSION;
  const place = placeOf(value.slice(2, -1), text);
  return {
    severity: 'error',
    code: 'CONFIG_UNEVALUATED_EXPRESSION',
    message: message({ key: path }),
    at: { file, ...place },
    hint: hint ?? '',
    key: path,
  };
}

function placeOf(expression: string, text: string): { line: number; column: number } {
  const escaped = expression.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const found = new RegExp(`[=[,]\\s*(?=${escaped})`).exec(text);
  if (found === null) return { line: 1, column: 1 };
  const before = text.slice(0, found.index + found[0].length).split('\n');
  return { line: before.length, column: [...(before.at(-1) ?? '')].length + 1 };
}
