// Rewriting the store while it is used: nothing is lost, dead bytes go, readers are not disturbed.
import { expect } from 'chai';
import { MemoryDisk } from './memory-disk.js';
import { bytes, contentOf, found, open, write } from './opening-journals.js';

const names = (disk: MemoryDisk): string => [...disk.files.keys()].map((path) => path.replace(/.*\./, '')).join(' ');
const sizeOf = (disk: MemoryDisk): number =>
  [...disk.files.values()].reduce((sum, { content }) => sum + content.length, 0);

describe('cache store file: rewriting', function () {
  this.timeout(20_000);

  it('begins when dead bytes are more than live ones and more than 1 MiB', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk);
    const value = 'x'.repeat(300_000);
    for (let n = 0; n < 4; n++) await write(journal, { a: value });
    await journal.compacted();
    expect(names(disk)).to.equal('log');
    await write(journal, { a: value });
    await journal.compacted();
    expect(names(disk)).to.equal('log snapshot');
    expect(sizeOf(disk)).to.be.lessThan(301_000);
    expect(await contentOf(journal)).to.deep.equal({ a: value });
  });

  it('keeps up with writes and deletes that run beside it', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk, { leastDeadBytes: 0 });
    const model: Record<string, string> = {};
    for (let round = 0; round < 60; round++) {
      const step: Record<string, string | null> = {};
      for (let n = 0; n < 5; n++) {
        const key = `k${(round * 7 + n * 3) % 40}`;
        if ((round + n) % 4 === 0) step[key] = null;
        else step[key] = `${round}`;
      }
      for (const [key, value] of Object.entries(step)) {
        if (value === null) delete model[key];
        else model[key] = value;
      }
      const writing = write(journal, step, round % 10 === 0);
      if (round % 3 === 0) await writing;
    }
    await write(journal, {}, true);
    await journal.compacted();
    expect(names(disk)).to.include('snapshot');
    expect(await contentOf(journal)).to.deep.equal(model);
    expect(await found(disk)).to.deep.equal(model);
  });

  it('a reader that began before a rewrite goes on to the end', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk, { leastDeadBytes: 0 });
    for (let n = 0; n < 10; n++) await write(journal, { [`k${n}`]: 'x'.repeat(200_000) });
    const seen: string[] = [];
    for await (const [key, value] of journal.entries('')) {
      seen.push(`${key} ${value.length}`);
      if (seen.length > 1) continue;
      for (let n = 0; n < 12; n++) await write(journal, { k9: 'y', k8: null });
      await journal.clear();
      for (let n = 0; n < 10; n++) await write(journal, { k5: 'z', k6: 'z' });
      await journal.compacted();
    }
    expect(seen).to.deep.equal(['k0 200000', 'k5 1', 'k6 1']);
  });

  it('what has expired is not copied, and is not found by a new start', async () => {
    const disk = new MemoryDisk();
    const { journal, clock } = await open(disk, { leastDeadBytes: 0 });
    await journal.write([{ key: 'short', value: bytes('x'.repeat(500)), expiresAt: clock.now() + 1000 }], false);
    await clock.advance(1000);
    for (let n = 0; n < 20; n++) await write(journal, { a: String(n) });
    await journal.compacted();
    const all = [...disk.files.values()].map(({ content }) => content.toString('latin1')).join('');
    expect(all).to.not.include('xxxxx');
    expect(await found(disk)).to.deep.equal({ a: '19' });
  });

  it('closing stops a rewrite under way and loses nothing', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk, { leastDeadBytes: 0 });
    for (let n = 0; n < 5; n++) await write(journal, { a: String(n), b: 'x'.repeat(100) });
    await journal.close();
    expect(names(disk)).to.not.include('tmp');
    expect(await found(disk)).to.deep.equal({ a: '4', b: 'x'.repeat(100) });
  });
});
