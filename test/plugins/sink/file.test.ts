// file sink beyond the conformance suite: messages, markers, owners.
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, Secret, type Delivery, type Sink } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/sink/file/plugin.json', import.meta.url).href;
const SIGNAL = new AbortController().signal;
const deliver = (payload: string): Delivery => ({
  payload: new Secret(payload),
  form: 'plain',
  identity: 'default',
  accessor: 'a',
  expiresAt: 0,
  sequence: 1,
});

describe('sink file', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-file-sink-'));
    path = join(dir, 'token');
    fakes = makeFakes();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const make = async (settings: object = {}): Promise<Sink> =>
    (await loadPlugin<Sink>(MANIFEST, { settings: { path, ...settings }, fakes })).plugin;
  const failure = async (action: Promise<void> | undefined): Promise<AgentError> => {
    const error: unknown = await action?.then(
      () => 'no error',
      (reason: unknown) => reason,
    );
    if (error instanceof AgentError) return error;
    throw new Error(`no AgentError but ${String(error)}`);
  };

  it('logs the markers that operators look for, never the token (4.2)', async () => {
    const sink = await make();
    await sink.start?.(SIGNAL);
    await sink.write(deliver('planted-token'), SIGNAL);
    expect(fakes.log.lines.map(({ message, fields }) => [message, fields])).to.deep.equal([
      ['creating file sink', {}],
      ['file sink configured', { path, mode: '0640' }],
      ['token written', { path }],
    ]);
    expect(fakes.log.leaks(['planted-token'])).to.deep.equal([]);
  });

  it('writes the payload without a line break, with mode 0640 by default (4.2)', async () => {
    const sink = await make();
    await sink.write(deliver('hvs.x'), SIGNAL);
    expect(await readFile(path, 'utf8')).to.equal('hvs.x');
    expect((await stat(path)).mode & 0o7777).to.equal(0o640);
  });

  it('changes the mode of a file that is there already', async () => {
    await writeFile(path, 'old');
    await chmod(path, 0o777);
    await (await make({ mode: 0o400 })).write(deliver('new'), SIGNAL);
    expect((await stat(path)).mode & 0o7777).to.equal(0o400);
    await (await make({ mode: 0o400 })).write(deliver('newer'), SIGNAL);
    expect(await readFile(path, 'utf8')).to.equal('newer');
  });

  it('checks at start without touching the target and leaves nothing behind', async () => {
    await (await make()).start?.(SIGNAL);
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('says at start that the folder is missing, with the path, in words', async () => {
    const error = await failure((await make({ path: join(dir, 'no', 'token') })).start?.(SIGNAL));
    expect(error).to.include({ code: 'SINK_NOT_WRITABLE', act: 'fix-host', at: join(dir, 'no', 'token') });
    expect(error.message).to.equal(`cannot write ${join(dir, 'no', 'token')}: no such file or folder (ENOENT)`);
    expect(error.hint).to.contain('create the folder');
  });

  for (const [key, kind] of [
    ['owner', 'user'],
    ['uid', 'user'],
    ['group', 'group'],
    ['gid', 'group'],
  ]) {
    it(`refuses an unknown name in ${key} at start`, async () => {
      const error = await failure((await make({ [key as string]: 'no-such-name' })).start?.(SIGNAL));
      expect(error).to.include({ code: 'SINK_NOT_WRITABLE' });
      expect(error.message).to.contain(`there is no ${kind} "no-such-name"`);
      expect(await readdir(dir)).to.deep.equal([]);
    });
  }

  it('takes numbers, texts of numbers and -1 for owner and group', async () => {
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    await (await make({ owner: uid, group: String(gid) })).write(deliver('a'), SIGNAL);
    await (await make({ uid: -1, gid: '-1' })).write(deliver('b'), SIGNAL);
    expect(await stat(path)).to.include({ uid, gid });
  });

  it('gives the file away when it runs as root (else skipped)', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    await (await make({ owner: 'nobody', gid: 12345 })).write(deliver('a'), SIGNAL);
    expect((await stat(path)).gid).to.equal(12345);
    expect((await stat(path)).uid).not.to.equal(0);
  });

  it('keeps the old content and no temporary file after a write that failed', async () => {
    await mkdir(path);
    const error = await failure((await make()).write(deliver('planted-token'), SIGNAL));
    expect(error).to.include({ code: 'SINK_WRITE_FAILED', at: path });
    expect(`${error.message} ${String(error.cause)}`).not.to.contain('planted-token');
    expect(await readdir(dir)).to.deep.equal(['token']);
  });

  it('rejects with the reason of the signal when it is aborted', async () => {
    const reason = new Error('stop');
    const error: unknown = await (await make()).write(deliver('x'), AbortSignal.abort(reason)).catch((e: unknown) => e);
    expect(error).to.equal(reason);
  });

  describe('recover: what an earlier run left (reuse)', () => {
    const left = async (text: string, mode = 0o640): Promise<string | undefined> => {
      await writeFile(path, text);
      await chmod(path, mode);
      return (await (await make()).recover?.(SIGNAL))?.reveal();
    };
    const warnings = (): unknown[] =>
      fakes.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.why);

    it('gives the content back, without blanks around it', async () => {
      expect(await left(' hvs.planted\n')).to.equal('hvs.planted');
      expect(fakes.log.leaks(['hvs.planted'])).to.deep.equal([]);
    });

    it('gives nothing, and says nothing, where there is no file or an empty one', async () => {
      expect(await (await make()).recover?.(SIGNAL)).to.equal(undefined);
      expect([await left(''), await left(' \n'), warnings()]).to.deep.equal([undefined, undefined, []]);
    });

    it('takes 64 KiB and not a byte more', async () => {
      expect(await left('x'.repeat(65_536))).to.have.length(65_536);
      expect([await left('x'.repeat(65_537)), warnings()]).to.deep.equal([undefined, ['it is larger than 64 KiB']]);
    });

    it('does not follow a symbolic link', async () => {
      await writeFile(join(dir, 'other'), 'hvs.other');
      await symlink(join(dir, 'other'), path);
      expect(await (await make()).recover?.(SIGNAL)).to.equal(undefined);
      expect(warnings()).to.deep.equal(['too many symbolic links (ELOOP)']);
    });

    it('reads no folder, and no file that everybody may write to', async () => {
      expect([await left('hvs.x', 0o646), warnings()]).to.deep.equal([undefined, ['everybody may write to it']]);
      await rm(path);
      await mkdir(path);
      expect(await (await make()).recover?.(SIGNAL)).to.equal(undefined);
      expect(warnings().at(-1)).to.equal('it is not a regular file');
    });
  });

  it('withdraws by removing the file, and reports what hinders it', async () => {
    const sink = await make();
    await sink.write(deliver('x'), SIGNAL);
    await sink.withdraw?.(SIGNAL);
    expect(await readdir(dir)).to.deep.equal([]);
    await mkdir(path);
    expect(await failure(sink.withdraw?.(SIGNAL))).to.include({ code: 'SINK_WRITE_FAILED' });
  });
});
