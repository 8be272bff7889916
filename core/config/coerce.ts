// Located map + schema -> plain settings of the right types, defaults filled in. What cannot be brought into its type is reported once and
// marked, so that validation does not complain again. It must not know what settings mean.
import {
  meantOctal,
  toBoolean,
  toDuration,
  toInteger,
  toNumber,
  toOctal,
  toSize,
  toText,
  spelled,
} from './coerce-scalar.js';
import {
  dotted,
  pointerTo,
  type Entry,
  type ListValue,
  type MapValue,
  type ScalarValue,
  type Value,
} from './located.js';
import type { Report } from './report.js';
import { correct, memberNames, memberSchema, resolve, typesOf, type Schema } from './schema.js';
import { isSecretKey } from './secret-key.js';

/** What coercion needs besides the value: where findings go, and how the block is called in them. */
export interface CoerceScope {
  readonly report: Report;
  readonly root: Schema;
  readonly prefix: string;
  /** JSON pointers of values that were reported already. */
  readonly broken: Set<string>;
}

/** The settings of a map. Keys that a schema ignores or forbids are reported and left out. */
export function coerceMap(map: MapValue, schema: Schema, scope: CoerceScope, pointer = ''): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const entry of map.entries.values()) {
    const member = memberSchema(schema, entry.key, scope.root);
    const path = pointerTo(pointer, entry.key);
    if (isSecretKey(entry.key, schema, scope.root)) scope.report.hide(entry.value);
    if (member !== undefined && !isAllowed(entry, member, dotted(scope.prefix, path), scope.report)) {
      scope.broken.add(path);
      continue;
    }
    put(
      settings,
      entry.key,
      member === undefined ? bare(entry.value) : coerce(entry.value, member, scope, { path, entry }),
    );
  }
  fillDefaults(settings, schema, scope, pointer);
  return settings;
}

/** `__proto__` and its like are keys as any other. */
function put(settings: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(settings, key, { value, enumerable: true, writable: true, configurable: true });
}

function isAllowed(entry: Entry, member: Schema, key: string, report: Report): boolean {
  const facts = { at: entry.at, key };
  const forbidden = member['x-forbidden'];
  if (forbidden !== undefined) report.error('CONFIG_VALUE', { key, why: forbidden }, { ...facts, hint: 'remove it' });
  const ignored = member['x-ignored'];
  if (ignored !== undefined)
    report.warn('CONFIG_IGNORED', { what: key, why: ignored }, { ...facts, hint: 'remove it' });
  const deprecated = member['x-deprecated'];
  if (deprecated !== undefined)
    report.warn('CONFIG_DEPRECATED', { detail: `${key} is an old key` }, { ...facts, hint: deprecated });
  return forbidden === undefined && ignored === undefined;
}

function fillDefaults(settings: Record<string, unknown>, schema: Schema, scope: CoerceScope, pointer: string): void {
  for (const name of memberNames(schema, scope.root)) {
    const member = memberSchema(schema, name, scope.root);
    if (member?.default === undefined || Object.hasOwn(settings, name) || scope.broken.has(pointerTo(pointer, name)))
      continue;
    put(settings, name, defaultOf(member));
  }
}

function defaultOf(schema: Schema): unknown {
  const value = schema.default;
  if (typeof value !== 'string' && typeof value !== 'number') return structuredClone(value);
  const scalar: ScalarValue = { kind: 'scalar', value, at: { file: '', line: 0, column: 0 } };
  if (schema['x-duration'] === true) return toDuration(scalar);
  if (schema['x-size'] === true) return toSize(scalar);
  return schema['x-octal'] === true ? toOctal(scalar) : value;
}

interface Spot {
  readonly path: string;
  readonly entry?: Entry | undefined;
}

function coerce(value: Value, schema: Schema, scope: CoerceScope, spot: Spot): unknown {
  const map = value.kind === 'map' ? value : onlyMap(value, schema);
  if (map !== undefined) {
    return allows(schema, 'object') ? coerceMap(map, schema, scope, spot.path) : wrong(value, schema, scope, spot, map);
  }
  if (value.kind === 'scalar') return coerceScalar(value, schema, scope, spot);
  return value.kind === 'list' && allows(schema, 'array')
    ? coerceList(value, schema, scope, spot)
    : wrong(value, schema, scope, spot);
}

/** HCL's `key { }` in a free map is a list of one; where a schema wants a block it is that one. */
function onlyMap(value: Value, schema: Schema): MapValue | undefined {
  const only = value.kind === 'list' && value.items.length === 1 ? value.items[0] : undefined;
  return only?.kind === 'map' && !allows(schema, 'array') ? only : undefined;
}

function allows(schema: Schema, type: string): boolean {
  const types = typesOf(schema);
  return types.length === 0 || types.includes(type);
}

function coerceList(list: ListValue, schema: Schema, scope: CoerceScope, spot: Spot): unknown[] {
  const items = schema.items === undefined ? {} : resolve(schema.items, scope.root);
  return list.items.map((item, index) => coerce(item, items, scope, { path: pointerTo(spot.path, index) }));
}

function coerceScalar(scalar: ScalarValue, schema: Schema, scope: CoerceScope, spot: Spot): unknown {
  const found = scalarAs(scalar, schema, scope, spot);
  return found === undefined ? wrong(scalar, schema, scope, spot) : found;
}

function scalarAs(scalar: ScalarValue, schema: Schema, scope: CoerceScope, spot: Spot): unknown {
  if (schema['x-duration'] === true) return toDuration(scalar);
  if (schema['x-size'] === true) return toSize(scalar);
  if (schema['x-octal'] === true) return mode(scalar, scope, spot);
  const types = typesOf(schema);
  if (types.length === 0) return scalar.value;
  for (const type of ORDER) {
    const value = types.includes(type) ? asType(type, scalar, schema) : undefined;
    if (value !== undefined) return value;
  }
  return types.includes('array') ? asList(scalar, schema, scope, spot) : undefined;
}

function mode(scalar: ScalarValue, { report, prefix }: CoerceScope, spot: Spot): number | undefined {
  const value = toOctal(scalar);
  if (value === undefined || !meantOctal(scalar)) return value;
  const key = dotted(prefix, spot.path);
  const why = `${scalar.raw} is a decimal number, so the mode is 0${value.toString(8)}`;
  report.warn(
    'CONFIG_VALUE',
    { key, why },
    { at: scalar.at, key, hint: `write 0${scalar.raw}, in JSON "0${scalar.raw}"` },
  );
  return value;
}

const ORDER = ['boolean', 'integer', 'number', 'string'] as const;

function asType(type: (typeof ORDER)[number], scalar: ScalarValue, schema: Schema): unknown {
  if (type === 'boolean') return toBoolean(scalar.value);
  if (type === 'integer') return toInteger(scalar);
  if (type === 'number') return toNumber(scalar);
  const text = toText(scalar);
  return text === undefined ? undefined : spelled(text, schema);
}

function asList(scalar: ScalarValue, schema: Schema, scope: CoerceScope, spot: Spot): unknown[] | undefined {
  if (scalar.value === '' && (schema['x-comma-list'] === true || schema['x-one-or-many'] === true)) return [];
  if (schema['x-one-or-many'] === true)
    return coerceList({ kind: 'list', items: [scalar], at: scalar.at }, schema, scope, spot);
  if (schema['x-comma-list'] !== true || typeof scalar.value !== 'string') return undefined;
  const items = scalar.value.split(',').map((value): ScalarValue => ({ kind: 'scalar', value, at: scalar.at }));
  return coerceList({ kind: 'list', items, at: scalar.at }, schema, scope, spot);
}

function wrong(value: Value, schema: Schema, scope: CoerceScope, spot: Spot, map?: MapValue): undefined {
  const key = dotted(scope.prefix, spot.path);
  scope.broken.add(spot.path);
  const hint = correct(schema.description);
  const at = map === undefined ? value.at : (spot.entry?.at ?? value.at);
  scope.report.error('CONFIG_TYPE', { key, want: wanted(schema), got: shown(value, schema) }, { at, key, hint });
  return undefined;
}

function wanted(schema: Schema): string {
  if (schema['x-duration'] === true) return 'a duration such as "90s", "5m" or a number of seconds';
  if (schema['x-size'] === true) return 'a size such as "64MiB" or a number of bytes';
  if (schema['x-octal'] === true) return 'an octal file mode such as "0640"';
  return typesOf(schema)
    .map((type) => WANTED[type] ?? type)
    .join(' or ');
}

const WANTED: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  array: 'a list',
  object: 'a block',
};

/** How a wrong value is named; its content only when it is short and not secret. */
function shown(value: Value, schema: Schema): string {
  if (value.kind === 'map') return 'a block';
  if (value.kind === 'list') return 'a list';
  if (schema['x-secret'] === true) return `a ${typeof value.value}`;
  const text = typeof value.value === 'string' ? JSON.stringify(value.value) : (value.raw ?? String(value.value));
  return text.length > 40 ? `a ${typeof value.value}` : text;
}

/** A value without its places, for settings that no schema describes. */
export function bare(value: Value): unknown {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(bare);
  const settings: Record<string, unknown> = {};
  for (const entry of value.entries.values()) put(settings, entry.key, bare(entry.value));
  return settings;
}
