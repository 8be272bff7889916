// Faults of the disk: full, read-only, gone. A write that failed is as if it had not been; what failed is said with a code.
import { expect } from 'chai';
import { MemoryDisk } from './memory-disk.js';
import { contentOf, found, open, write, type Step } from './opening-journals.js';

const CODES = {
  ENOSPC: 'CACHE_STORE_FULL',
  EDQUOT: 'CACHE_STORE_FULL',
  EROFS: 'CACHE_STORE_FULL',
  EIO: 'CACHE_STORE_UNAVAILABLE',
};

const failing = (wanted: string, code: string) => (call: string) => (call === wanted ? code : undefined);
const nothing = (): undefined => undefined;

async function refusal(action: Promise<unknown>): Promise<{ code?: string; message?: string; hint?: string }> {
  return action.then(
    () => ({}),
    (error: { code: string; message: string; hint: string }) => error,
  );
}

describe('cache store file: faults of the disk', function () {
  this.timeout(20_000);

  for (const [errno, code] of Object.entries(CODES)) {
    it(`${errno} is ${code}; the write never was, and the next one works`, async () => {
      const disk = new MemoryDisk();
      const { journal } = await open(disk);
      await write(journal, { a: 'a', b: 'b' });
      disk.fails = failing('write', errno);
      expect((await refusal(write(journal, { a: 'x', b: null, c: 'c' }))).code).to.equal(code);
      expect(await contentOf(journal)).to.deep.equal({ a: 'a', b: 'b' });
      expect(await found(disk)).to.deep.equal({ a: 'a', b: 'b' });
      disk.fails = nothing;
      await write(journal, { b: null, d: 'd' }, true);
      expect(await found(disk)).to.deep.equal({ a: 'a', d: 'd' });
    });
  }

  it('a full disk in the middle of a write: the half that got through is cut off again, at every byte', async () => {
    const step: Step = { a: 'x'.repeat(20), c: 'c', b: null };
    for (let room = 0; room < 300; room++) {
      const disk = new MemoryDisk();
      const { journal } = await open(disk);
      await write(journal, { a: 'a', b: 'b' });
      let left = 1;
      disk.mostBytes = Math.max(1, room);
      disk.fails = (call) => (call === 'write' && left-- <= 0 ? 'ENOSPC' : undefined);
      const { code } = await refusal(write(journal, step));
      const expected = code === undefined ? { a: 'x'.repeat(20), c: 'c' } : { a: 'a', b: 'b' };
      expect(await contentOf(journal)).to.deep.equal(expected);
      disk.fails = nothing;
      expect(await found(disk), `room for ${room}`).to.deep.equal(expected);
    }
  });

  it('of writes that share a chunk none counts when it fails, though the first of them got through', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk);
    await write(journal, { a: 'a' });
    let left = 2;
    disk.mostBytes = 200;
    disk.fails = (call) => (call === 'write' && left-- <= 0 ? 'ENOSPC' : undefined);
    const steps = [{ alone: 'x' }, { b: 'b'.repeat(20) }, { c: 'c'.repeat(20) }, { d: 'd'.repeat(200) }];
    const codes = await Promise.all(steps.map(async (step) => (await refusal(write(journal, step))).code));
    expect(codes).to.deep.equal([undefined, 'CACHE_STORE_FULL', 'CACHE_STORE_FULL', 'CACHE_STORE_FULL']);
    expect(await found(disk)).to.deep.equal({ a: 'a', alone: 'x' });
    disk.fails = nothing;
    await write(journal, { e: 'e' });
    expect(await found(disk)).to.deep.equal({ a: 'a', alone: 'x', e: 'e' });
  });

  it('a half that cannot even be cut off is cut off before the next write, and does not count at a new start', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk);
    await write(journal, { a: 'a' });
    disk.mostBytes = 90;
    let writes = 0;
    disk.fails = (call) => (call === 'truncate' || (call === 'write' && ++writes > 1) ? 'EIO' : undefined);
    expect((await refusal(write(journal, { a: 'x', b: 'y' }))).code).to.equal('CACHE_STORE_UNAVAILABLE');
    expect((await refusal(write(journal, { c: 'c' }))).code).to.equal('CACHE_STORE_UNAVAILABLE');
    disk.fails = nothing;
    expect(await found(disk)).to.deep.equal({ a: 'a' });
    await write(journal, { d: 'd' });
    expect(await found(disk)).to.deep.equal({ a: 'a', d: 'd' });
  });

  it('short writes are gone on with', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk);
    disk.mostBytes = 7;
    await write(journal, { a: 'a'.repeat(100), b: 'b' }, true);
    expect(await found(disk)).to.deep.equal({ a: 'a'.repeat(100), b: 'b' });
  });

  it('a sync that fails is told to who asked for it, and the store is written anew', async () => {
    const disk = new MemoryDisk();
    const { journal, log, clock } = await open(disk);
    await write(journal, { a: 'a' });
    let syncs = 0;
    disk.fails = (call) => (call === 'sync' && ++syncs === 1 ? 'EIO' : undefined);
    expect((await refusal(write(journal, { b: 'b' }, true))).code).to.equal('CACHE_STORE_UNAVAILABLE');
    await journal.compacted();
    expect(log.text()).to.include('the store could not be synced');
    expect([...disk.files.keys()].some((path) => path.endsWith('.snapshot'))).to.equal(true);
    const { journal: again } = await open(disk.after('unsynced is lost'));
    expect(await contentOf(again)).to.deep.equal({ a: 'a', b: 'b' });
    await clock.advance(60_000);
    await journal.close();
    expect(clock.pending).to.equal(0);
  });

  it('a rewrite that finds no room is given up and tried again later; the store goes on', async () => {
    const disk = new MemoryDisk();
    const { journal, log, clock } = await open(disk, { leastDeadBytes: 0 });
    disk.fails = (call, path) => (call === 'open' && path.endsWith('.tmp') ? 'ENOSPC' : undefined);
    for (let n = 0; n < 10; n++) await write(journal, { a: String(n) });
    await journal.compacted();
    expect(log.text()).to.include('could not be rewritten').and.include('no space left');
    expect(await found(disk)).to.deep.equal({ a: '9' });
    disk.fails = nothing;
    await clock.advance(60_001);
    await write(journal, { b: 'b' });
    await journal.compacted();
    expect([...disk.files.keys()].some((path) => path.endsWith('.snapshot'))).to.equal(true);
    expect(await found(disk)).to.deep.equal({ a: '9', b: 'b' });
  });

  it('clear works on a full disk', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk);
    await write(journal, { a: 'a' });
    let truncated = false;
    disk.fails = (call) => {
      truncated ||= call === 'truncate';
      return call === 'write' && !truncated ? 'ENOSPC' : undefined;
    };
    expect((await refusal(write(journal, { b: 'b' }))).code).to.equal('CACHE_STORE_FULL');
    await journal.clear();
    expect(await found(disk)).to.deep.equal({});
    await write(journal, { c: 'c' });
    expect(await found(disk)).to.deep.equal({ c: 'c' });
  });

  it('a value that cannot be read is CACHE_STORE_UNAVAILABLE, not a missing one', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk);
    await write(journal, { a: 'a' });
    disk.fails = failing('read', 'EIO');
    expect((await refusal(journal.get('a'))).code).to.equal('CACHE_STORE_UNAVAILABLE');
    expect((await refusal(contentOf(journal))).code).to.equal('CACHE_STORE_UNAVAILABLE');
    disk.fails = nothing;
    expect(await contentOf(journal)).to.deep.equal({ a: 'a' });
  });
});
