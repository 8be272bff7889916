// Conformance of a cache store (architecture 2.13). `supports` of the manifest says which checks of durability, expiry and sharing apply.
import assert from 'node:assert/strict';
import { AgentError } from '../errors.js';
import type { Component } from '../host.js';
import type { CacheStore } from '../kinds/cache-store.js';
import type { CacheStoreHarness } from './harness.js';
import { inScene, within, type Scene, type SuiteOptions } from './suite.js';
import { commonTraits } from './traits.js';

type StoreScene = Scene<CacheStore, CacheStoreHarness>;
type Store = CacheStore & Component;
type Check = (store: Store, scene: StoreScene) => Promise<void>;

const KEYS = [
  'a',
  'a/b',
  '../a',
  './a',
  'a//b',
  'ключ-鍵-🔑',
  ' ',
  'k'.repeat(512),
  'a\u0000b',
  '__proto__',
  'constructor',
];
const VALUES = [new Uint8Array(), Uint8Array.from([0xff, 0xfe, 0, 0xc3, 0x28]), new Uint8Array(1024 * 1024).fill(0xa5)];

/** Runs the conformance checks of a cache store. */
export function cacheStoreSuite(options: SuiteOptions): void {
  commonTraits(options, 'cache-store', ['get', 'put', 'delete', 'entries', 'batch', 'clear']);
  const check = (name: string, body: Check): unknown =>
    options.test(name, () =>
      inScene<CacheStore, CacheStoreHarness>(options, async (scene) => body(await open(scene), scene)),
    );

  check('bytes come back as they went in: empty, not UTF-8, 1 MiB', async (store) => {
    for (const value of VALUES) {
      await store.put('key', value);
      same(await store.get('key'), value);
    }
  });
  check('any text is a key of its own', async (store) => {
    for (const key of KEYS) await store.put(key, bytes(key));
    for (const key of KEYS) same(await store.get(key), bytes(key));
    assert.deepEqual((await list(store, '')).map(([key]) => key).sort(), [...KEYS].sort());
  });
  check('an unknown key is undefined; delete of one is no error, and is safe twice', async (store) => {
    assert.equal(await store.get('nothing'), undefined);
    await store.delete('nothing');
    await store.put('key', bytes('value'));
    await store.delete('key');
    await store.delete('key');
    assert.equal(await store.get('key'), undefined);
  });
  check('a second put replaces the first', async (store) => {
    await store.put('key', bytes('one'));
    await store.put('key', bytes('two'));
    same(await store.get('key'), bytes('two'));
    assert.equal((await list(store, '')).length, 1);
  });
  check('entries gives all of a prefix and nothing else', async (store) => {
    for (const key of ['p/1', 'p/2', 'p', 'q/1', 'P/1']) await store.put(key, bytes(key));
    const found = await list(store, 'p/');
    assert.deepEqual(found.map(([key]) => key).sort(), ['p/1', 'p/2']);
    for (const [key, value] of found) same(value, bytes(key));
  });
  check('entries bears changes while it runs', async (store) => {
    for (let n = 0; n < 20; n++) await store.put(`n/${n}`, bytes('x'));
    for await (const [key] of store.entries('n/')) await store.delete(key);
    assert.deepEqual(await list(store, 'n/'), []);
  });
  check('a batch is applied, deletes included', async (store) => {
    await store.put('gone', bytes('old'));
    await store.batch([{ key: 'gone' }, { key: 'one', value: bytes('1') }, { key: 'two', value: bytes('2') }]);
    assert.deepEqual((await list(store, '')).map(([key]) => key).sort(), ['one', 'two']);
  });
  check('clear removes everything', async (store) => {
    await store.put('key', bytes('value'));
    await store.clear();
    assert.deepEqual(await list(store, ''), []);
  });
  check('bytes given and taken are copies', copies);
  check('a hundred puts at once all arrive', async (store) => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.put(`many/${n}`, bytes(String(n)))));
    for (let n = 0; n < 100; n++) same(await store.get(`many/${n}`), bytes(String(n)));
  });
  check('after stop every call settles within one second', async (store) => {
    await store.put('key', bytes('value'));
    await store.stop?.(new AbortController().signal);
    await within(
      1000,
      Promise.allSettled([store.get('key'), store.put('key', bytes('x')), list(store, '')]),
      'a call after stop',
    );
  });
  check('supports.ttl: an entry is gone after its time', expiry);
  check('supports.durable: a new instance finds everything', reopen);
  check('supports.durable: damage is CACHE_STORE_CORRUPT or an empty store, never a crash', damage);
  check('supports.shared: a second instance sees writes, and swap lets one win', shared);
}

const copies: Check = async (store) => {
  const given = bytes('value');
  await store.put('key', given);
  given.fill(0);
  const taken = await store.get('key');
  same(taken, bytes('value'));
  taken?.fill(0);
  for (const [, value] of await list(store, '')) value.fill(0);
  same(await store.get('key'), bytes('value'));
};

const expiry: Check = async (store, { manifest, bench }) => {
  if (manifest.supports?.ttl !== true) return;
  const { clock } = bench.fakes;
  await store.put('short', bytes('x'), clock.now() + 1000);
  await store.put('long', bytes('x'));
  same(await store.get('short'), bytes('x'));
  await clock.advance(1001);
  assert.equal(await store.get('short'), undefined);
  assert.deepEqual(
    (await list(store, '')).map(([key]) => key),
    ['long'],
  );
};

const reopen: Check = async (store, scene) => {
  if (scene.manifest.supports?.durable !== true) return;
  for (const key of KEYS) await store.put(key, bytes(key));
  await store.stop?.(new AbortController().signal);
  const again = await open(scene);
  for (const key of KEYS) same(await again.get(key), bytes(key));
};

const damage: Check = async (store, scene) => {
  if (scene.manifest.supports?.durable !== true || scene.harness.corrupt === undefined) return;
  await store.put('key', bytes('value'));
  await store.stop?.(new AbortController().signal);
  await scene.harness.corrupt(scene.bench);
  try {
    const found = await list(await open(scene), '');
    assert.ok(found.length <= 1, 'damage makes no entries');
  } catch (error) {
    assert.ok(error instanceof AgentError && error.code === 'CACHE_STORE_CORRUPT', String(error));
  }
};

const shared: Check = async (store, scene) => {
  if (scene.manifest.supports?.shared !== true) return;
  const other = await open(scene);
  await store.put('key', bytes('one'));
  same(await other.get('key'), bytes('one'));
  const swap = async (one: Store, value: string): Promise<boolean> => {
    assert.ok(one.swap !== undefined, 'swap is missing');
    return one.swap('key', bytes('one'), bytes(value));
  };
  const won = await Promise.all([swap(store, 'swap-0'), swap(other, 'swap-1')]);
  assert.deepEqual(won.filter(Boolean).length, 1, 'exactly one swap wins');
  assert.equal(await swap(store, 'late'), false);
};

async function open(scene: StoreScene): Promise<Store> {
  const store = await scene.make();
  await store.start?.(new AbortController().signal);
  return store;
}

async function list(store: CacheStore, prefix: string): Promise<(readonly [string, Uint8Array])[]> {
  const found: (readonly [string, Uint8Array])[] = [];
  for await (const entry of store.entries(prefix)) found.push(entry);
  return found;
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function same(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(actual !== undefined, 'there is no value');
  assert.ok(Buffer.from(actual).equals(expected), `${actual.length} bytes are not the ${expected.length} expected`);
}
