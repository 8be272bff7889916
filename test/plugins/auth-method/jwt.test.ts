// jwt beyond the conformance suite: what is removed when, what counts as a change, and tokens of the environment and of CI systems.
import { lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, describeError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, settle, show, type Fakes } from '../../../core/sdk/testing/index.js';
import { CiTokens } from '../../doubles/ci-tokens.js';
import { spellingsOf } from '../../scenario/collector.js';

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

describe('auth method jwt: other sources than a file', () => {
  let dir: string;
  let fakes: Fakes;
  let ci: CiTokens;
  const JWT = 'aaaa.bbbb.cccc';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-jwt-'));
    fakes = makeFakes(Date.UTC(2026, 0, 1));
    ci = new CiTokens(() => fakes.clock.now());
    await ci.http.open();
  });
  afterEach(async () => {
    await ci.http.close();
    await rm(dir, { recursive: true, force: true });
  });

  const make = async (settings: object): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings: { role: 'app', ...settings }, fakes })).plugin;
  const jwtOf = async (method: AuthMethod): Promise<unknown> => {
    const plan = await method.prepare(LOGIN);
    return 'body' in plan && (plan.body as { jwt: string }).jwt;
  };
  /** The error, after a search for the bearer in any spelling in it, in its causes and in the log. */
  const failureOf = async (method: AuthMethod): Promise<AgentError> => {
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    if (!(error instanceof AgentError)) throw new Error(`no AgentError but ${show(error)}`);
    const text = `${describeError(error)} ${show(error)} ${fakes.log.text()}`;
    for (const spelling of [ci.bearer, JWT, ...ci.given].flatMap(spellingsOf))
      expect(text.includes(spelling), text).to.equal(false);
    return error;
  };
  const onGithub = (): void => {
    fakes.env.set('ACTIONS_ID_TOKEN_REQUEST_URL', ci.requestUrl);
    fakes.env.set('ACTIONS_ID_TOKEN_REQUEST_TOKEN', ci.bearer);
  };

  it('env: an environment variable, as with id_tokens of GitLab', async () => {
    fakes.env.set('VAULT_ID_TOKEN', ` ${JWT}\n`);
    const plan = await (await make({ env: 'VAULT_ID_TOKEN' })).prepare(LOGIN);
    expect(plan).to.deep.include({
      body: { role: 'app', jwt: JWT },
      trail: [{ source: 'environment variable VAULT_ID_TOKEN', outcome: 'read' }],
    });
  });

  for (const [value, why] of [
    [undefined, 'VAULT_ID_TOKEN (not set)'],
    ['', 'VAULT_ID_TOKEN (empty)'],
    [' \n', 'VAULT_ID_TOKEN (empty)'],
  ] as const) {
    it(`env: ${JSON.stringify(value) ?? 'nothing'} is no token: ${why}`, async () => {
      fakes.env.set('VAULT_ID_TOKEN', value);
      const error = await failureOf(await make({ env: 'VAULT_ID_TOKEN' }));
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
      expect(error.message).to.contain(why);
    });
  }

  it('what is no JSON web token is not sent, and nothing of it shown', async () => {
    fakes.env.set('VAULT_ID_TOKEN', 'planted-password');
    const error = await failureOf(await make({ env: 'VAULT_ID_TOKEN' }));
    expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
    expect(describeError(error)).to.contain('VAULT_ID_TOKEN').and.not.contain('planted');
  });

  it('github_actions: the token of the job, for the audience that is wanted', async () => {
    onGithub();
    const method = await make({ github_actions: true, audience: 'https://vault.example.com' });
    const plan = await method.prepare(LOGIN);
    expect(plan.trail).to.deep.equal([{ source: 'GitHub Actions', outcome: `${ci.http.url}/idtoken/job-1 gave it` }]);
    const claims = JSON.parse(Buffer.from(ci.given[0]!.split('.')[1]!, 'base64url').toString()) as object;
    expect(claims).to.include({ aud: 'https://vault.example.com', repository: 'acme/shop' });
    expect('body' in plan && plan.body).to.deep.equal({ role: 'app', jwt: ci.given[0] });
  });

  it('github_actions: without an audience it is the default of GitHub; each attempt asks anew (5.6)', async () => {
    onGithub();
    const method = await make({ github_actions: true });
    await method.prepare(LOGIN);
    await method.prepare(LOGIN);
    expect(ci.given).to.have.lengthOf(2);
    expect(Buffer.from(ci.given[0]!.split('.')[1]!, 'base64url').toString()).to.contain(
      '"aud":"https://github.com/acme"',
    );
  });

  for (const name of ['ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN']) {
    it(`github_actions: without ${name} the error names the permission that the job needs`, async () => {
      onGithub();
      fakes.env.set(name, undefined);
      const error = await failureOf(await make({ github_actions: true }));
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
      expect(describeError(error)).to.contain(name).and.contain('id-token: write');
    });
  }

  it('github_actions: an address that is none is refused without quoting it', async () => {
    onGithub();
    fakes.env.set('ACTIONS_ID_TOKEN_REQUEST_URL', JWT);
    expect(await failureOf(await make({ github_actions: true }))).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
  });

  it('github_actions: a job that may not ask, or whose bearer expired, is refused; the service repeats the bearer, the error does not (5.4)', async () => {
    onGithub();
    ci.echoes = true;
    ci.mayAsk = false;
    const forbidden = await failureOf(await make({ github_actions: true }));
    expect(forbidden).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
    expect(forbidden.message).to.contain('403').and.contain('the job may not have a token');
    const before = ci.bearer;
    ci.bearer = `other-${before}`;
    fakes.env.set('ACTIONS_ID_TOKEN_REQUEST_TOKEN', before);
    const error: unknown = await (
      await make({ github_actions: true })
    )
      .prepare(LOGIN)
      .catch((reason: unknown) => reason);
    for (const spelling of spellingsOf(before)) expect(show(error).includes(spelling)).to.equal(false);
    expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
  });

  it('url: with a bearer of a file, or of a variable, or without', async () => {
    const url = ci.requestUrl;
    await writeFile(join(dir, 'bearer'), `${ci.bearer}\n`, { mode: 0o600 });
    fakes.env.set('CI_BEARER', ci.bearer);
    for (const bearer of [{ url_bearer_file: join(dir, 'bearer') }, { url_bearer_env: 'CI_BEARER' }])
      expect(await jwtOf(await make({ url, ...bearer, audience: 'vault' }))).to.equal(ci.given.at(-1));
    expect(await failureOf(await make({ url }))).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
  });

  it('url: the answer may be the bare token, or an object with another member', async () => {
    fakes.env.set('CI_BEARER', ci.bearer);
    ci.shape = 'text';
    expect(await jwtOf(await make({ url: ci.requestUrl, url_bearer_env: 'CI_BEARER' }))).to.equal(ci.given[0]);
    ci.shape = 'value';
    const wrong = await failureOf(
      await make({ url: ci.requestUrl, url_bearer_env: 'CI_BEARER', url_field: 'id_token' }),
    );
    expect(wrong).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
    expect(wrong.message).to.contain('no text "id_token"');
    ci.shape = 'other';
    expect(await failureOf(await make({ url: ci.requestUrl, url_bearer_env: 'CI_BEARER' }))).to.include({
      code: 'SERVICE_BAD_ANSWER',
    });
  });

  for (const [file, code] of [
    ['none', 'AUTH_CREDENTIAL_MISSING'],
    ['empty', 'AUTH_CREDENTIAL_EMPTY'],
    ['.', 'AUTH_CREDENTIAL_UNREADABLE'],
  ] as const) {
    it(`url: a bearer file that is ${file} is ${code}, and nothing is asked`, async () => {
      await writeFile(join(dir, 'empty'), '\n');
      expect(await failureOf(await make({ url: ci.requestUrl, url_bearer_file: join(dir, file) }))).to.include({
        code,
      });
      expect(ci.http.requests).to.equal(0);
    });
  }

  const troubles = [
    ['html', 'SERVICE_BAD_ANSWER', 'neither JSON nor a token'],
    ['error', 'SERVICE_BAD_ANSWER', '500: something broke'],
    ['redirect', 'SERVICE_BAD_ANSWER', '302'],
    ['cut', 'SERVICE_UNREACHABLE', 'cannot be reached'],
    ['huge', 'SERVICE_BAD_ANSWER', 'larger than'],
  ] as const;
  for (const [trouble, code, why] of troubles) {
    it(`url: in trouble (${trouble}) it is ${code}, something to wait for; the query is not shown (5.5)`, async () => {
      onGithub();
      ci.http.trouble = trouble;
      for (const source of [
        { github_actions: true },
        { url: ci.requestUrl, url_bearer_env: 'ACTIONS_ID_TOKEN_REQUEST_TOKEN' },
      ]) {
        const error = await failureOf(await make(source));
        expect(error).to.include({ code, act: 'wait' });
        expect(describeError(error)).to.contain(why).and.contain('/idtoken/job-1').and.not.contain('api-version');
      }
    });
  }

  it('url: a silent service fails within its bound (5.5)', async () => {
    onGithub();
    ci.http.trouble = 'silent';
    const failing = failureOf(await make({ github_actions: true }));
    while (fakes.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(fakes.clock.nextInMs).to.equal(5000);
    await fakes.clock.advance(5000);
    expect(await failing).to.include({ code: 'SERVICE_TIMEOUT', act: 'wait' });
  });

  it('several sources are tried in order: file, environment, GitHub, url; the trail says why the first did not answer', async () => {
    onGithub();
    const path = join(dir, 'jwt');
    const method = await make({ path, env: 'VAULT_ID_TOKEN', github_actions: true });
    expect((await method.prepare(LOGIN)).trail).to.deep.equal([
      { source: path, outcome: `jwt path: ${path} does not exist` },
      {
        source: 'environment variable VAULT_ID_TOKEN',
        outcome: 'no JSON web token found; tried the environment variable VAULT_ID_TOKEN (not set)',
      },
      { source: 'GitHub Actions', outcome: `${ci.http.url}/idtoken/job-1 gave it` },
    ]);
    fakes.env.set('VAULT_ID_TOKEN', JWT);
    expect(await jwtOf(method)).to.equal(JWT);
    await writeFile(path, 'dddd.eeee.ffff', { mode: 0o600 });
    expect(await jwtOf(method)).to.equal('dddd.eeee.ffff');
    expect(ci.given).to.have.lengthOf(1);
  });

  it('when no source has one, all are listed with what they came to', async () => {
    await writeFile(join(dir, 'jwt'), 'planted-nonsense', { mode: 0o600 });
    const error = await failureOf(await make({ path: join(dir, 'jwt'), env: 'VAULT_ID_TOKEN', github_actions: true }));
    expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
    expect(error.message)
      .to.contain(join(dir, 'jwt'))
      .and.contain('no JSON web token (16 characters')
      .and.contain('VAULT_ID_TOKEN (not set)')
      .and.contain('ACTIONS_ID_TOKEN_REQUEST_URL (not set)')
      .and.not.contain('planted');
  });

  it('when one of them may have one later, the agent waits', async () => {
    onGithub();
    ci.http.trouble = 'error';
    const error = await failureOf(await make({ env: 'VAULT_ID_TOKEN', github_actions: true }));
    expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
    expect(error.message).to.contain('VAULT_ID_TOKEN (not set)').and.contain('500');
  });

  it('an expired token is sent, because the server decides; trail and hint say so', async () => {
    const token = (exp: number): string => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.c2ln`;
    fakes.env.set('VAULT_ID_TOKEN', token(fakes.clock.now() / 1000 - 60));
    const method = await make({ env: 'VAULT_ID_TOKEN' });
    expect((await method.prepare(LOGIN)).trail?.[0]?.outcome).to.contain('it expired 60 s ago');
    expect(method.hint?.(400, [])).to.contain('VAULT_ID_TOKEN').and.contain('expired 60 s ago');
    fakes.env.set('VAULT_ID_TOKEN', token(fakes.clock.now() / 1000 + 60));
    await method.prepare(LOGIN);
    expect(method.hint?.(400, [])).to.contain('role "app"');
  });

  it('the lock-out counts by the bearer where each attempt has a token of its own (5.1)', async () => {
    onGithub();
    const method = await make({ github_actions: true });
    const [one, two] = [await method.prepare(LOGIN), await method.prepare(LOGIN)];
    expect(one.credential?.equals(two.credential)).to.equal(true);
    ci.bearer = 'the-bearer-of-the-next-job';
    onGithub();
    expect((await method.prepare(LOGIN)).credential?.equals(one.credential)).to.equal(false);
  });

  it('without a file there are no changes to tell', async () => {
    const method = await make({ env: 'VAULT_ID_TOKEN' });
    const changes = method.changes?.(new AbortController().signal)[Symbol.asyncIterator]();
    expect(await changes?.next()).to.include({ done: true });
  });
});
