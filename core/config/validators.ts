// Finds the validator of a block or of a plugin: compiled at build time, or made by ajv when there is none. It must not know what it validates.
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { ErrorObject } from 'ajv';
import type { CatalogEntry } from '../contracts/catalog.js';
import { agentError } from '../sdk/index.js';
import type { Schema } from './schema.js';

/** A schema and the check of plain settings against it. */
export interface Validator {
  readonly schema: Schema;
  check(settings: unknown): readonly ErrorObject[];
}

interface Compiled {
  readonly schema: Schema;
  readonly default: ((settings: unknown) => boolean) & { errors?: ErrorObject[] | null };
}

const SCHEMAS = new URL('../../../config-schema/', import.meta.url);

/** File of a schema, by its name in `config-schema`. */
export function schemaUrl(name: string): URL {
  return new URL(name, SCHEMAS);
}

/** Validator of a file in config-schema, such as `blocks/vault.schema.json`. */
export async function blockValidator(name: string): Promise<Validator> {
  const compiled = await importCompiled(new URL(`./validators/${compiledName(name)}`, import.meta.url).href);
  return compiled ?? made(JSON.parse(await readFile(schemaUrl(name), 'utf8')) as Schema);
}

/** Name of the compiled module of a schema file. */
export function compiledName(name: string): string {
  return `${name.replace(/^.*\//, '').replace(/\.schema\.json$/, '')}.js`;
}

/** Validator of a plugin's settings. Throws PLUGIN_SCHEMA for a schema that cannot be read or is none. */
export async function pluginValidator(entry: CatalogEntry): Promise<Validator> {
  const compiled = entry.origin === 'built-in' ? await importCompiled(compiledUrl(entry.schemaPath)) : undefined;
  if (compiled !== undefined) return compiled;
  try {
    const schema = JSON.parse(await readFile(entry.schemaPath, 'utf8')) as unknown;
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) throw new Error('it is not an object');
    return await made(schema);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw agentError(
      'PLUGIN_SCHEMA',
      { path: entry.schemaPath, why },
      { cause, hint: `mend the schema of the ${entry.manifest.kind} "${entry.manifest.name}"` },
    );
  }
}

function compiledUrl(schemaPath: string): string {
  return pathToFileURL(schemaPath.replace(/\.json$/, '.validate.js')).href;
}

async function importCompiled(href: string): Promise<Validator | undefined> {
  try {
    const module = (await import(href)) as Compiled;
    return {
      schema: module.schema,
      check: (settings) => (module.default(settings) ? [] : [...(module.default.errors ?? [])]),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function made(schema: Schema): Promise<Validator> {
  const { compileSchema, detached } = await import('./ajv.js');
  const whole = detached(schema);
  const check = compileSchema(whole);
  return { schema: whole, check: (settings) => (check(settings) ? [] : [...(check.errors ?? [])]) };
}
