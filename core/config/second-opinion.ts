// Whether the second reader's value may stand in for a file that ours refuses (libraries-and-performance section 2.3). Pure; the reading
// itself is handed in.
import type { Problem } from '../contracts/problem.js';
import type { Reading } from '../kernel/hcl/reading.js';
import type { Node, ObjectNode, Place } from '../kernel/hcl/tree.js';
import { CODES } from '../sdk/index.js';
import { plainToTree } from './plain-to-tree.js';
import type { Hcl2Reading } from './second-reader.js';
import { findExpressions } from './unevaluated.js';

/** What a file comes to after both readers. */
export interface Opinion {
  readonly tree: ObjectNode;
  readonly problems: Problem[];
}

/**
 * Judges a file that ours refused: a value of the second reader counts (with a warning) when nothing in it can be wrong in silence; an
 * expression that nobody evaluates is CONFIG_UNEVALUATED_EXPRESSION; otherwise our own problems stay, the first with the HCL 2 diagnosis.
 */
export function secondOpinion(ours: Reading, second: Hcl2Reading, source: { file: string; text: string }): Opinion {
  if (second.error !== undefined) return { tree: ours.tree, problems: withDiagnosis(ours.problems, second.error) };
  const at: Place = { file: source.file, line: 1, column: 1 };
  const expressions = findExpressions(second.value, source);
  if (expressions.length > 0) return { tree: ours.tree, problems: expressions };
  const tree = plainToTree(second.value, at);
  if (hasTrapNumbers(source.text) || !holdsAllOf(tree, ours.tree)) return { tree: ours.tree, problems: ours.problems };
  return { tree, problems: [acceptedAsHcl2(ours.problems, at)] };
}

function acceptedAsHcl2(problems: readonly Problem[], at: Place): Problem {
  const first = problems.find(({ severity }) => severity === 'error');
  const detail = `this file is HCL 2, not the HCL 1 of Vault, but was read all the same: ${first?.message ?? 'HCL 1 refuses it'}`;
  const hint = first?.hint ?? 'write it as HCL 1';
  return {
    severity: 'warning',
    code: 'CONFIG_SYNTAX',
    message: CODES.CONFIG_SYNTAX.text({ detail }),
    at: first?.at ?? at,
    hint,
  };
}

/** Numbers that the second reader changes without a word: octal, hexadecimal, more digits than a double holds. */
function hasTrapNumbers(text: string): boolean {
  return /(?:^|[^\w.])(?:0[0-9xXoObB][\w]*|\d{16,})/.test(text);
}

/** Whether every value that ours could read is in the other tree too: the second reader drops an attribute beside a block of its name. */
function holdsAllOf(tree: ObjectNode, ours: ObjectNode): boolean {
  const there = countValues(tree);
  return [...countValues(ours)].every(([path, count]) => (there.get(path) ?? 0) >= count);
}

function countValues(tree: ObjectNode): Map<string, number> {
  const counts = new Map<string, number>();
  const visit = (node: Node, path: string): void => {
    if (node.kind === 'list') return node.items.forEach((item) => visit(item, path));
    counts.set(path, (counts.get(path) ?? 0) + 1);
    if (node.kind === 'object')
      for (const item of node.items) visit(item.value, [path, ...item.keys.map(({ text }) => text)].join('\0'));
  };
  visit(tree, '');
  return counts;
}

function withDiagnosis(problems: readonly Problem[], error: string): Problem[] {
  const diagnosis = /^parse config: \[:(\d+),(\d+)-[\d,]*: ([^;]{1,120});/.exec(error);
  const index = problems.findIndex(
    ({ severity, at }) => severity === 'error' && at !== undefined && String(at.line) === diagnosis?.[1],
  );
  return problems.map((problem, i) => {
    if (i !== index || diagnosis === null) return problem;
    const said = `an HCL 2 reader says: ${diagnosis[3]} (${diagnosis[1]}:${diagnosis[2]})`;
    return { ...problem, hint: problem.hint === undefined || problem.hint === '' ? said : `${problem.hint}; ${said}` };
  });
}
