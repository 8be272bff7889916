// Findings for people and for machines: code frames, one JSON form, the nearest known name. Pure.
import type { Problem } from '../contracts/problem.js';
import { maskLine } from './mask-line.js';

export { nearestName } from './nearest-name.js';

/** How to print. */
export interface ProblemStyle {
  readonly color: boolean;
}

/** The JSON form of findings (`config validate -format=json`): counts first, then each with a flat place. */
export interface ProblemReport {
  readonly errors: number;
  readonly warnings: number;
  readonly problems: readonly {
    readonly severity: 'error' | 'warning';
    readonly code: string;
    readonly message: string;
    readonly file?: string;
    readonly line?: number;
    readonly column?: number;
    readonly hint?: string;
    readonly key?: string;
  }[];
}

/**
 * All findings as text: `file:line:column: CODE message`, the line of the file with a caret, `-> what to do`, and a last line that counts.
 * Values of settings that may be secret are masked in the shown line. Empty when there is nothing to say.
 */
export function formatProblems(
  problems: readonly Problem[],
  texts: ReadonlyMap<string, string>,
  style: ProblemStyle,
): string {
  if (problems.length === 0) return '';
  const blocks = problems.map((problem) => formatProblem(problem, texts, style));
  return `${blocks.join('\n\n')}\n\n${countLine(problems)}\n`;
}

/** The findings as data, ready for JSON.stringify. */
export function problemsToJson(problems: readonly Problem[]): ProblemReport {
  return {
    ...count(problems),
    problems: problems.map(({ severity, code, message, at, hint, key }) => ({
      severity,
      code,
      message,
      ...(at === undefined || at.file === '' ? {} : { file: at.file, line: at.line, column: at.column }),
      ...(hint === undefined ? {} : { hint }),
      ...(key === undefined ? {} : { key }),
    })),
  };
}

const COLOURS = { red: 31, yellow: 33, cyan: 36, dim: 2 } as const;

function formatProblem(problem: Problem, texts: ReadonlyMap<string, string>, style: ProblemStyle): string {
  const paint = (colour: keyof typeof COLOURS, text: string): string =>
    style.color ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
  const tone = problem.severity === 'error' ? 'red' : 'yellow';
  const kind = problem.severity === 'warning' ? 'warning: ' : '';
  const lines = [`${placeText(problem)}${paint(tone, problem.code)} ${kind}${problem.message}`];
  const frame = codeFrame(problem, texts);
  if (frame !== undefined) lines.push(paint('dim', frame.source), paint(tone, frame.caret));
  if (problem.hint !== undefined && problem.hint !== '') lines.push(paint('cyan', `  -> ${problem.hint}`));
  return lines.join('\n');
}

function placeText({ at }: Problem): string {
  if (at === undefined || at.file === '') return '';
  return at.line === 0 ? `${at.file}: ` : `${at.file}:${at.line}:${at.column}: `;
}

const WIDEST = 120;

function codeFrame({ at }: Problem, texts: ReadonlyMap<string, string>): { source: string; caret: string } | undefined {
  const text = at === undefined ? undefined : texts.get(at.file);
  if (at === undefined || at.line === 0 || text === undefined) return undefined;
  const line = text.split('\n', at.line)[at.line - 1]?.replace(/^\uFEFF|\r$/g, '');
  if (line === undefined) return undefined;
  const letters = [...maskLine(line)];
  const from = Math.max(0, Math.min(at.column - 1, letters.length) - WIDEST / 2);
  const shown = letters.slice(from, from + WIDEST);
  const number = String(at.line).padStart(4);
  const lead = shown.slice(0, at.column - 1 - from).map((letter) => (letter === '\t' ? '\t' : ' '));
  return {
    source: `${number} | ${shown.map(printable).join('')}`,
    caret: `${' '.repeat(number.length)} | ${lead.join('')}^`,
  };
}

function printable(letter: string): string {
  return letter !== '\t' && /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(letter) ? '\uFFFD' : letter;
}

function count(problems: readonly Problem[]): { errors: number; warnings: number } {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  return { errors, warnings: problems.length - errors };
}

function countLine(problems: readonly Problem[]): string {
  const { errors, warnings } = count(problems);
  const say = (n: number, word: string): string[] => (n === 0 ? [] : [`${n} ${word}${n === 1 ? '' : 's'}`]);
  return [...say(errors, 'error'), ...say(warnings, 'warning')].join(', ');
}
