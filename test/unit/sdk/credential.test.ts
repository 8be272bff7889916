// readCredential and removeCredential: what they read, refuse and remove.
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, readCredential, removeCredential, type CredentialOptions } from '../../../core/sdk/index.js';
import { LogSpy } from '../../../core/sdk/testing/index.js';

describe('readCredential', () => {
  let dir: string;
  let file: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-credential-'));
    file = join(dir, 'secret');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const failure = async (path: string, options: CredentialOptions = {}): Promise<AgentError> => {
    const error: unknown = await readCredential(path, options).catch((reason: unknown) => reason);
    if (error instanceof AgentError) return error;
    throw new Error(`no AgentError but ${String(error)}`);
  };

  const trims: readonly [what: string, trim: CredentialOptions['trim'], stored: string, read: string][] = [
    ['white space by default', undefined, ' \n abc\t\r\n', 'abc'],
    ['a byte order mark by default', undefined, '\ufeffabc', 'abc'],
    ['one line break with line-break', 'line-break', ' pass word \n\n', ' pass word \n'],
    ['one CR LF with line-break', 'line-break', 'pw\r\n', 'pw'],
    ['nothing with false', false, 'abc\n', 'abc\n'],
  ];
  for (const [what, trim, stored, read] of trims) {
    it(`trims ${what}`, async () => {
      await writeFile(file, stored);
      const options = trim === undefined ? {} : { trim };
      expect((await readCredential(file, options)).text.reveal()).to.equal(read);
    });
  }

  it('follows a symbolic link and reads fresh each time', async () => {
    await writeFile(file, 'one');
    await symlink(file, join(dir, 'link'));
    expect((await readCredential(join(dir, 'link'))).text.reveal()).to.equal('one');
    await writeFile(file, 'two');
    expect((await readCredential(join(dir, 'link'))).text.reveal()).to.equal('two');
  });

  it('names setting and path when the file is missing', async () => {
    const error = await failure(file, { what: 'token_path' });
    expect(error).to.include({ code: 'AUTH_CREDENTIAL_MISSING', act: 'fix-credential', at: file });
    expect(error.message).to.equal(`token_path: ${file} does not exist`);
  });

  it('reports an empty file, also one of white space only', async () => {
    await writeFile(file, ' \n');
    expect(await failure(file)).to.include({ code: 'AUTH_CREDENTIAL_EMPTY', act: 'fix-credential' });
  });

  it('refuses a folder', async () => {
    await mkdir(file);
    expect((await failure(file)).message).to.contain('it is a directory');
  });

  it('refuses a pipe without waiting for a writer', async () => {
    execFileSync('mkfifo', [file]);
    expect(await failure(file)).to.include({ code: 'AUTH_CREDENTIAL_UNREADABLE', act: 'fix-credential' });
  });

  it('refuses a device', async () => {
    expect((await failure('/dev/zero')).message).to.contain('not a regular file');
  });

  it('refuses more than the limit and takes exactly the limit', async () => {
    await writeFile(file, 'x'.repeat(100));
    expect((await readCredential(file, { maxBytes: 100 })).text.length).to.equal(100);
    expect((await failure(file, { maxBytes: 99 })).message).to.contain('larger than 99 bytes');
  });

  it('refuses bytes that are not text, without showing them', async () => {
    await writeFile(file, Buffer.from([0x61, 0xff, 0xfe]));
    expect(await failure(file)).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
  });

  it('says in words that a link points in circles', async () => {
    await symlink(file, file);
    expect((await failure(file)).message).to.contain('too many symbolic links (ELOOP)');
  });

  it('rejects with the reason of an aborted signal', async () => {
    const reason = new Error('stop');
    const error: unknown = await readCredential(file, { signal: AbortSignal.abort(reason) }).catch((e: unknown) => e);
    expect(error).to.equal(reason);
  });

  it('warns about a file that everybody can read, without its content', async () => {
    const log = new LogSpy();
    await writeFile(file, 'planted-secret');
    await chmod(file, 0o644);
    await readCredential(file, { log });
    expect(log.lines).to.have.length(1);
    expect(log.lines[0]).to.deep.include({ level: 'warn', fields: { path: file, mode: '0644' } });
    expect(log.leaks(['planted-secret'])).to.deep.equal([]);
    await chmod(file, 0o640);
    await readCredential(file, { log });
    expect(log.lines).to.have.length(1);
  });

  describe('removeCredential', () => {
    it('removes the file that was read, and only once', async () => {
      await writeFile(file, 'one');
      const { identity } = await readCredential(file);
      expect(removeCredential(file, identity)).to.deep.equal({ outcome: 'removed' });
      expect(removeCredential(file, identity)).to.deep.equal({ outcome: 'missing' });
    });

    it('keeps a file that has been written or replaced since (corrections: inode, mtime, size)', async () => {
      await writeFile(file, 'one');
      const { identity } = await readCredential(file);
      await writeFile(file, 'longer than before');
      expect(removeCredential(file, identity)).to.deep.equal({ outcome: 'changed' });
      expect(await readFile(file, 'utf8')).to.equal('longer than before');
    });

    it('removes the link itself, or its target when told to (config 5.2)', async () => {
      const link = join(dir, 'link');
      await writeFile(file, 'one');
      await symlink(file, link);
      const { identity } = await readCredential(link);
      expect(removeCredential(link, identity)).to.deep.equal({ outcome: 'removed' });
      expect(await readFile(file, 'utf8')).to.equal('one');
      await symlink(file, link);
      expect(removeCredential(link, identity, { followSymlinks: true })).to.deep.equal({ outcome: 'removed' });
      expect((await lstat(link)).isSymbolicLink()).to.equal(true);
      expect(await lstat(file).catch(() => 'gone')).to.equal('gone');
    });

    it('tells in words why a removal failed', async () => {
      await writeFile(file, 'one');
      const outcome = removeCredential(join(file, 'x'), { dev: 0, ino: 0, mtimeMs: 0, size: 0 });
      expect(outcome).to.deep.equal({ outcome: 'failed', why: 'a part of the path is not a folder (ENOTDIR)' });
    });
  });
});
