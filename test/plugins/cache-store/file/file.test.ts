// The store on a real disk: permissions, a folder that cannot be written, a process that is killed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { systemClock } from '../../../../core/kernel/clock.js';
import type { CacheStore, Component } from '../../../../core/sdk/index.js';
import { loadPlugin, makeFakes, readManifest, type LoadedPlugin } from '../../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../../plugins/cache-store/file/plugin.json', import.meta.url).href;
const CHILD = fileURLToPath(new URL('./writing-child.js', import.meta.url));

type Store = CacheStore & Component;

describe('cache store file: on disk', () => {
  let folder = '';
  const running: Store[] = [];

  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'claviger-file-store-'))));
  afterEach(async () => {
    for (const store of running.splice(0)) await store.stop?.(new AbortController().signal);
    await rm(folder, { recursive: true, force: true });
  });

  async function start(path: string): Promise<LoadedPlugin<Store>> {
    const fakes = { ...makeFakes(), clock: systemClock() as never };
    const loaded = await loadPlugin<Store>(MANIFEST, { settings: { path }, fakes });
    running.push(loaded.plugin);
    await loaded.plugin.start?.(new AbortController().signal);
    return loaded;
  }

  const failure = (path: string): Promise<{ code: string; message: string; at: string }> =>
    start(path).then(
      () => expect.fail('it started'),
      (error: { code: string; message: string; at: string }) => error,
    );

  it('is also the store that the reference calls kubernetes', async () => {
    expect((await readManifest(MANIFEST)).aliases).to.deep.equal(['kubernetes']);
  });

  it('makes its folder with mode 0700 and its files with 0600', async () => {
    const path = join(folder, 'a', 'store');
    const { plugin } = await start(path);
    await plugin.put('key', Buffer.from('value'));
    expect((await stat(path)).mode & 0o777).to.equal(0o700);
    const files = await readdir(path);
    expect(files.length).to.equal(2);
    for (const name of files) expect((await stat(join(path, name))).mode & 0o777, name).to.equal(0o600);
  });

  it('warns of a folder into which others may look', async () => {
    await chmod(folder, 0o755);
    const { fakes } = await start(folder);
    expect(fakes.log.text()).to.include('others may look into the folder').and.include('755');
  });

  it('a path that is a file, or below one, is said at start with path and cause', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'x');
    for (const wrong of [path, join(path, 'below')]) {
      const error = await failure(wrong);
      expect(error.code).to.match(/^CACHE_STORE_(FULL|UNAVAILABLE)$/);
      expect(error.at).to.equal(wrong);
    }
  });

  const openFiles = (): string[] =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false;
      }
    });

  it('keeps no file open after stop, though a reader went away in the middle, or it was still starting (skipped where there is no /proc)', async function () {
    if (!existsSync('/proc/self/fd')) this.skip();
    const { plugin } = await start(join(folder, 'one'));
    await plugin.put('key', Buffer.from('value'));
    await plugin.entries('')[Symbol.asyncIterator]().next();
    expect(openFiles()).not.to.deep.equal([]);
    await plugin.stop?.(new AbortController().signal);
    expect(openFiles()).to.deep.equal([]);
    const { signal } = new AbortController();
    const second = (await loadPlugin<Store>(MANIFEST, { settings: { path: join(folder, 'two') }, fakes: makeFakes() }))
      .plugin;
    const starting = second.start?.(signal);
    await second.stop?.(signal);
    await starting;
    expect(openFiles()).to.deep.equal([]);
  });

  it('a folder that cannot be written is CACHE_STORE_FULL at start (skipped as root, who may write anywhere)', async function () {
    if (process.getuid?.() === 0) this.skip();
    await mkdir(join(folder, 'read-only'), { mode: 0o500 });
    const error = await failure(join(folder, 'read-only'));
    expect(error).to.include({ code: 'CACHE_STORE_FULL' });
    expect(error.message).to.include('permission denied (EACCES)');
  });

  it('takes over from a process that was killed with -9 at once, and finds all that it was told', async function () {
    this.timeout(10_000);
    const child = fork(CHILD, [MANIFEST, folder], { stdio: 'ignore' });
    let told = 0;
    child.on('message', (count) => (told = Number(count)));
    while (told < 300) await once(child, 'message');
    expect(await failure(folder)).to.include({ code: 'CACHE_STORE_LOCKED' });
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    const { plugin } = await start(folder);
    for (let n = 0; n <= told; n++) {
      const pair = await Promise.all([plugin.get(`one/${n}`), plugin.get(`two/${n}`)]);
      expect(pair.map((value) => value && Buffer.from(value).toString())).to.deep.equal([`${n}`, `${n}`]);
    }
  });
});
