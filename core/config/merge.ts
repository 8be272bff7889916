// Joins the trees of several files into one, by the rule of each top-level key. Pure; knows which keys exist, not what they mean.
import type { Problem } from '../contracts/problem.js';
import type { Item, ListNode, Node, ObjectNode } from '../kernel/hcl/tree.js';
import { CODES } from '../sdk/index.js';
import { mergeRule } from './merge-rules.js';
import { carriedProxy } from './merge-proxy.js';

/** The tree of one file. */
export interface FileTree {
  readonly file: string;
  readonly tree: ObjectNode;
}

/** What the files come to together. */
export interface Merged {
  readonly tree: ObjectNode;
  readonly problems: Problem[];
}

/**
 * Joins trees in order by the rules of spec config 1.10; names count without regard to case. A block that replaces one of an earlier file is
 * a warning (CONFIG_DUPLICATE); `auto_auth` blocks replace those of the same label only. Within one file nothing is dropped.
 */
export function mergeTrees(trees: readonly FileTree[]): Merged {
  const problems: Problem[] = [];
  let merged: readonly Item[] = trees[0]?.tree.items ?? [];
  for (const { tree } of trees.slice(1)) merged = mergeTwo(merged, tree.items, problems);
  const at = trees[0]?.tree.at ?? { file: '', line: 0, column: 0 };
  return { tree: { kind: 'object', items: merged, at }, problems };
}

function mergeTwo(earlier: readonly Item[], later: readonly Item[], problems: Problem[]): Item[] {
  const proxy = carriedProxy(earlier, later);
  let items: Item[] = proxy === undefined ? [...earlier] : [...earlier, proxy];
  for (const [name, added] of groupByName(later)) items = mergeName(items, name, added, problems);
  return items;
}

function mergeName(items: readonly Item[], name: string, added: readonly Item[], problems: Problem[]): Item[] {
  const old = items.filter((item) => nameOf(item) === name);
  const others = items.filter((item) => nameOf(item) !== name);
  if (old.length === 0) return [...items, ...added];
  const present = added.filter((item) => !isAbsent(item.value));
  if (present.length === 0) return [...items];
  switch (mergeRule(name)) {
    case 'append':
      return [...items, ...present];
    case 'replace':
      return [...others, ...keptBlocks(old, present, problems), ...present];
    case 'or':
      return old.some((item) => isTrue(item.value)) ? [...items] : [...others, ...present];
    case 'filled':
      return present.every((item) => isEmptyText(item.value)) ? [...items] : [...others, ...present];
    case 'union':
      return [...others, ...united(old, present)];
    case 'later':
      return [...others, ...present];
  }
}

/** The earlier blocks that no later block replaces. */
function keptBlocks(old: readonly Item[], present: readonly Item[], problems: Problem[]): Item[] {
  return old.filter((item) => {
    const successor = present.find((candidate) => sameBlock(item, candidate));
    if (successor !== undefined) problems.push(replaced(item, successor));
    return successor === undefined;
  });
}

function sameBlock(a: Item, b: Item): boolean {
  return nameOf(a) !== 'auto_auth' || (a.keys[1]?.text ?? '') === (b.keys[1]?.text ?? '');
}

function replaced(item: Item, successor: Item): Problem {
  const what = nameOf(item);
  const detail = `this block replaces the one of ${item.at.file}:${item.at.line} as a whole`;
  const message = CODES.CONFIG_DUPLICATE.text({ what, detail });
  return {
    severity: 'warning',
    code: 'CONFIG_DUPLICATE',
    message,
    at: successor.at,
    key: what,
    hint: 'keep one of the two',
  };
}

/** Joins lists into the last item; anything that is no list counts as it is, so that its type is judged later. */
function united(old: readonly Item[], present: readonly Item[]): Item[] {
  const all = [...old, ...present];
  const last = all.at(-1);
  if (last === undefined || !all.every((item) => item.value.kind === 'list')) return [...present];
  const items = all.flatMap((item) => (item.value as ListNode).items);
  return [{ ...last, value: { kind: 'list', items, at: last.value.at } }];
}

function groupByName(items: readonly Item[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group === undefined) groups.set(nameOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function nameOf(item: Item): string {
  return (item.keys[0]?.text ?? '').toLowerCase();
}

/** null and, for blocks written as lists, an empty list stand for nothing (spec config 1.2.3). */
function isAbsent(value: Node): boolean {
  return (value.kind === 'scalar' && value.value === null) || (value.kind === 'list' && value.items.length === 0);
}

function isEmptyText(value: Node): boolean {
  return value.kind === 'scalar' && value.value === '';
}

function isTrue(value: Node): boolean {
  return value.kind === 'scalar' && (value.value === true || /^(?:1|t|true)$/i.test(String(value.value)));
}
