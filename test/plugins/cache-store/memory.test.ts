// memory store beyond the conformance suite: expiry by the clock.
import { expect } from 'chai';
import { type CacheStore } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes } from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/cache-store/memory/plugin.json', import.meta.url).href;
const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('cache store memory', () => {
  const make = async () => loadPlugin<CacheStore>(MANIFEST, { fakes: makeFakes(1000) });
  const keysOf = async (store: CacheStore, prefix = ''): Promise<string[]> => {
    const keys: string[] = [];
    for await (const [key] of store.entries(prefix)) keys.push(key);
    return keys.sort();
  };

  it('forgets an entry at its time, not before', async () => {
    const { plugin, fakes } = await make();
    await plugin.put('a', bytes('x'), 1500);
    await plugin.batch([
      { key: 'b', value: bytes('y'), expiresAt: 2000 },
      { key: 'c', value: bytes('z') },
    ]);
    await fakes.clock.advance(499);
    expect(await keysOf(plugin)).to.deep.equal(['a', 'b', 'c']);
    await fakes.clock.advance(1);
    expect(await plugin.get('a')).to.equal(undefined);
    await fakes.clock.advance(1e12);
    expect(await keysOf(plugin)).to.deep.equal(['c']);
  });

  it('keeps an entry whose put came again without a time', async () => {
    const { plugin, fakes } = await make();
    await plugin.put('a', bytes('x'), 1500);
    await plugin.put('a', bytes('x'));
    await fakes.clock.advance(10_000);
    expect(await keysOf(plugin)).to.deep.equal(['a']);
  });

  it('loses nothing that lives while it forgets thousands that do not', async () => {
    const { plugin, fakes } = await make();
    for (let n = 0; n < 50; n++) await plugin.put(`live/${n}`, bytes('x'));
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 300; n++) await plugin.put(`short/${round}/${n}`, bytes('x'), fakes.clock.now() + 1);
      await fakes.clock.advance(2);
    }
    expect(await keysOf(plugin, 'live/')).to.have.length(50);
    expect(await keysOf(plugin, 'short/')).to.deep.equal([]);
  });

  it('shares no memory with its callers', async () => {
    const { plugin } = await make();
    const given = Buffer.from('abc');
    await plugin.put('a', given);
    given[0] = 0;
    const got = await plugin.get('a');
    got?.fill(0);
    expect(Buffer.from((await plugin.get('a')) ?? []).toString()).to.equal('abc');
  });
});
