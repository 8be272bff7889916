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
  check('a batch asked to be durable is there when it resolves, an empty one too', async (store) => {
    await store.batch([], { durable: true });
    await store.batch([{ key: 'one', value: bytes('1') }, { key: 'one' }, { key: 'two', value: bytes('2') }], {
      durable: true,
    });
    assert.equal(await store.get('one'), undefined);
    same(await store.get('two'), bytes('2'));
  });
  check('batches written at once do not mix', wholeBatches);
  check('of many writes to one key at once one stays, the last of those in turn', async (store) => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.put('key', bytes(`at once ${n}`))));
    assert.match(text(await store.get('key')), /^at once /);
    for (let n = 0; n < 20; n++) await store.put('key', bytes(`in turn ${n}`));
    same(await store.get('key'), bytes('in turn 19'));
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
  check('supports.durable: a batch is there as a whole after a new start, its deletes too', reopenedBatch);
  check('supports.durable: what was removed and cleared does not come back', reopenedEmpty);
  check('supports.exclusive: a second opener gets CACHE_STORE_LOCKED until the first stops', exclusive);
  check('supports.shared: a second instance sees writes, and swap lets one win', shared);
  check('supports.shared: swap creates, replaces and deletes only what it expects', swaps);
  check('supports.shared: changes tells of the writes of others, is heard, and ends when aborted', news);
}

const wholeBatches: Check = async (store) => {
  const write = async (round: number): Promise<void> =>
    store.batch(['a', 'b', 'c'].map((key) => ({ key, value: bytes(String(round)) })));
  await write(0);
  const writing = Array.from({ length: 20 }, (_, n) => write(n + 1));
  await Promise.all(writing);
  const [a, b, c] = (await Promise.all(['a', 'b', 'c'].map((key) => store.get(key)))).map(text);
  assert.deepEqual([b, c], [a, a]);
};

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
  const again = await reopened(store, scene);
  for (const key of KEYS) same(await again.get(key), bytes(key));
};

const reopenedBatch: Check = async (store, scene) => {
  if (scene.manifest.supports?.durable !== true) return;
  await store.put('gone', bytes('old'));
  await store.batch([{ key: 'gone' }, { key: 'one', value: bytes('1') }, { key: 'two', value: bytes('2') }], {
    durable: true,
  });
  const again = await reopened(store, scene);
  assert.deepEqual(await keysOf(again), ['one', 'two']);
};

const reopenedEmpty: Check = async (store, scene) => {
  if (scene.manifest.supports?.durable !== true) return;
  await store.put('one', bytes('1'));
  await store.clear();
  await store.put('two', bytes('2'));
  await store.put('three', bytes('3'));
  await store.delete('three');
  assert.deepEqual(await keysOf(await reopened(store, scene)), ['two']);
};

const damage: Check = async (store, scene) => {
  if (scene.manifest.supports?.durable !== true || scene.harness.corrupt === undefined) return;
  let last: Store = store;
  for (const where of [0, 0.25, 0.5, 0.75, 1]) {
    for (let n = 0; n < 8; n++) await last.put(`key/${n}`, bytes(`value ${n}`));
    await last.stop?.(new AbortController().signal);
    await scene.harness.corrupt(scene.bench, where);
    const next = await openDamaged(scene);
    if (next === undefined) return;
    last = next;
  }
};

/** The store after damage, with nothing in it that was not written; undefined when it says that it is damaged. */
async function openDamaged(scene: StoreScene): Promise<Store | undefined> {
  try {
    const store = await open(scene);
    for (const [key, value] of await list(store, '')) {
      assert.match(key, /^key\/[0-7]$/);
      same(value, bytes(key.replace('key/', 'value ')));
    }
    return store;
  } catch (error) {
    assert.ok(error instanceof AgentError && error.code === 'CACHE_STORE_CORRUPT', String(error));
    return undefined;
  }
}

const exclusive: Check = async (store, scene) => {
  if (scene.manifest.supports?.exclusive !== true) return;
  await assert.rejects(
    open(scene),
    (error) => error instanceof AgentError && error.code === 'CACHE_STORE_LOCKED',
    'a second opener',
  );
  await store.put('key', bytes('value'));
  same(await (await reopened(store, scene)).get('key'), bytes('value'));
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

const swaps: Check = async (store, { manifest }) => {
  if (manifest.supports?.shared !== true) return;
  assert.ok(store.swap !== undefined, 'swap is missing');
  const steps: readonly (readonly [expected: string | undefined, value: string | undefined, wins: boolean])[] = [
    ['one', 'two', false],
    [undefined, 'one', true],
    [undefined, 'other', false],
    ['two', undefined, false],
    ['one', '', true],
    [undefined, 'three', false],
    ['', undefined, true],
    ['', 'four', false],
    [undefined, undefined, true],
  ];
  for (const [expected, value, wins] of steps) {
    const won = await store.swap('key', maybe(expected), maybe(value));
    assert.equal(won, wins, `swap of ${expected} by ${value}`);
  }
  assert.equal(await store.get('key'), undefined);
};

const news: Check = async (store, scene) => {
  if (scene.manifest.supports?.shared !== true) return;
  const other = await open(scene);
  const ending = new AbortController();
  assert.ok(other.changes !== undefined, 'changes is missing');
  const told = new Set<string>();
  const listening = (async () => {
    for await (const one of other.changes!(ending.signal)) told.add(one.news === 'changed' ? one.key : one.news);
  })();
  const hears = async (what: string): Promise<void> => {
    for (let turn = 0; !told.has(what) && turn < 200; turn++) {
      await scene.bench.fakes.clock.advance(100);
      await pause(5);
    }
    assert.ok(told.has(what), `there was no news of ${what}`);
  };
  try {
    await hears('heard');
    await store.put('written', bytes('1'));
    await hears('written');
    await store.batch([{ key: 'batched', value: bytes('1') }, { key: 'written' }]);
    await hears('batched');
  } finally {
    ending.abort();
    await within(1000, Promise.allSettled([listening]), 'the end of changes');
  }
};

/** Real time, for what another process or a socket has to do. */
async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => AbortSignal.timeout(ms).addEventListener('abort', () => resolve()));
}

function maybe(value: string | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : bytes(value);
}

async function reopened(store: Store, scene: StoreScene): Promise<Store> {
  await store.stop?.(new AbortController().signal);
  return open(scene);
}

async function keysOf(store: CacheStore): Promise<string[]> {
  return (await list(store, '')).map(([key]) => key).sort();
}

function text(value: Uint8Array | undefined): string {
  return value === undefined ? 'nothing' : new TextDecoder().decode(value);
}

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
