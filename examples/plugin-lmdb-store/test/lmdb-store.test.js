// The conformance suite of cache stores, and what is special about this one.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheStoreSuite, loadPlugin } from 'claviger/sdk/testing';

const plugin = new URL('../plugin.json', import.meta.url).href;

cacheStoreSuite({ test, plugin });

test('a key that LMDB cannot hold is refused with a code, and nothing of its batch is written', async () => {
  const path = await mkdtemp(join(tmpdir(), 'lmdb-store-'));
  const { plugin: store } = await loadPlugin(plugin, { settings: { path } });
  await store.start(new AbortController().signal);
  const writes = [
    { key: 'good', value: Buffer.from('x') },
    { key: 'k'.repeat(2000), value: Buffer.from('x') },
  ];
  await assert.rejects(store.batch(writes), { code: 'CACHE_STORE_UNAVAILABLE' });
  assert.equal(await store.get('good'), undefined);
  await store.stop();
  await rm(path, { recursive: true });
});
