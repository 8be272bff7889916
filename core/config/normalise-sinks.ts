// The `sinks` wrapper of auto_auth in all its forms -> plain `sink` items (spec config 1.2.2).
import type { Item, Node, ObjectNode } from '../kernel/hcl/tree.js';
import type { Report } from './report.js';

/** The body of `auto_auth` with `sinks` unwrapped. Having both spellings is a warning, settings directly in `sinks` an error. */
export function rewriteSinks(node: ObjectNode, report: Report): ObjectNode {
  const wrapped = node.items.filter((item) => isNamed(item, 'sinks'));
  if (wrapped.length === 0) return node;
  const plain = node.items.find((item) => isNamed(item, 'sink'));
  if (plain !== undefined) {
    const detail = 'both sink and sinks are here; all of them count';
    report.warn(
      'CONFIG_DUPLICATE',
      { what: 'auto_auth', detail },
      { at: wrapped[0]?.at, key: 'auto_auth.sinks', hint: 'write only sink blocks' },
    );
  }
  return {
    ...node,
    items: node.items.flatMap((item) => (isNamed(item, 'sinks') ? unwrap(item, item.value, report) : [item])),
  };
}

function isNamed(item: Item, name: string): boolean {
  return item.keys[0]?.text.toLowerCase() === name;
}

function unwrap(item: Item, value: Node, report: Report): Item[] {
  if (value.kind === 'list') return value.items.flatMap((one) => fromElement(item, one, report));
  if (value.kind === 'scalar' && value.value === null) return [];
  if (value.kind === 'object' && value.items.every((one) => isNamed(one, 'sink'))) return [...value.items];
  if (value.kind === 'object' && value.items.every((one) => one.assigned && one.value.kind === 'object'))
    return labelled(value);
  report.error(
    'CONFIG_VALUE',
    { key: 'auto_auth.sinks', why: 'it may only hold sink blocks' },
    { at: item.at, key: 'auto_auth.sinks', hint: 'write sink "file" { ... } directly in auto_auth' },
  );
  return [];
}

function fromElement(item: Item, element: Node, report: Report): Item[] {
  if (element.kind !== 'object') return unwrap(item, element, report);
  if (element.items.length > 0 && element.items.every((one) => isNamed(one, 'sink'))) return [...element.items];
  return [{ keys: [{ text: 'sink', quoted: true, at: element.at }], value: element, assigned: true, at: element.at }];
}

function labelled(node: ObjectNode): Item[] {
  return node.items.map((one) => ({ ...one, keys: [{ text: 'sink', quoted: true, at: one.at }, ...one.keys] }));
}
