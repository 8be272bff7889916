// Turns a tree into the decoded form of the recordings (test/golden/vectors/hcl.json): blocks are lists of maps, labels nest, null is "".
import type { Item, Node, ObjectNode } from '../../../../core/kernel/hcl/tree.js';

/** The decoded map, with no prototype so that `__proto__` is a key like any other. */
export function decode(tree: ObjectNode): Record<string, unknown> {
  const out = Object.create(null) as Record<string, unknown>;
  for (const item of tree.items) add(out, item);
  return out;
}

function add(out: Record<string, unknown>, item: Item): void {
  const [key, ...labels] = item.keys.map(({ text }) => text);
  if (key === undefined) throw new Error('an item without a key');
  if (item.value.kind !== 'object') {
    out[key] = decodeNode(item.value);
    return;
  }
  let value = decode(item.value);
  for (const label of labels.reverse())
    value = Object.assign(Object.create(null) as Record<string, unknown>, { [label]: [value] });
  const before = out[key];
  out[key] = Array.isArray(before) ? [...(before as unknown[]), value] : [value];
}

function decodeNode(node: Node): unknown {
  if (node.kind === 'object') return decode(node);
  if (node.kind === 'list') return node.items.map(decodeNode);
  return node.value ?? '';
}

/** JSON with sorted keys, for comparing decoded values also with keys that deep equality treats specially. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, entry]) => [`.${key}`, entry]),
        )
      : inner,
  );
}
