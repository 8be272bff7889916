// The one place that makes an ajv: draft 2020-12, all errors, our vocabulary. Loaded at build time, and at run time only for schemas that
// were not compiled.
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import { VOCABULARY } from './schema.js';

/** An ajv with our settings. `source` keeps the code of validators, for the build. */
export function makeAjv(source = false): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    strictTuples: false,
    validateFormats: false,
    unicode: false,
    logger: false,
    ...(source ? { code: { source: true, esm: true, lines: true } } : {}),
  });
  ajv.addVocabulary([...VOCABULARY]);
  return ajv;
}

/** Compiles a schema; keywords of others that begin with `x-` are allowed. Throws what ajv throws for a broken schema. */
export function compileSchema(schema: AnySchema, ajv: Ajv2020 = makeAjv()): ValidateFunction {
  for (const keyword of new Set(foreignKeywords(schema))) ajv.addKeyword(keyword);
  return ajv.compile(schema);
}

function foreignKeywords(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(foreignKeywords);
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) => [...(isForeign(key) ? [key] : []), ...foreignKeywords(value)]);
}

function isForeign(key: string): boolean {
  return /^x-[a-z0-9-]+$/.test(key) && !(VOCABULARY as readonly string[]).includes(key);
}

/** A block schema on its own: references to other blocks accept anything, because each block is validated by itself. */
export function detached<T>(part: T): T {
  if (Array.isArray(part)) return part.map(detached) as T;
  if (typeof part !== 'object' || part === null) return part;
  if ('$ref' in part && typeof part.$ref === 'string' && part.$ref.endsWith('.schema.json')) return {} as T;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, detached(value as unknown)])) as T;
}
