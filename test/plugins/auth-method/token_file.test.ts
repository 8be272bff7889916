// token_file beyond the conformance suite: the file stays, the token is remembered.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, readManifest, settle, show, type Fakes } from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/auth-method/token_file/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

describe('auth method token_file', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-token_file-'));
    path = join(dir, 'file');
    fakes = makeFakes();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const make = async (settings: object): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings, fakes })).plugin;
  const codeOf = async (method: AuthMethod): Promise<unknown> => {
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    return error instanceof AgentError ? error.code : error;
  };

  it('gives the token, trimmed, and keeps it when the file is gone (5.5)', async () => {
    await writeFile(path, ' hvs.one\n', { mode: 0o600 });
    const method = await make({ token_file_path: path });
    const plan = await method.prepare(LOGIN);
    expect('token' in plan && plan.token.reveal()).to.equal('hvs.one');
    await method.accepted?.({ accessor: 'a', policies: [] });
    expect(await readFile(path, 'utf8')).to.equal(' hvs.one\n');
    await rm(path);
    const again = await method.prepare(LOGIN);
    expect('token' in again && again.token.reveal()).to.equal('hvs.one');
  });

  it('fails while there never was a token', async () => {
    expect(await codeOf(await make({ token_file_path: path }))).to.equal('AUTH_CREDENTIAL_MISSING');
  });

  for (const text of ['two words', 'hvs.one\nhvs.two', '{\n"token": "planted"\n}', 'planted\u0007', 'plänted'])
    it(`${JSON.stringify(text)} is no token: it is not sent, and nothing of it shown`, async () => {
      await writeFile(path, text, { mode: 0o600 });
      const method = await make({ token_file_path: path });
      const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential', at: path });
      expect(`${show(error)} ${fakes.log.text()}`).to.not.match(/planted|pl\u00e4nted|hvs|words\b(?!\))/);
    });

  for (const [name, arrange, code] of [
    ['empty', () => writeFile(path, ' \n'), 'AUTH_CREDENTIAL_EMPTY'],
    ['a folder', () => mkdir(path), 'AUTH_CREDENTIAL_UNREADABLE'],
    ['too large', () => writeFile(path, 'x'.repeat(70_000)), 'AUTH_CREDENTIAL_UNREADABLE'],
  ] as const) {
    it(`a file that is ${name} is ${code}`, async () => {
      await arrange();
      expect(await codeOf(await make({ token_file_path: path }))).to.equal(code);
    });
  }

  it('tells of a new token, so that a refused one is not waited out (ours)', async () => {
    await writeFile(path, 'hvs.one', { mode: 0o600 });
    const method = await make({ token_file_path: path });
    await method.prepare(LOGIN);
    const stop = new AbortController();
    const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
    let count = 0;
    const next = changes?.next().then(() => (count += 1));
    await writeFile(path, 'hvs.one\n');
    await fakes.clock.advance(10_000);
    await settle();
    expect(count).to.equal(0);
    await writeFile(path, 'hvs.two');
    while (count === 0) await fakes.clock.advance(10_000);
    await next;
    stop.abort();
    expect(await changes?.next()).to.include({ done: true });
  });

  it('the trail says where the token came from, the hint what to do', async () => {
    await writeFile(path, 'hvs.one', { mode: 0o600 });
    const method = await make({ token_file_path: path });
    expect((await method.prepare(LOGIN)).trail).to.deep.equal([{ source: path, outcome: 'read' }]);
    await rm(path);
    expect((await method.prepare(LOGIN)).trail).to.deep.equal([{ source: path, outcome: 'remembered' }]);
    expect(method.hint?.(403, [])).to.contain(path);
    expect(method.hint?.(500, [])).to.equal(undefined);
  });

  it('is found under its other spelling', async () => {
    expect((await readManifest(MANIFEST)).aliases).to.deep.equal(['token-file']);
  });
});
