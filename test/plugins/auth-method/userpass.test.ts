// userpass beyond the conformance suite: user names in paths, line breaks, removal.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, Secret, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/auth-method/userpass/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

describe('auth method userpass', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-userpass-'));
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

  const users: readonly [name: string, path: string][] = [
    ['app', 'app'],
    ['a b/c', 'a%20b%2Fc'],
    ['ü@x?y#z', '%C3%BC%40x%3Fy%23z'],
  ];
  for (const [username, encoded] of users) {
    it(`logs in as ${username}`, async () => {
      const method = await make({ username, password: 'pw' });
      const plan = await method.prepare(LOGIN);
      expect(plan).to.deep.include({ login: `auth/userpass/login/${encoded}`, body: { password: 'pw' } });
    });
  }

  it('takes one line break off the file and nothing else (auth-wire 1.6)', async () => {
    await writeFile(path, ' pass word \r\n', { mode: 0o600 });
    const method = await make({ username: 'app', password_file_path: path });
    expect(await method.prepare(LOGIN)).to.deep.include({ body: { password: ' pass word ' } });
  });

  it('keeps the file by default and removes it after success when told to', async () => {
    await writeFile(path, 'pw', { mode: 0o600 });
    const keeping = await make({ username: 'app', password_file_path: path });
    await keeping.prepare(LOGIN);
    await keeping.accepted?.({ accessor: 'a', policies: [] });
    expect(await readFile(path, 'utf8')).to.equal('pw');
    const settings = { username: 'app', password_file_path: path, remove_password_after_reading: true };
    const removing = await make(settings);
    await removing.prepare(LOGIN);
    await removing.accepted?.({ accessor: 'a', policies: [] });
    expect(await readFile(path, 'utf8').catch(() => 'gone')).to.equal('gone');
    expect(await removing.prepare(LOGIN)).to.deep.include({ body: { password: 'pw' } });
  });

  it('takes the password as Secret and refuses an empty one', async () => {
    const method = await make({ username: 'app', password: new Secret('hidden') });
    expect(await method.prepare(LOGIN)).to.deep.include({ body: { password: 'hidden' } });
    expect(await codeOf(await make({ username: 'app', password: '' }))).to.equal('AUTH_CREDENTIAL_INVALID');
  });
});
