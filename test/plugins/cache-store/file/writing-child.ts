// A process that fills a store and says how far it is, until it is killed. Arguments: the manifest, the folder.
import { systemClock } from '../../../../core/kernel/clock.js';
import type { CacheStore, Component } from '../../../../core/sdk/index.js';
import { loadPlugin, makeFakes } from '../../../../core/sdk/testing/index.js';

const [manifest = '', path = ''] = process.argv.slice(2);
const fakes = { ...makeFakes(), clock: systemClock() as never };
const { plugin } = await loadPlugin<CacheStore & Component>(manifest, { settings: { path }, fakes });
await plugin.start?.(new AbortController().signal);
for (let n = 0; ; n++) {
  const value = Buffer.from(String(n));
  await plugin.batch([
    { key: `one/${n}`, value },
    { key: `two/${n}`, value },
  ]);
  process.send?.(n);
}
