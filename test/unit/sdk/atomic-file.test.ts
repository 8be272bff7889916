// replaceFile: all or nothing, with mode and owner, and no temporary file left behind.
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { errnoOf } from '../../../core/sdk/index.js';
import { checkReplaceable, replaceFile } from '../../../core/kernel/atomic-file.js';

describe('replaceFile', () => {
  let dir: string;
  let path: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-atomic-'));
    path = join(dir, 'out');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o7777;

  it('writes exactly the content', async () => {
    await replaceFile(path, 'hvs.token', { mode: 0o640 });
    expect(await readFile(path, 'utf8')).to.equal('hvs.token');
    expect(await readdir(dir)).to.deep.equal(['out']);
  });

  for (const mode of [0o600, 0o640, 0o666, 0o444]) {
    it(`sets mode ${mode.toString(8)} whatever the umask is (R15)`, async () => {
      const before = process.umask(0o077);
      try {
        await replaceFile(path, 'x', { mode });
      } finally {
        process.umask(before);
      }
      expect(await modeOf(path)).to.equal(mode);
    });
  }

  it('replaces a symbolic link instead of following it (config 4.2)', async () => {
    await writeFile(join(dir, 'victim'), 'untouched');
    await symlink(join(dir, 'victim'), path);
    await replaceFile(path, 'new', { mode: 0o600 });
    expect((await lstat(path)).isFile()).to.equal(true);
    expect(await readFile(join(dir, 'victim'), 'utf8')).to.equal('untouched');
  });

  it('leaves the old content and no temporary file when the rename fails', async () => {
    await mkdir(path);
    await writeFile(join(path, 'inside'), 'old');
    const error: unknown = await replaceFile(path, 'new', { mode: 0o600 }).catch((reason: unknown) => reason);
    expect(errnoOf(error)).to.be.oneOf(['EISDIR', 'ENOTEMPTY', 'EEXIST']);
    expect(await readFile(join(path, 'inside'), 'utf8')).to.equal('old');
    expect(await readdir(dir)).to.deep.equal(['out']);
  });

  it('leaves the old content and no temporary file when the owner cannot be set', async () => {
    await writeFile(path, 'old');
    // A number no system call takes, so that it fails for root too.
    const error: unknown = await replaceFile(path, 'new', { mode: 0o600, uid: 2 ** 40 }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(Error);
    expect(await readFile(path, 'utf8')).to.equal('old');
    expect(await readdir(dir)).to.deep.equal(['out']);
  });

  it('stops before the rename when the signal is aborted', async () => {
    await writeFile(path, 'old');
    const error: unknown = await replaceFile(path, 'new', { mode: 0o600 }, AbortSignal.abort(new Error('stop'))).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error).and.include({ message: 'stop' });
    expect(await readFile(path, 'utf8')).to.equal('old');
    expect(await readdir(dir)).to.deep.equal(['out']);
  });

  it('never shows a reader a part of the content', async () => {
    const contents = new Set(['a'.repeat(50_000), 'b'.repeat(60_000)]);
    const [first, second] = [...contents] as [string, string];
    await replaceFile(path, first, { mode: 0o600 });
    const seen = new Set<string>();
    const write = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) await replaceFile(path, i % 2 === 0 ? second : first, { mode: 0o600 });
    };
    const read = async (): Promise<void> => {
      for (let i = 0; i < 40; i++) seen.add(await readFile(path, 'utf8'));
    };
    await Promise.all([write(), read(), read()]);
    expect([...seen].every((content) => contents.has(content))).to.equal(true);
  });

  it('keeps the owner of the process for owner and group absent', async () => {
    await replaceFile(path, 'x', { mode: 0o600, uid: process.getuid?.(), gid: process.getgid?.() });
    expect((await stat(path)).uid).to.equal(process.getuid?.());
  });

  it('checks without touching the target', async () => {
    await writeFile(path, 'old');
    await chmod(path, 0o600);
    await checkReplaceable(path, { mode: 0o644 });
    expect(await readFile(path, 'utf8')).to.equal('old');
    expect(await modeOf(path)).to.equal(0o600);
    expect(await readdir(dir)).to.deep.equal(['out']);
  });

  it('fails the check when the folder is missing', async () => {
    const error: unknown = await checkReplaceable(join(dir, 'no', 'out'), { mode: 0o600 }).catch((e: unknown) => e);
    expect(errnoOf(error)).to.equal('ENOENT');
  });
});
