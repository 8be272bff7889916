// One big schema of everything, for editors and documentation. Never used at start.
import { readFile } from 'node:fs/promises';
import type { Catalog, CatalogEntry } from '../contracts/catalog.js';
import type { Kind } from '../sdk/index.js';
import type { Schema } from './schema.js';
import { schemaUrl } from './validators.js';

const BLOCKS = [
  'vault',
  'auto-auth',
  'method',
  'sink',
  'cache',
  'cache-path',
  'static-secrets',
  'static-path',
  'persist',
  'api-proxy',
  'listener',
  'template',
  'env-template',
  'exec',
  'template-config',
  'telemetry',
  'plugin',
  'compat',
];

/**
 * The schema of a whole configuration with the settings of every plugin of the catalog: `$defs` holds the blocks and `<kind>:<name>` for each
 * plugin. Throws when a schema file cannot be read.
 */
export async function composeSchema(catalog: Catalog): Promise<object> {
  const frame = inlined(await readSchema('agent.schema.json'));
  const blocks = await Promise.all(
    BLOCKS.map(async (name) => [name, inlined(await readSchema(`blocks/${name}.schema.json`))] as const),
  );
  const plugins = await Promise.all(
    catalog
      .all()
      .map(async (entry) => [`${entry.manifest.kind}:${entry.manifest.name}`, await pluginSchema(entry)] as const),
  );
  const defs: Record<string, Schema> = Object.fromEntries([...blocks, ...plugins]);
  defs.method = choosing(defs.method, catalog, 'auth-method');
  defs.sink = choosing(defs.sink, catalog, 'sink');
  defs.persist = { ...choosing(defs.persist, catalog, 'cache-store'), additionalProperties: true };
  defs.listener = { ...choosing(defs.listener, catalog, 'listener'), additionalProperties: true };
  return { ...frame, $defs: defs };
}

async function readSchema(name: string): Promise<Schema> {
  return JSON.parse(await readFile(schemaUrl(name), 'utf8')) as Schema;
}

async function pluginSchema(entry: CatalogEntry): Promise<Schema> {
  const schema = JSON.parse(await readFile(entry.schemaPath, 'utf8')) as Schema;
  const id = `#/$defs/${entry.manifest.kind}:${entry.manifest.name}/$defs/`;
  return rewritten(schema, (ref) => (ref.startsWith('#/$defs/') ? `${id}${ref.slice('#/$defs/'.length)}` : ref));
}

/** References between files become references into `$defs`. */
function inlined(schema: Schema): Schema {
  return rewritten(schema, (ref) => ref.replace(/^(?:blocks\/)?([a-z-]+)\.schema\.json$/, '#/$defs/$1'));
}

function rewritten<T>(part: T, rename: (ref: string) => string): T {
  if (Array.isArray(part)) return part.map((one: unknown) => rewritten(one, rename)) as T;
  if (typeof part !== 'object' || part === null) return part;
  const members = Object.entries(part).filter(([key]) => key !== '$schema' || !('type' in part));
  return Object.fromEntries(
    members.map(([key, value]) => [key, key === '$ref' ? rename(String(value)) : rewritten(value as unknown, rename)]),
  ) as T;
}

/** The settings that go with a type. Listeners and stores have them beside the common keys, the others in `config`. */
function choosing(schema: Schema | undefined, catalog: Catalog, kind: Kind): Schema {
  const allOf = catalog.all(kind).map(({ manifest }) => {
    const settings = { $ref: `#/$defs/${kind}:${manifest.name}` };
    return {
      if: { properties: { type: { enum: [manifest.name, ...(manifest.aliases ?? [])] } }, required: ['type'] },
      then: kind === 'listener' || kind === 'cache-store' ? {} : { properties: { config: settings } },
    };
  });
  return { ...schema, allOf };
}
