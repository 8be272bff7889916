// A crash at every single call of the file system, as a killed process and as a loss of power: all that was durable is there, batches are whole.
import { expect } from 'chai';
import { settle } from '../../../../core/sdk/testing/index.js';
import { CRASHES, MemoryDisk, type Crash } from './memory-disk.js';
import { contentOf, open, printed, statesOf, write, type Step } from './opening-journals.js';

const value = (name: string): string => name.repeat(20);
const STEPS: readonly (readonly [step: Step, durable: boolean])[] = [
  [{ a: value('a1'), b: value('b1') }, false],
  [{ c: value('c1') }, true],
  [{ a: value('a2'), c: null }, false],
  [{ a: value('a3'), b: value('b2'), d: value('d1') }, false],
  [{ a: value('a4'), b: null }, true],
  [{ a: value('a5') }, false],
  [{ e: value('e1'), a: value('a6') }, false],
  [{ d: null }, true],
  [{ a: value('a7'), e: value('e2') }, true],
];
const STATES = statesOf(STEPS.map(([step]) => step)).map(printed);

interface Progress {
  /** Steps that were answered, and the last durable one of them. */
  done: number;
  durable: number;
}

/** Opens the store and takes the steps, with rewrites in between, until the disk stops. */
async function play(disk: MemoryDisk, progress: Progress): Promise<void> {
  const { journal, clock } = await open(disk, { leastDeadBytes: 0 });
  for (const [step, durable] of STEPS) {
    await write(journal, step, durable);
    progress.done++;
    if (durable) progress.durable = progress.done;
    if (progress.done % 3 === 0) await journal.compacted();
    if (progress.done % 4 === 0) await clock.advance(60);
  }
  await journal.compacted();
  await journal.close();
}

async function crashed(at: number): Promise<{ disk: MemoryDisk; progress: Progress }> {
  const disk = new MemoryDisk();
  disk.crashAt = at;
  const progress = { done: 0, durable: 0 };
  await play(disk, progress).catch(() => undefined);
  await settle(2);
  disk.kill();
  return { disk, progress };
}

/** What the next process finds. It is stopped at its own n-th call first, if `again` says so. */
async function findsAfter(
  disk: MemoryDisk,
  crash: Crash,
  again: number,
): Promise<{ content: string; left: MemoryDisk }> {
  const first = disk.after(crash);
  first.crashAt = again;
  await open(first).catch(() => undefined);
  const left = first.after(crash);
  const { journal } = await open(left);
  const kinds = [...left.files.keys()].sort().map((path) => path.replace(/.*\./, ''));
  expect(kinds.join(' '), 'a snapshot comes first, and nothing is left over').to.match(/^(snapshot )?log( log)*$/);
  return { content: printed(await contentOf(journal)), left };
}

describe('cache store file: a crash at any call', function () {
  this.timeout(20_000);

  it('takes all steps, with rewrites, when nothing crashes', async () => {
    const { progress, disk } = await crashed(Infinity);
    expect(progress.done).to.equal(STEPS.length);
    expect([...disk.files.keys()].some((path) => path.endsWith('.snapshot'))).to.equal(true);
    expect((await findsAfter(disk, 'killed', Infinity)).content).to.equal(STATES.at(-1));
  });

  it('loses nothing that was promised and tears no batch, be it a kill or a loss of power', async () => {
    const { disk: whole } = await crashed(Infinity);
    for (let at = 1; at <= whole.calls; at++) {
      const { disk, progress } = await crashed(at);
      for (const crash of CRASHES) {
        const least = crash === 'killed' ? progress.done : progress.durable;
        const { content } = await findsAfter(disk, crash, Infinity);
        const state = STATES.lastIndexOf(content);
        expect(state, `call ${at} of ${whole.calls}, ${crash}: ${content}`).to.be.within(least, progress.done + 1);
      }
    }
  });

  it('a crash while it recovers changes nothing of what is found', async () => {
    const { disk: whole } = await crashed(Infinity);
    for (let at = 3; at <= whole.calls; at += 7) {
      const { disk } = await crashed(at);
      for (const crash of CRASHES) {
        const { content } = await findsAfter(disk, crash, Infinity);
        for (const again of [1, 2, 3, 4, 5, 6]) {
          expect((await findsAfter(disk, crash, again)).content, `call ${at}, ${crash}, ${again}`).to.equal(content);
        }
      }
    }
  });

  it('what was found is still there after more writing and another crash', async () => {
    const { disk: whole } = await crashed(Infinity);
    for (let at = 2; at <= whole.calls; at += 4) {
      const { disk } = await crashed(at);
      for (const crash of CRASHES) {
        const { content, left } = await findsAfter(disk, crash, Infinity);
        const next = left.copy();
        const { journal: writing } = await open(next);
        await write(writing, { new: 'new' }, true);
        const again = await open(next.after('unsynced is lost'));
        const { new: added, ...others } = await contentOf(again.journal);
        expect([added, printed(others)], `call ${at}, ${crash}`).to.deep.equal(['new', content]);
      }
    }
  });
});
