// Tree -> canonical located map: names without regard to case, labels resolved, repeated blocks as lists (spec config 1.2.2, 1.2.3 "Ours").
// It must not know types of scalars or rules between stanzas.
import type { Item, Key, ObjectNode, Place } from '../kernel/hcl/tree.js';
import { freeObject, freeValue } from './normalise-free.js';
import { bodiesOf, type Body } from './normalise-labels.js';
import { rewriteSinks } from './normalise-sinks.js';
import type { Entry, MapValue, Value } from './located.js';
import type { Report } from './report.js';
import { ROOT, type BlockRule, type Shape } from './shapes.js';

interface Scope {
  readonly report: Report;
  readonly path: string;
}

/** The canonical form of a whole configuration. Findings about shapes go to `report`. */
export function normalise(tree: ObjectNode, report: Report): MapValue {
  return normaliseObject(tree, ROOT, { report, path: '' });
}

function normaliseObject(node: ObjectNode, shape: Shape, scope: Scope): MapValue {
  if (shape.free === true) return freeObject(node, scope.report);
  const source = scope.path === 'auto_auth' ? rewriteSinks(node, scope.report) : node;
  const entries = new Map<string, Entry>();
  for (const [name, items] of groupByName(source)) {
    const rule = Object.hasOwn(shape.blocks, name) ? shape.blocks[name] : undefined;
    const entry = rule === undefined ? plainEntry(name, items, scope) : blockEntry(name, items, rule, scope);
    if (entry !== undefined) entries.set(name, entry);
  }
  return { kind: 'map', entries, at: node.at };
}

function groupByName(node: ObjectNode): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of node.items) {
    const name = (item.keys[0]?.text ?? '').toLowerCase();
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

function plainEntry(name: string, items: readonly Item[], scope: Scope): Entry | undefined {
  const object = freeObject(
    { kind: 'object', items: items.map((item) => renamed(item, name)), at: firstPlace(items) },
    scope.report,
  );
  const entry = object.entries.get(name);
  return entry === undefined ? undefined : { ...entry, written: items.at(-1)?.keys[0]?.text ?? name };
}

function renamed(item: Item, name: string): Item {
  const [first, ...labels] = item.keys;
  return first === undefined ? item : { ...item, keys: [{ ...first, text: name }, ...labels] };
}

function firstPlace(items: readonly Item[]): Place {
  return items[0]?.at ?? { file: '', line: 0, column: 0 };
}

function blockEntry(name: string, items: readonly Item[], rule: BlockRule, scope: Scope): Entry | undefined {
  const path = scope.path === '' ? name : `${scope.path}.${name}`;
  const text = rule.orText === true ? textOf(items.at(-1)) : undefined;
  const last = items.at(-1);
  if (last === undefined) return undefined;
  const entryOf = (value: Value, at: Place): Entry => ({ key: name, written: last.keys[0]?.text ?? name, at, value });
  if (text !== undefined) return entryOf(text, last.at);
  const maps = bodiesOf(items, rule, { ...scope, path }).map((body) => blockMap(body, rule, { ...scope, path }));
  const first = maps[0];
  if (first === undefined) return undefined;
  if (rule.count === 'many') return entryOf({ kind: 'list', items: maps, at: first.at }, first.at);
  return entryOf(single(maps, rule, { ...scope, path }), first.at);
}

function textOf(item: Item | undefined): Value | undefined {
  if (item?.value.kind !== 'scalar' || item.value.value === null) return undefined;
  return freeValue(item.value);
}

function single(maps: readonly MapValue[], rule: BlockRule, scope: Scope): MapValue {
  const last = maps.at(-1) as MapValue;
  if (rule.count === 'merge') return { ...last, entries: new Map(maps.flatMap((map) => [...map.entries])) };
  if (rule.count === 'one' && maps.length > 1) {
    const detail = `there may be one block, here are ${maps.length}; the first is at line ${maps[0]?.at.line ?? 0}`;
    scope.report.error(
      'CONFIG_DUPLICATE',
      { what: scope.path, detail },
      { at: maps[1]?.at, key: scope.path, hint: 'join them into one block' },
    );
  }
  return last;
}

function blockMap(body: Body, rule: BlockRule, scope: Scope): MapValue {
  const inner = normaliseObject(body.node, rule.shape, scope);
  const map: MapValue = { ...inner, at: body.at };
  if (rule.label === 'type') return withType(map, body.labels);
  if (rule.label === 'name' || rule.label === 'optional-name') return withName(map, body.labels, rule, scope);
  const label = body.labels[0];
  if (rule.label === 'ignored' && label !== undefined) {
    scope.report.warn(
      'CONFIG_IGNORED',
      { what: `the label "${label.text}"`, why: `a ${scope.path} block has no name` },
      { at: label.at, key: scope.path, hint: 'remove the label' },
    );
  }
  return map;
}

function withType(map: MapValue, labels: readonly Key[]): MapValue {
  const entries = new Map(map.entries);
  const label = labels[0];
  const type = entries.get('type');
  if (type === undefined && label !== undefined && labels.length === 1) {
    const value: Value = { kind: 'scalar', value: label.text.toLowerCase(), at: label.at };
    entries.set('type', { key: 'type', written: label.text, at: label.at, value });
  } else if (type?.value.kind === 'scalar') {
    entries.set('type', { ...type, value: { ...type.value, value: String(type.value.value).toLowerCase() } });
  }
  return { ...map, entries };
}

function withName(map: MapValue, labels: readonly Key[], rule: BlockRule, scope: Scope): MapValue {
  const label = labels[0];
  if (label !== undefined && labels.length === 1) return { ...map, label: { text: label.text, at: label.at } };
  if (labels.length > 1 || rule.label === 'name') {
    const where = labels.length > 1 ? `${scope.path} has ${labels.length} labels and` : scope.path;
    const hint = `write ${scope.path} "NAME" { ... }`;
    scope.report.error(
      'CONFIG_MISSING',
      { key: 'exactly one name', where },
      { at: labels[1]?.at ?? map.at, key: scope.path, hint },
    );
  }
  return map;
}
