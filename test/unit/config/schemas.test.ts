// The schemas themselves: they compile, everything is described, and no other keyword than those of the vocabulary is used.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { compileSchema, detached } from '../../../core/config/ajv.js';
import { VOCABULARY } from '../../../core/config/schema.js';
import { blockValidator, compiledName } from '../../../core/config/validators.js';
import { catalogOf } from './checking.js';

const root = fileURLToPath(new URL('../../../../config-schema/', import.meta.url));
const read = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.schema.json'));
const schemas: [name: string, schema: Record<string, unknown>][] = [
  ...files.map((file): [string, Record<string, unknown>] => [file, read(`${root}${file}`)]),
  ...catalogOf()
    .all()
    .map(({ manifest, schemaPath }): [string, Record<string, unknown>] => [
      `${manifest.kind} ${manifest.name}`,
      read(schemaPath),
    ]),
];

function* members(part: unknown, path = ''): Generator<[string, Record<string, unknown>]> {
  if (typeof part !== 'object' || part === null) return;
  for (const [key, value] of Object.entries(part)) {
    if (key === 'properties')
      for (const [name, member] of Object.entries(value as object))
        yield [`${path}.${name}`, member as Record<string, unknown>];
    yield* members(value, key === 'properties' ? path : `${path}.${key}`);
  }
}

describe('settings schemas', () => {
  for (const [name, schema] of schemas) {
    it(`${name} compiles, and each property is described`, () => {
      compileSchema(detached(schema));
      const silent = [...members(schema)].filter(
        ([, member]) => member.description === undefined && member.$ref === undefined && Object.keys(member).length > 0,
      );
      expect(
        silent.filter(([path]) => !/\.(not|if|anyOf|oneOf|allOf)\b/.test(path)).map(([path]) => path),
      ).to.deep.equal([]);
    });
  }

  it('the vocabulary page explains every keyword of ours', () => {
    const page = readFileSync(`${root}vocabulary.md`, 'utf8');
    for (const keyword of VOCABULARY) expect(page).to.include(`\`${keyword}\``);
  });

  it('every block has a compiled validator, and it holds the schema', async () => {
    for (const file of files) {
      const compiled = (await import(
        new URL(`../../../core/config/validators/${compiledName(file)}`, import.meta.url).href
      )) as { schema: unknown };
      expect(compiled.schema).to.deep.equal(detached(read(`${root}${file}`)));
    }
  });

  it('the manifests of the built-in plugins follow their schema', async () => {
    const validator = await blockValidator('plugin-manifest.schema.json');
    for (const { manifest } of catalogOf().all()) expect(validator.check(manifest), manifest.name).to.deep.equal([]);
  });
});
