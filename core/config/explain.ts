// Errors of ajv -> findings for people: our code, our words, one per mistake (libraries 3). Pure but for the report.
import type { ErrorObject } from 'ajv';
import { formatGoDuration } from '../kernel/duration.js';
import { dotted, locate, pointerTo, segments, type MapValue, type Value } from './located.js';
import { nearestName } from './nearest-name.js';
import { list, type Report } from './report.js';
import { at, correct, memberNames, type Schema } from './schema.js';

/** What explaining needs: the map that was validated, its schema, and how it is called. */
export interface ExplainScope {
  readonly map: MapValue;
  readonly schema: Schema;
  readonly prefix: string;
  readonly report: Report;
  /** Pointers that were reported before. */
  readonly broken: ReadonlySet<string>;
  /** Unknown keys are errors also when not strict. */
  readonly unknownIsError: boolean;
  /** Other keys that are known in this place, for suggestions. */
  readonly alsoKnown?: readonly string[] | undefined;
}

/** Reports each mistake once. Unknown keys come first: they may explain what is missing. */
export function explain(errors: readonly ErrorObject[], scope: ExplainScope): void {
  const own = errors.filter((error) => !isBroken(error.instancePath, scope.broken));
  const choices = own.filter((error) => error.keyword === 'anyOf' || error.keyword === 'oneOf');
  const single = own.filter((error) => !NOISE.has(error.keyword) && !choices.some((choice) => isBelow(error, choice)));
  for (const error of single.filter(isUnknown)) reportUnknown(error, scope);
  for (const error of single.filter((one) => !isUnknown(one))) reportError(error, scope);
  for (const choice of choices.filter((one) => !choices.some((other) => other !== one && isBelow(one, other)))) {
    reportChoice(
      choice,
      own.filter((error) => isBelow(error, choice)),
      scope,
    );
  }
}

const NOISE = new Set(['if', 'allOf', 'anyOf', 'oneOf']);

function isBroken(pointer: string, broken: ReadonlySet<string>): boolean {
  return segments(pointer).reduce<{ path: string; hit: boolean }>(
    ({ path, hit }, part) => ({ path: pointerTo(path, part), hit: hit || broken.has(pointerTo(path, part)) }),
    { path: '', hit: false },
  ).hit;
}

function isBelow(error: ErrorObject, choice: ErrorObject): boolean {
  return error.schemaPath.startsWith(`${choice.schemaPath}/`);
}

function isUnknown(error: ErrorObject): boolean {
  return error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties';
}

function param(error: ErrorObject, name: string): string {
  const value = (error.params as Record<string, unknown>)[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function parentSchema(error: ErrorObject, scope: ExplainScope): Schema | undefined {
  return at(scope.schema, error.schemaPath.replace(/^#/, '').replace(/\/[^/]*$/, ''));
}

function whereOf(pointer: string, scope: ExplainScope): string {
  return dotted(scope.prefix, pointer) || 'the top level';
}

function reportUnknown(error: ErrorObject, scope: ExplainScope): void {
  const written = param(error, 'additionalProperty') || param(error, 'unevaluatedProperty');
  const pointer = pointerTo(error.instancePath, written);
  if (scope.broken.has(pointer)) return;
  const { at: place, holder } = locate(scope.map, pointer);
  const parent = parentSchema(error, scope);
  const extra = error.instancePath === '' ? (scope.alsoKnown ?? []) : [];
  const known = [...(parent === undefined ? [] : memberNames(parent, scope.schema)), ...extra];
  const name = holder.entries.get(written)?.written ?? written;
  const key = { written: name, where: whereOf(error.instancePath, scope), holder, known, must: scope.unknownIsError };
  scope.report.unknownKey(key, { at: place, key: dotted(scope.prefix, pointer) });
}

function reportError(error: ErrorObject, scope: ExplainScope): void {
  if (error.keyword === 'required' || error.keyword === 'dependentRequired') return reportMissing(error, scope);
  const key = dotted(scope.prefix, error.instancePath);
  const { at: place } = locate(scope.map, error.instancePath);
  const parent = parentSchema(error, scope);
  const why = reason(error, parent, valueAt(scope, error.instancePath));
  scope.report.error(
    'CONFIG_VALUE',
    { key: key || whereOf('', scope), why: why.text },
    { at: place, key, hint: why.hint ?? correct(parent?.description) },
  );
}

function reportMissing(error: ErrorObject, scope: ExplainScope): void {
  const missing = param(error, 'missingProperty');
  const pointer = pointerTo(error.instancePath, missing);
  if (scope.broken.has(pointer)) return;
  const holder = locate(scope.map, pointerTo(error.instancePath, '')).holder;
  if (scope.report.misspelt(holder, missing)) return;
  const cause = param(error, 'property');
  const where =
    cause === '' ? whereOf(error.instancePath, scope) : `${whereOf(pointerTo(error.instancePath, cause), scope)}`;
  const place = cause === '' ? holder.at : locate(scope.map, pointerTo(error.instancePath, cause)).at;
  const about = parentSchema(error, scope)?.properties?.[missing]?.description;
  const hint = about === undefined ? `add ${missing}` : `add ${missing}: ${about}`;
  scope.report.error(
    'CONFIG_MISSING',
    { key: missing, where },
    { at: place, key: dotted(scope.prefix, pointer), hint },
  );
}

/** The text of a scalar in the map, for messages; undefined when it is none. */
function valueAt(scope: ExplainScope, pointer: string): string | undefined {
  let value: Value = scope.map;
  for (const part of segments(pointer)) {
    const next: Value | undefined =
      value.kind === 'map'
        ? value.entries.get(part)?.value
        : value.kind === 'list'
          ? value.items[Number(part)]
          : undefined;
    if (next === undefined) return undefined;
    value = next;
  }
  return value.kind === 'scalar' ? String(value.value) : undefined;
}

interface Reason {
  readonly text: string;
  readonly hint?: string | undefined;
}

function reason(error: ErrorObject, schema: Schema | undefined, value: string | undefined): Reason {
  const limit = (name: string): string => amount((error.params as Record<string, unknown>)[name], schema);
  switch (error.keyword) {
    case 'enum':
    case 'const':
      return choice(error, schema, value);
    case 'minimum':
      return { text: `it must be at least ${limit('limit')}` };
    case 'exclusiveMinimum':
      return { text: `it must be more than ${limit('limit')}` };
    case 'maximum':
      return { text: `it must be at most ${limit('limit')}` };
    case 'exclusiveMaximum':
      return { text: `it must be less than ${limit('limit')}` };
    case 'minLength':
    case 'minItems':
      return {
        text:
          param(error, 'limit') === '1'
            ? 'it must not be empty'
            : `it must have at least ${param(error, 'limit')} parts`,
      };
    case 'pattern':
      return { text: `${quoted(value, schema)} does not have the right form` };
    case 'type':
      return { text: `it must be of type ${param(error, 'type')}` };
    case 'not':
      return notReason(schema);
    default:
      return { text: error.message ?? 'it is not valid' };
  }
}

function amount(limit: unknown, schema: Schema | undefined): string {
  if (typeof limit !== 'number') return String(limit);
  if (schema?.['x-duration'] === true) return formatGoDuration(limit);
  return schema?.['x-octal'] === true ? `0${limit.toString(8)}` : String(limit);
}

/** Long and secret values are not repeated. */
const isShown = (value: string | undefined, schema: Schema | undefined): value is string =>
  value !== undefined && schema?.['x-secret'] !== true && value.length <= 60;

const quoted = (value: string | undefined, schema: Schema | undefined): string =>
  isShown(value, schema) ? `"${value}"` : 'the value';

function choice(error: ErrorObject, schema: Schema | undefined, value: string | undefined): Reason {
  const params = error.params as { allowedValues?: unknown[]; allowedValue?: unknown };
  const allowed = (params.allowedValues ?? [params.allowedValue]).filter((one) => one !== '').map(String);
  const got = isShown(value, schema) ? `, not "${value}"` : '';
  const near = value === undefined ? undefined : nearestName(value, allowed);
  const text = allowed.length > 12 ? `"${value ?? ''}" is not known` : `it must be ${allowed.join(' or ')}${got}`;
  return {
    text,
    hint:
      near === undefined ? (allowed.length > 12 ? `known: ${list(allowed)}` : undefined) : `did you mean "${near}"?`,
  };
}

function notReason(schema: Schema | undefined): Reason {
  const names = (schema as { not?: Schema } | undefined)?.not?.required ?? [];
  return names.length === 0
    ? { text: 'this combination is not allowed' }
    : { text: `${names.join(' and ')} exclude each other`, hint: 'remove one of them' };
}

function reportChoice(choiceError: ErrorObject, below: readonly ErrorObject[], scope: ExplainScope): void {
  const place = locate(scope.map, choiceError.instancePath);
  const where = whereOf(choiceError.instancePath, scope);
  const key = dotted(scope.prefix, choiceError.instancePath);
  const missing = [
    ...new Set(below.filter((error) => error.keyword === 'required').map((error) => param(error, 'missingProperty'))),
  ];
  const holder = locate(scope.map, pointerTo(choiceError.instancePath, '')).holder;
  if (missing.some((name) => scope.report.misspelt(holder, name))) return;
  if (missing.some((name) => scope.broken.has(pointerTo(choiceError.instancePath, name)))) return;
  if (missing.length > 0 && missing.length >= below.length / 2) {
    scope.report.error(
      'CONFIG_MISSING',
      { key: missing.join(' or '), where },
      { at: holder.at, key, hint: `add ${missing.join(' or ')}` },
    );
    return;
  }
  const passing = (choiceError.params as { passingSchemas?: readonly number[] | null }).passingSchemas;
  const options = at(scope.schema, choiceError.schemaPath.replace(/^#/, '')) as unknown as Schema[] | undefined;
  const both = (passing ?? []).flatMap((index) => options?.[index]?.required ?? []);
  const why =
    both.length > 0 ? `${both.join(' and ')} exclude each other` : 'it has none of the forms that are allowed here';
  const hint =
    both.length > 0
      ? 'remove one of them'
      : at(scope.schema, choiceError.schemaPath.replace(/^#/, '').replace(/\/[^/]*$/, ''))?.description;
  scope.report.error('CONFIG_VALUE', { key: where, why }, { at: place.at, key, hint });
}
