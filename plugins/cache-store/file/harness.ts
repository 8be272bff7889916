// How the conformance suite makes and damages a file store.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheStoreHarness } from 'claviger/sdk/testing';

const harness: CacheStoreHarness = {
  settings: ({ dir }) => ({ path: join(dir, 'store') }),
  async corrupt({ dir }, where = 0.5) {
    const folder = join(dir, 'store');
    for (const name of await readdir(folder)) {
      const bytes = await readFile(join(folder, name));
      const at = Math.min(bytes.length - 1, Math.floor(bytes.length * where));
      bytes.fill(0x5a, at, Math.min(bytes.length, at + 8));
      await writeFile(join(folder, name), bytes);
    }
  },
};

export default harness;
