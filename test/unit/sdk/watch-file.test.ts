// watchFile: which changes are noticed, with the polling clock in the test's hand and with real events.
import { mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../core/kernel/clock.js';
import { Secret, watchFile, type WatchOptions } from '../../../core/sdk/index.js';
import { VirtualClock, settle } from '../../../core/sdk/testing/index.js';

describe('watchFile', () => {
  let dir: string;
  let path: string;
  let stop: AbortController;
  let clock: VirtualClock;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-watch-'));
    path = join(dir, 'token');
    stop = new AbortController();
    clock = new VirtualClock();
    await writeFile(path, 'one');
  });
  afterEach(async () => {
    stop.abort();
    await rm(dir, { recursive: true, force: true });
  });

  /** As much file work as a look at the file takes, several times over: what the watcher began before is done after. */
  const quiet = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) await stat(dir);
    await settle();
  };

  /** Counts what is yielded; `turn` lets one poll happen and finish. */
  const start = (options: Partial<WatchOptions> = {}) => {
    let count = 0;
    const ended = (async () => {
      for await (const _ of watchFile(path, stop.signal, { clock, pollMs: 1000, ...options })) count++;
    })();
    const turn = async (): Promise<number> => {
      await quiet();
      await clock.advance(1000);
      await quiet();
      return count;
    };
    return { turn, ended };
  };

  it('yields once for a new content and nothing for a rewrite with the same', async () => {
    const { turn } = start();
    expect(await turn()).to.equal(0);
    await writeFile(path, 'one\n');
    expect(await turn()).to.equal(0);
    await writeFile(path, 'two');
    expect(await turn()).to.equal(1);
    expect(await turn()).to.equal(1);
  });

  it('yields at once when the content is not the known one', async () => {
    const { turn } = start({ known: new Secret('zero') });
    expect(await turn()).to.equal(1);
  });

  it('takes no notice of missing and empty files, nor of the same content coming back (config 5.2)', async () => {
    const { turn } = start({ known: new Secret('one') });
    await rm(path);
    expect(await turn()).to.equal(0);
    await writeFile(path, '');
    expect(await turn()).to.equal(0);
    await writeFile(path, 'one');
    expect(await turn()).to.equal(0);
    await writeFile(path, 'three');
    expect(await turn()).to.equal(1);
  });

  it('waits for a folder that is not there yet', async () => {
    path = join(dir, 'later', 'token');
    const { turn } = start();
    expect(await turn()).to.equal(0);
    await mkdir(join(dir, 'later'));
    await writeFile(path, 'one');
    expect(await turn()).to.equal(1);
  });

  it('ends when it is aborted and leaves no timer', async () => {
    const { turn, ended } = start();
    await turn();
    stop.abort();
    await ended;
    expect(clock.pending).to.equal(0);
  });

  it('ends at once when it is aborted before', async () => {
    stop.abort();
    await start().ended;
    expect(clock.pending).to.equal(0);
  });

  it('notices several swaps of a Kubernetes volume by events alone (libraries-and-performance 9)', async () => {
    const put = async (version: number): Promise<void> => {
      await mkdir(join(dir, `..v${version}`));
      await writeFile(join(dir, `..v${version}`, 'sa'), `token-${version}`);
      await symlink(`..v${version}`, join(dir, '..data_tmp'));
      await rename(join(dir, '..data_tmp'), join(dir, '..data'));
    };
    await put(1);
    await symlink('..data/sa', join(dir, 'sa'));
    const known = new Secret('token-1');
    const options = { clock: systemClock(), known, pollMs: 3_600_000, debounceMs: 5 };
    const changes = watchFile(join(dir, 'sa'), stop.signal, options);
    for (const version of [2, 3, 4]) {
      const next = changes.next();
      await settle();
      await put(version);
      expect((await next).done).to.equal(false);
    }
    stop.abort();
    expect((await changes.next()).done).to.equal(true);
  });
});
