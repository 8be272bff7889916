// Builds dist/: tsc mirrors core, plugins and test; data files (manifests, schemas, samples) are copied beside the compiled code. Then bundle/, which
// is what `claviger` runs; tests run on dist.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
for (const folder of ['core', 'plugins', 'test']) {
  cpSync(join(root, folder), join(root, 'dist', folder), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  });
}
const validators = join(root, '.ci/compile-validators.mjs');
if (existsSync(validators)) await import(validators).then((module) => module.compileValidators(root));
await bundle(root);
