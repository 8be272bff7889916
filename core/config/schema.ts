// The part of JSON Schema that reading values needs: types, members and our vocabulary (config-schema/vocabulary.md). Pure.

/** A JSON Schema, as far as we look into it. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly then?: Schema;
  readonly else?: Schema;
  readonly 'x-secret'?: boolean;
  readonly 'x-duration'?: boolean;
  readonly 'x-octal'?: boolean;
  readonly 'x-size'?: boolean;
  readonly 'x-file'?: boolean;
  readonly 'x-ignore-case'?: boolean;
  readonly 'x-comma-list'?: boolean;
  readonly 'x-one-or-many'?: boolean;
  readonly 'x-deprecated'?: string;
  readonly 'x-ignored'?: string;
  readonly 'x-forbidden'?: string;
  readonly 'x-since'?: string;
}

/** The keywords that JSON Schema does not know. */
export const VOCABULARY = [
  'x-secret',
  'x-duration',
  'x-octal',
  'x-size',
  'x-file',
  'x-ignore-case',
  'x-comma-list',
  'x-one-or-many',
  'x-deprecated',
  'x-ignored',
  'x-forbidden',
  'x-since',
] as const;

/** Follows local references (`#/$defs/...`); others are left alone. */
export function resolve(schema: Schema, root: Schema): Schema {
  if (schema.$ref === undefined || !schema.$ref.startsWith('#/')) return schema;
  const target = at(root, schema.$ref.slice(1));
  if (target === undefined) return schema;
  const { $ref: _followed, ...own } = schema;
  return { ...target, ...own };
}

/** The part of a schema that a JSON pointer names, or undefined. */
export function at(root: Schema, pointer: string): Schema | undefined {
  let part: unknown = root;
  for (const segment of pointer.split('/').slice(1)) {
    const name = decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof part !== 'object' || part === null) return undefined;
    part = (part as Record<string, unknown>)[name];
  }
  return typeof part === 'object' && part !== null ? part : undefined;
}

/** Schema of one member of an object, also from the branches of allOf, anyOf, oneOf, then and else. */
export function memberSchema(schema: Schema, name: string, root: Schema): Schema | undefined {
  const own =
    schema.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  if (own !== undefined) return resolve(own, root);
  for (const [pattern, found] of Object.entries(schema.patternProperties ?? {})) {
    if (new RegExp(pattern, 'u').test(name)) return resolve(found, root);
  }
  for (const branch of branches(schema)) {
    const found = memberSchema(resolve(branch, root), name, root);
    if (found !== undefined) return found;
  }
  return typeof schema.additionalProperties === 'object' ? resolve(schema.additionalProperties, root) : undefined;
}

/** Names of all members that a schema knows, its branches included. */
export function memberNames(schema: Schema, root: Schema): string[] {
  const inner = branches(schema).flatMap((branch) => memberNames(resolve(branch, root), root));
  return [...new Set([...Object.keys(schema.properties ?? {}), ...inner])];
}

function branches(schema: Schema): readonly Schema[] {
  const { allOf = [], anyOf = [], oneOf = [] } = schema;
  return [...allOf, ...anyOf, ...oneOf, schema.then, schema.else].filter((one) => typeof one === 'object');
}

/** The types a schema allows; empty when it allows all. */
export function typesOf(schema: Schema): readonly string[] {
  if (schema.type === undefined) return [];
  return typeof schema.type === 'string' ? [schema.type] : schema.type;
}

/** What to do about a wrong value. The description says what the setting is for; alone it would read like an order. */
export const correct = (description: string | undefined): string =>
  description === undefined ? 'correct or remove it' : `correct the value; what it is for: ${description}`;
