// The example store with a native dependency passes the suite of its kind. It is not in the base install: without `lmdb` in its folder this is skipped.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cacheStoreSuite } from '../../../core/sdk/testing/index.js';

const PACKAGE = fileURLToPath(new URL('../../../../', import.meta.url));
const EXAMPLE = join(PACKAGE, 'examples', 'plugin-lmdb-store');
const MODULES = join(EXAMPLE, 'node_modules');

/** A copy, so that `claviger` can stand beside `lmdb` without a change in the checkout. */
function install(): string {
  const copy = mkdtempSync(join(tmpdir(), 'claviger-lmdb-'));
  cpSync(EXAMPLE, copy, { recursive: true, filter: (path) => !path.startsWith(MODULES) });
  mkdirSync(join(copy, 'node_modules'));
  symlinkSync(PACKAGE, join(copy, 'node_modules', 'claviger'));
  for (const name of readdirSync(MODULES).filter((one) => one !== 'claviger' && !one.startsWith('.'))) {
    symlinkSync(join(MODULES, name), join(copy, 'node_modules', name));
  }
  return copy;
}

describe('example plugin-lmdb-store', () => {
  if (!existsSync(join(MODULES, 'lmdb', 'package.json'))) {
    it.skip('passes the suite of its kind: lmdb is not installed in examples/plugin-lmdb-store');
    return;
  }
  const copy = install();
  after(() => rmSync(copy, { recursive: true, force: true }));
  cacheStoreSuite({ test: it, plugin: pathToFileURL(join(copy, 'plugin.json')).href });
});
