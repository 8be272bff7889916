// Compiles the schemas of config-schema and of the built-in plugins into modules in dist, so that the agent starts without ajv.
// Each module exports the check (default) and the schema. Run by .ci/build.mjs when dist is in place.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const REQUIRE = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n";

/** Writes dist/core/config/validators/*.js and dist/plugins/<kind>/<name>/schema.validate.js. */
export async function compileValidators(root) {
  const config = join(root, 'dist/core/config');
  const { makeAjv, compileSchema, detached } = await import(pathToFileURL(join(config, 'ajv.js')).href);
  const { default: standaloneCode } = await import('ajv/dist/standalone/index.js');
  const toCode = standaloneCode.default ?? standaloneCode;
  const write = (from, to) => {
    const schema = detached(JSON.parse(readFileSync(from, 'utf8')));
    const ajv = makeAjv(true);
    const code = toCode(ajv, compileSchema(schema, ajv));
    writeFileSync(
      to,
      `${code.includes('require(') ? REQUIRE : ''}${code}\nexport const schema = ${JSON.stringify(schema)};\n`,
    );
  };
  mkdirSync(join(config, 'validators'), { recursive: true });
  for (const file of schemaFiles(join(root, 'config-schema'))) {
    write(file, join(config, 'validators', file.replace(/^.*[\\/]/, '').replace(/\.schema\.json$/, '.js')));
  }
  for (const folder of pluginFolders(join(root, 'dist/plugins'))) {
    const { schema } = JSON.parse(readFileSync(join(folder, 'plugin.json'), 'utf8'));
    const from = join(folder, schema);
    if (existsSync(from)) write(from, from.replace(/\.json$/, '.validate.js'));
  }
}

function schemaFiles(folder) {
  return ['.', 'blocks', 'not-built']
    .map((name) => join(folder, name))
    .filter((name) => existsSync(name))
    .flatMap((name) => readdirSync(name).map((file) => join(name, file)))
    .filter((file) => file.endsWith('.schema.json'));
}

function pluginFolders(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((kind) => readdirSync(join(folder, kind)).map((name) => join(folder, kind, name)))
    .filter((name) => existsSync(join(name, 'plugin.json')));
}
