// All ways to write a block -> bodies with labels: `b "x" {}`, `b = {}`, `b = [{}, {}]`, and JSON's `"b": {"x": {}}` (spec config 1.2.3).
import type { Item, Key, Node, ObjectNode, Place } from '../kernel/hcl/tree.js';
import type { Report } from './report.js';
import type { BlockRule } from './shapes.js';

/** One block: its labels, what is between its braces, and where it begins. */
export interface Body {
  readonly labels: readonly Key[];
  readonly node: ObjectNode;
  readonly at: Place;
}

/** The blocks that these items write. What is no block is reported (CONFIG_TYPE) and counts as an empty one; null and `[]` are nothing. */
export function bodiesOf(items: readonly Item[], rule: BlockRule, scope: { report: Report; path: string }): Body[] {
  const read = (node: Node, labels: readonly Key[], at: Place): Body[] => {
    if (node.kind === 'object') return isLabelled(node, labels, rule) ? members(node, read) : [{ labels, node, at }];
    if (node.kind === 'list') return node.items.flatMap((item) => read(item, labels, item.at));
    if (node.value === null) return [];
    const got = `the ${typeof node.value} it is here`;
    scope.report.error(
      'CONFIG_TYPE',
      { key: scope.path, want: 'a block', got },
      { at, key: scope.path, hint: `write ${scope.path.split('.').at(-1)} { ... }` },
    );
    scope.report.spoil(at);
    return [{ labels, node: { kind: 'object', items: [], at }, at }];
  };
  return items.flatMap((item) => read(item.value, item.keys.slice(1), item.at));
}

/** Members of a JSON-like object that stand for labels: all of them are objects, and none is a key of the block itself. */
function isLabelled(node: ObjectNode, labels: readonly Key[], rule: BlockRule): boolean {
  if (rule.label.startsWith('ignored') || labels.length > 0 || node.items.length === 0) return false;
  return node.items.every((item) => item.assigned && isBlockLike(item.value) && !isKey(item, rule));
}

function isBlockLike(node: Node): boolean {
  return (
    node.kind === 'object' ||
    (node.kind === 'list' && node.items.length > 0 && node.items.every((item) => item.kind === 'object'))
  );
}

function isKey(item: Item, rule: BlockRule): boolean {
  const name = (item.keys[0]?.text ?? '').toLowerCase();
  const isSinks = name === 'sinks' && Object.hasOwn(rule.shape.blocks, 'sink');
  return isSinks || Object.hasOwn(rule.shape.blocks, name) || (rule.shape.objects?.includes(name) ?? false);
}

function members(node: ObjectNode, read: (node: Node, labels: readonly Key[], at: Place) => Body[]): Body[] {
  return node.items.flatMap((item) => read(item.value, item.keys, item.at));
}
