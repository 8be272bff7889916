// Plain data of the second reader -> the tree of ours. Places are those of the file's start, because the second reader knows none. Pure.
import type { Item, Key, Node, ObjectNode, Place } from '../kernel/hcl/tree.js';

type Plain = Readonly<Record<string, unknown>>;

/**
 * The tree of a file. A list of objects under a key becomes repeated blocks; an object whose members are all such lists becomes labelled
 * blocks. Order between labels is lost by the second reader.
 */
export function plainToTree(value: unknown, at: Place): ObjectNode {
  return { kind: 'object', items: isPlain(value) ? itemsOf(value, at) : [], at };
}

function itemsOf(value: Plain, at: Place): Item[] {
  return Object.entries(value).flatMap(
    ([name, inner]) => blocksOf([keyOf(name, at)], inner, at) ?? [assigned(name, inner, at)],
  );
}

function blocksOf(keys: readonly Key[], value: unknown, at: Place): Item[] | undefined {
  if (isBlockList(value)) return value.map((body) => ({ keys, value: plainToTree(body, at), assigned: false, at }));
  if (!isPlain(value) || Object.keys(value).length === 0) return undefined;
  const found: Item[] = [];
  for (const [label, inner] of Object.entries(value)) {
    const blocks = blocksOf([...keys, keyOf(label, at)], inner, at);
    if (blocks === undefined) return undefined;
    found.push(...blocks);
  }
  return found;
}

function assigned(name: string, value: unknown, at: Place): Item {
  return { keys: [keyOf(name, at)], value: nodeOf(value, at), assigned: true, at };
}

function nodeOf(value: unknown, at: Place): Node {
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item) => nodeOf(item, at)), at };
  if (isPlain(value)) return plainToTree(value, at);
  if (typeof value === 'number') return { kind: 'scalar', value, raw: String(value), at };
  return { kind: 'scalar', value: typeof value === 'string' || typeof value === 'boolean' ? value : null, at };
}

function keyOf(text: string, at: Place): Key {
  return { text, quoted: false, at };
}

function isBlockList(value: unknown): value is Plain[] {
  return Array.isArray(value) && value.length > 0 && value.every(isPlain);
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
