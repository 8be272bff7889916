// CredentialFile: remembered content and removal after success.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, CredentialFile } from '../../../core/sdk/index.js';
import { LogSpy } from '../../../core/sdk/testing/index.js';

describe('CredentialFile', () => {
  let dir: string;
  let path: string;
  let log: LogSpy;
  let file: CredentialFile;
  const login = { signal: new AbortController().signal, purpose: 'login' } as const;
  const test = { ...login, purpose: 'test' } as const;
  const exists = (): Promise<boolean> =>
    readFile(path).then(
      () => true,
      () => false,
    );

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-credential-file-'));
    path = join(dir, 'secret');
    log = new LogSpy();
    file = new CredentialFile(path, { what: 'secret_id_file_path', log });
    await writeFile(path, 'planted-one', { mode: 0o600 });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('gives the remembered content when the file is gone, silently (config 5.1 step 1)', async () => {
    await file.read(login);
    await rm(path);
    expect((await file.read(login)).reveal()).to.equal('planted-one');
    expect(file.outcome).to.equal('remembered');
    expect(log.lines.filter(({ level }) => level === 'warn')).to.deep.equal([]);
  });

  it('gives the remembered content with a warning when the file is empty, and keeps the empty file', async () => {
    await file.read(login);
    await writeFile(path, '');
    expect((await file.read(login)).reveal()).to.equal('planted-one');
    expect(log.lines.filter(({ level }) => level === 'warn')).to.have.length(1);
    file.removeSpent();
    expect(await exists()).to.equal(true);
  });

  it('throws when nothing is remembered', async () => {
    await rm(path);
    const error: unknown = await file.read(login).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(AgentError).and.include({ code: 'AUTH_CREDENTIAL_MISSING' });
  });

  it('removes only what a login has read, never what a test has read', async () => {
    file.removeSpent();
    expect(await exists()).to.equal(true);
    await file.read(test);
    file.removeSpent();
    expect(await exists()).to.equal(true);
    await file.read(login);
    file.removeSpent();
    file.removeSpent();
    expect(await exists()).to.equal(false);
  });

  it('keeps a file that was replaced between reading and success', async () => {
    await file.read(login);
    await rm(path);
    await writeFile(path, 'planted-two');
    file.removeSpent();
    expect(await readFile(path, 'utf8')).to.equal('planted-two');
    expect(log.leaks(['planted-one', 'planted-two'])).to.deep.equal([]);
  });
});
