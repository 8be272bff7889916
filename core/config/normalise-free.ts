// Values whose keys are kept as written: `config` maps, lists, settings of plugins. Nulls count as absent, nested blocks become lists.
import type { Item, Node, ObjectNode } from '../kernel/hcl/tree.js';
import type { Entry, MapValue, Value } from './located.js';
import type { Report } from './report.js';

/** A value as it is; undefined for null. */
export function freeValue(node: Node, report?: Report): Value | undefined {
  if (node.kind === 'object') return freeObject(node, report);
  if (node.kind === 'list') {
    const items = node.items.map((item) => freeValue(item, report)).filter((item) => item !== undefined);
    return { kind: 'list', items, at: node.at };
  }
  return node.value === null ? undefined : { kind: 'scalar', value: node.value, raw: node.raw, at: node.at };
}

/** An object as it is. The same `key = value` twice in one file is a warning, the last wins; `key { }` twice makes a list. */
export function freeObject(node: ObjectNode, report?: Report): MapValue {
  const entries = new Map<string, Entry>();
  for (const item of node.items) addItem(entries, item, report);
  return { kind: 'map', entries, at: node.at };
}

function addItem(entries: Map<string, Entry>, item: Item, report: Report | undefined): void {
  const [first, ...labels] = item.keys;
  const inner = freeValue(item.value, report);
  if (first === undefined || inner === undefined) return;
  const value = labels.reduceRight<Value>(
    (held, label) => ({
      kind: 'map',
      entries: new Map([[label.text, { key: label.text, written: label.text, at: label.at, value: held }]]),
      at: label.at,
    }),
    inner,
  );
  const before = entries.get(first.text);
  const isBlock = !item.assigned && value.kind === 'map';
  const earlier = isBlock && before?.value.kind === 'list' ? before.value.items : [];
  const next: Value = isBlock ? { kind: 'list', items: [...earlier, value], at: item.at } : value;
  if (before !== undefined && !isBlock) warnTwice(before, item, report);
  entries.set(first.text, { key: first.text, written: first.text, at: first.at, value: next });
}

function warnTwice(before: Entry, item: Item, report: Report | undefined): void {
  if (before.at.file !== item.at.file) return;
  const detail = `it is written twice (first at line ${before.at.line}); the last one counts`;
  report?.warn(
    'CONFIG_DUPLICATE',
    { what: before.written, detail },
    { at: item.at, key: before.key, hint: 'remove one of them' },
  );
}
