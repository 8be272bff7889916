// github beyond the conformance suite: file or variable, trimming, removal, rotation, bad tokens, what its refusals mean.
import { lstat, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type AuthMethod } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, settle, type Fakes } from '../../../core/sdk/testing/index.js';
import { LOGIN, bodyOf, failureOf, leaked } from './password-cases.js';

const MANIFEST = new URL('../../../plugins/auth-method/github/plugin.json', import.meta.url).href;
const TOKEN = 'ghp_0123456789abcdefABCDEF';

describe('auth method github', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-github-'));
    path = join(dir, 'token');
    fakes = makeFakes();
    await writeFile(path, ` ${TOKEN}\n`, { mode: 0o600 });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const make = async (settings: object): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings, fakes })).plugin;
  const exists = (): Promise<boolean> =>
    lstat(path).then(
      () => true,
      () => false,
    );
  const accept = (method: AuthMethod): Promise<void> =>
    method.accepted?.({ accessor: 'a', policies: [] }) ?? Promise.reject(new Error('no accepted()'));

  it('sends the token of the file, trimmed, and nothing of it may be shown (auth-wire 3.9)', async () => {
    const plan = await (await make({ token_file_path: path })).prepare(LOGIN);
    expect(plan).to.include({ login: 'auth/github/login' });
    expect([bodyOf(plan), plan.show]).to.deep.equal([{ token: TOKEN }, undefined]);
    expect(plan.trail).to.deep.equal([{ source: path, outcome: 'read' }]);
  });

  it('reads VAULT_AUTH_GITHUB_TOKEN, the variable of the CLI, when no file is configured', async () => {
    fakes.env.set('VAULT_AUTH_GITHUB_TOKEN', `${TOKEN}\n`);
    const plan = await (await make({})).prepare(LOGIN);
    expect(bodyOf(plan)).to.deep.equal({ token: TOKEN });
    expect(plan.trail).to.deep.equal([
      { source: 'token_file_path', outcome: 'not configured' },
      { source: 'environment variable VAULT_AUTH_GITHUB_TOKEN', outcome: 'read' },
    ]);
  });

  it('a file that is configured and missing never lets the variable in', async () => {
    fakes.env.set('VAULT_AUTH_GITHUB_TOKEN', 'ghp_somebodyElse');
    await rm(path);
    const error = await failureOf(await make({ token_file_path: path }));
    expect(error).to.include({ code: 'AUTH_CREDENTIAL_MISSING', act: 'fix-credential' });
    expect(error.message).to.include(`token_file_path: ${path}`);
  });

  for (const [value, why] of [
    [undefined, 'not set'],
    ['', 'empty'],
    [' \n', 'empty'],
  ] as const) {
    it(`without a file, a variable that is ${JSON.stringify(value)} is AUTH_SOURCE_NONE, which lists both sources`, async () => {
      fakes.env.set('VAULT_AUTH_GITHUB_TOKEN', value);
      const error = await failureOf(await make({}));
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
      expect(error.message).to.include(
        `tried token_file_path (not configured), environment variable VAULT_AUTH_GITHUB_TOKEN (${why})`,
      );
    });
  }

  const broken: readonly (readonly [what: string, code: string, arrange: () => Promise<unknown>])[] = [
    ['empty', 'AUTH_CREDENTIAL_EMPTY', () => writeFile(path, ' \n')],
    ['a folder', 'AUTH_CREDENTIAL_UNREADABLE', () => rm(path).then(() => mkdir(path))],
    ['two lines', 'AUTH_CREDENTIAL_INVALID', () => writeFile(path, `${TOKEN}\nghp_second`)],
    ['a sentence', 'AUTH_CREDENTIAL_INVALID', () => writeFile(path, `my token: ${TOKEN}`)],
    ['no ASCII', 'AUTH_CREDENTIAL_INVALID', () => writeFile(path, `${TOKEN}ü`)],
  ];
  for (const [what, code, arrange] of broken) {
    it(`a token file that is ${what}: ${code}, naming the path and not the token (5.4)`, async () => {
      await arrange();
      const error = await failureOf(await make({ token_file_path: path }));
      expect(error).to.include({ code, act: 'fix-credential' });
      expect(error.message).to.include(path);
      expect(leaked({ fakes }, error, [TOKEN, 'ghp_second'])).to.deep.equal([]);
    });
  }

  for (const [settings, stays] of [
    [{}, false],
    [{ remove_token_after_reading: false }, true],
  ] as const) {
    it(`with ${JSON.stringify(settings)} the file ${stays ? 'stays' : 'goes'} after the login, and the token is remembered`, async () => {
      const method = await make({ token_file_path: path, ...settings });
      await method.prepare(LOGIN);
      expect(await exists()).to.equal(true);
      await accept(method);
      expect(await exists()).to.equal(stays);
      expect(bodyOf(await method.prepare(LOGIN))).to.deep.equal({ token: TOKEN });
    });
  }

  it('is kept by a test, and when it is another file by the time of the answer (5.3)', async () => {
    const method = await make({ token_file_path: path });
    await method.prepare({ ...LOGIN, purpose: 'test' });
    await accept(method);
    expect(await exists()).to.equal(true);
    await method.prepare(LOGIN);
    await rm(path);
    await writeFile(path, 'ghp_next');
    await accept(method);
    expect(await exists()).to.equal(true);
    expect(bodyOf(await method.prepare(LOGIN))).to.deep.equal({ token: 'ghp_next' });
  });

  for (const [settings, pollMs] of [
    [{}, 500],
    [{ remove_token_after_reading: false }, 60_000],
    [{ token_read_period: 7000 }, 7000],
  ] as const) {
    it(`looks every ${String(pollMs)} ms with ${JSON.stringify(settings)}, and white space is no news`, async () => {
      const method = await make({ token_file_path: path, ...settings });
      await method.prepare(LOGIN);
      const stop = new AbortController();
      const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
      let count = 0;
      const next = changes?.next().then(() => count++);
      const turns = async (): Promise<void> => {
        for (let i = 0; i < 30; i++) await stat(dir);
        await settle();
      };
      await turns();
      expect(fakes.clock.nextInMs).to.equal(pollMs);
      await writeFile(path, `${TOKEN}\n\n`);
      await fakes.clock.advance(pollMs);
      await turns();
      expect(count).to.equal(0);
      await writeFile(path, 'ghp_next');
      await fakes.clock.advance(pollMs);
      await next;
      expect(count).to.equal(1);
      stop.abort();
      expect(await changes?.next()).to.include({ done: true });
    });
  }

  const refusals: readonly (readonly [status: number, error: string, words: RegExp])[] = [
    [400, 'user is not part of required org', /not in the organization.*read:org/],
    [400, 'configuration has not been set', /write auth\/github\/config/],
    [500, 'GET https://api.github.com/user: 401 Bad credentials []', /wrong, expired or revoked/],
    [500, 'GET https://api.github.com/user: 403 API rate limit exceeded []', /rate limit/],
    [500, 'dial tcp: lookup api.github.com: no such host', /could not ask GitHub/],
    [403, 'permission denied', /no github method at auth\/github/],
  ];
  for (const [status, error, words] of refusals) {
    it(`explains ${String(status)} ${error}`, async () => {
      expect((await make({})).hint?.(status, [error])).to.match(words);
    });
  }

  it('has nothing to add to a sealed server', async () => {
    expect((await make({})).hint?.(503, ['Vault is sealed'])).to.equal(undefined);
  });
});
