// jwt beyond the conformance suite: what is removed when, and what counts as a change.
import { lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, settle, type Fakes } from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/auth-method/jwt/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

describe('auth method jwt', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-jwt-'));
    path = join(dir, 'jwt');
    fakes = makeFakes();
    await writeFile(path, 'a.b.c\n', { mode: 0o600 });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const make = async (settings: object = {}): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings: { path, role: 'app', ...settings }, fakes })).plugin;
  const login = async (method: AuthMethod): Promise<void> => {
    await method.prepare(LOGIN);
    await method.accepted?.({ accessor: 'a', policies: [] });
  };
  const exists = (file: string): Promise<boolean> =>
    lstat(file).then(
      () => true,
      () => false,
    );

  it('sends role and token, trimmed (ours), and lets only the role be shown (5.2)', async () => {
    const plan = await (await make()).prepare(LOGIN);
    expect(plan).to.deep.include({ login: 'auth/jwt/login', body: { role: 'app', jwt: 'a.b.c' }, show: ['role'] });
  });

  it('sends the file byte for byte with trim = false', async () => {
    expect(await (await make({ trim: false })).prepare(LOGIN)).to.deep.include({
      body: { role: 'app', jwt: 'a.b.c\n' },
    });
  });

  const removals: readonly [settings: object, link: boolean, target: boolean][] = [
    [{}, false, true],
    [{ remove_jwt_after_reading: true, remove_jwt_follows_symlinks: true }, true, false],
    [{ remove_jwt_after_reading: false }, true, true],
    [{ remove_jwt_after_reading: false, remove_jwt_follows_symlinks: true }, true, true],
  ];
  for (const [settings, keepsLink, keepsTarget] of removals) {
    it(`with ${JSON.stringify(settings)} a link ${keepsLink ? 'stays' : 'goes'} and its target ${keepsTarget ? 'stays' : 'goes'} (5.2)`, async () => {
      const link = join(dir, 'link');
      await symlink(path, link);
      await login(await make({ ...settings, path: link }));
      expect([await exists(link), await exists(path)]).to.deep.equal([keepsLink, keepsTarget]);
    });
  }

  it('does not remove before the server said yes (ours)', async () => {
    await (await make()).prepare(LOGIN);
    expect(await readFile(path, 'utf8')).to.equal('a.b.c\n');
  });

  it('remembers the token after the file was removed', async () => {
    const method = await make();
    await login(method);
    expect(await method.prepare(LOGIN)).to.deep.include({ body: { role: 'app', jwt: 'a.b.c' } });
  });

  const periods: readonly [settings: object, pollMs: number][] = [
    [{}, 500],
    [{ remove_jwt_after_reading: false }, 60_000],
    [{ jwt_read_period: 7000 }, 7000],
  ];
  for (const [settings, pollMs] of periods) {
    it(`looks every ${pollMs} ms with ${JSON.stringify(settings)} and tells only of another token (5.2)`, async () => {
      const method = await make(settings);
      await login(method);
      const stop = new AbortController();
      const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
      let count = 0;
      const next = changes?.next().then(() => count++);
      for (let i = 0; i < 30; i++) await stat(dir);
      expect(fakes.clock.nextInMs).to.equal(pollMs);
      await writeFile(path, 'a.b.c');
      await fakes.clock.advance(pollMs);
      for (let i = 0; i < 30; i++) await stat(dir);
      await settle();
      expect(count).to.equal(0);
      await writeFile(path, 'd.e.f');
      await fakes.clock.advance(pollMs);
      await next;
      expect(count).to.equal(1);
      stop.abort();
      expect(await changes?.next()).to.include({ done: true });
    });
  }
});
