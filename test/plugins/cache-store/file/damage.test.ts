// Damage: a journal cut at every byte, and each byte spoilt. The worst outcome is a missing record, never a wrong one.
import { expect } from 'chai';
import { MemoryDisk } from './memory-disk.js';
import { FOLDER, contentOf, found, open, printed, statesOf, write, type Step } from './opening-journals.js';

const STEPS: readonly Step[] = [
  { a: 'the first value of a', b: 'b' },
  { c: 'c'.repeat(30) },
  { a: 'the second value of a' },
  { b: null },
  { d: 'one', e: 'two', f: 'three' },
  { c: null, g: '' },
  { f: 'four' },
];
const STATES = statesOf(STEPS);
const LAST = STATES.at(-1)!;

/** A disk on which the steps were written; `closed`: and the process ended in good order. */
async function written(closed: boolean): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { journal } = await open(disk);
  for (const step of STEPS) await write(journal, step, true);
  if (closed) await journal.close();
  return disk;
}

const logOf = (disk: MemoryDisk): string => [...disk.files.keys()].find((path) => path.endsWith('.log'))!;

function changed(disk: MemoryDisk, change: (content: Buffer) => Buffer): MemoryDisk {
  const copy = disk.copy();
  const inode = copy.files.get(logOf(copy))!;
  inode.content = change(Buffer.from(inode.content));
  return copy;
}

describe('cache store file: damage', function () {
  this.timeout(20_000);

  for (const closed of [true, false]) {
    const how = closed ? 'after a stop' : 'after a kill';

    it(`a journal cut at any byte opens with the batches before the cut, and takes new ones (${how})`, async () => {
      const disk = await written(closed);
      const size = disk.files.get(logOf(disk))!.content.length;
      const states = STATES.map(printed);
      let least = 0;
      for (let length = 0; length <= size; length++) {
        const cut = changed(disk, (content) => content.subarray(0, length));
        const { journal } = await open(cut);
        const state = states.indexOf(printed(await contentOf(journal)));
        expect(state, `cut at ${length}`).to.be.within(least, least + 1);
        least = state;
        await write(journal, { new: 'new' }, true);
        await journal.close();
        expect(await found(cut)).to.deep.equal({ ...STATES[state], new: 'new' });
      }
      expect(least).to.equal(STEPS.length);
    });

    it(`one spoilt bit costs at most one record and never brings an old value back (${how})`, async () => {
      const disk = await written(closed);
      const size = disk.files.get(logOf(disk))!.content.length;
      let lost = 0;
      for (let at = 0; at < size; at++) {
        const mask = at % 3 === 0 ? 0xff : 1 << (at % 8);
        const spoilt = changed(disk, (content) => content.fill(content[at]! ^ mask, at, at + 1));
        const content = await found(spoilt);
        const missing = Object.keys(LAST).filter((key) => content[key] === undefined);
        if (missing.length > 0) lost++;
        expect(missing.length, `byte ${at}`).to.be.at.most(1);
        expect({ ...LAST, ...content }, `byte ${at}`).to.deep.equal(LAST);
      }
      expect(lost).to.be.greaterThan(50);
    });
  }

  it('a record that is damaged stays lost after a rewrite and after new starts', async () => {
    const disk = await written(true);
    const at = disk.files.get(logOf(disk))!.content.indexOf('the second');
    const spoilt = changed(disk, (content) => content.fill(0, at, at + 1));
    const { journal, log } = await open(spoilt, { leastDeadBytes: 0 });
    expect(await journal.get('a')).to.equal(undefined);
    expect(log.text()).to.include('a record of the store is damaged and dropped');
    for (let n = 0; n < 20; n++) await write(journal, { x: String(n) });
    await journal.compacted();
    await journal.close();
    const { a: _, ...others } = LAST;
    expect(await found(spoilt)).to.deep.equal({ ...others, x: '19' });
  });

  it('damage of many records in a row gives up every older record rather than an outdated one', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk);
    await write(journal, { old: 'outdated', other: 'perhaps outdated' });
    const from = disk.files.get(logOf(disk))!.content.length;
    await write(journal, { old: null });
    for (let n = 0; n < 6; n++) await write(journal, { [`k${n}`]: 'x' });
    const to = disk.files.get(logOf(disk))!.content.length;
    await write(journal, { later: 'sound' }, true);
    await journal.close();
    const spoilt = changed(disk, (content) => content.fill(0x11, from, to));
    const again = await open(spoilt);
    expect(await contentOf(again.journal)).to.deep.equal({ later: 'sound' });
    expect(again.log.text()).to.include('all older ones are dropped');
  });

  it('damage of a few records in a row costs these and no others', async () => {
    const disk = new MemoryDisk();
    const { journal } = await open(disk);
    await write(journal, { kept: 'kept', old: 'outdated' });
    const from = disk.files.get(logOf(disk))!.content.length;
    for (const step of [{ old: null }, { x: 'x' }, { y: 'y' }, { z: 'z' }]) await write(journal, step);
    const to = disk.files.get(logOf(disk))!.content.length;
    await write(journal, { later: 'sound' }, true);
    await journal.close();
    const spoilt = changed(disk, (content) => content.fill(0x11, from, to));
    expect(await found(spoilt)).to.deep.equal({ kept: 'kept', later: 'sound' });
  });

  it('a value that looks like frames of the journal is not taken for them', async () => {
    const disk = await written(true);
    const image = Buffer.from(disk.files.get(logOf(disk))!.content);
    const other = new MemoryDisk();
    const { journal } = await open(other);
    await journal.write([{ key: 'image', value: image }], true);
    await journal.close();
    const spoilt = changed(other, (content) => {
      const at = content.indexOf('image');
      return content.fill(0x11, at - 10, at);
    });
    expect(await found(spoilt)).to.deep.equal({});
  });

  it('rubbish in place of the journal opens as an empty store', async () => {
    for (const fill of [0, 0xff, 0xc7, 'CACHE']) {
      const spoilt = changed(await written(true), (content) => Buffer.alloc(content.length, fill));
      const { journal, log } = await open(spoilt);
      expect(await contentOf(journal)).to.deep.equal({});
      expect(log.text()).to.include('a part of the store is not legible');
      await write(journal, { new: 'new' });
      expect(await found(spoilt)).to.deep.equal({ new: 'new' });
    }
  });

  it('files of others and left-overs in the folder do no harm', async () => {
    const disk = await written(true);
    const inode = { content: Buffer.from('x'), synced: Buffer.from('x'), changedMs: 0 };
    for (const name of ['notes.txt', '0000000009-00000000.snapshot.tmp', '12-zz.log', 'lock']) {
      disk.files.set(`${FOLDER}/${name}`, inode);
    }
    const { journal } = await open(disk);
    expect(await contentOf(journal)).to.deep.equal(LAST);
    expect([...disk.files.keys()].filter((path) => path.endsWith('.tmp'))).to.deep.equal([]);
    expect(disk.files.has(`${FOLDER}/notes.txt`)).to.equal(true);
  });
});
