// approle beyond the conformance suite: inline values, remembered files, removal after success, wrapped secret ids.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, Secret, describeError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { leaksIn, loadPlugin, makeFakes, show, type Fakes } from '../../../core/sdk/testing/index.js';
import { isExpectedPath } from '../../../plugins/auth-method/approle/creation-path.js';

const MANIFEST = new URL('../../../plugins/auth-method/approle/plugin.json', import.meta.url).href;
const CREATION_PATH = 'auth/approle/role/app/secret-id';

describe('auth method approle', () => {
  let dir: string;
  let roleFile: string;
  let secretFile: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-approle-'));
    roleFile = join(dir, 'role-id');
    secretFile = join(dir, 'secret-id');
    fakes = makeFakes();
    await writeFile(roleFile, ' role.one \n');
    await writeFile(secretFile, 'secret.one\n', { mode: 0o600 });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const files = (): object => ({ role_id_file_path: roleFile, secret_id_file_path: secretFile });
  const make = async (settings: object): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings, fakes })).plugin;
  const attempt = (other: Partial<LoginAttempt> = {}): LoginAttempt => ({
    signal: new AbortController().signal,
    address: new URL('http://127.0.0.1:8200'),
    namespace: '',
    purpose: 'login',
    ...other,
  });
  const bodyOf = async (method: AuthMethod, other: Partial<LoginAttempt> = {}): Promise<unknown> => {
    const plan = await method.prepare(attempt(other));
    return 'body' in plan ? plan.body : plan;
  };
  const failure = async (method: AuthMethod): Promise<AgentError> => {
    const error: unknown = await method.prepare(attempt()).catch((reason: unknown) => reason);
    if (error instanceof AgentError) return error;
    throw new Error(`no AgentError but ${String(error)}`);
  };
  const accept = (method: AuthMethod): Promise<void> =>
    method.accepted?.({ accessor: 'a', policies: [] }) ?? Promise.reject(new Error('no accepted()'));
  const there = (): Promise<boolean> =>
    readFile(secretFile).then(
      () => true,
      () => false,
    );

  it('logs in at its mount with both ids, trimmed (5.1 steps 1, 3, 5)', async () => {
    const plan = await (await make(files())).prepare(attempt());
    expect(plan).to.deep.include({
      login: 'auth/approle/login',
      body: { role_id: 'role.one', secret_id: 'secret.one' },
    });
    expect(plan.trail).to.deep.equal([
      { source: roleFile, outcome: 'read' },
      { source: secretFile, outcome: 'read' },
    ]);
  });

  for (const path of [undefined, '']) {
    it(`logs in with the role id alone when the secret id path is ${JSON.stringify(path) ?? 'absent'} (5.1 step 2)`, async () => {
      const settings = { role_id_file_path: roleFile, ...(path === undefined ? {} : { secret_id_file_path: path }) };
      expect(await bodyOf(await make(settings))).to.deep.equal({ role_id: 'role.one' });
    });
  }

  it('takes ids from the configuration, as text or as Secret (ours)', async () => {
    const method = await make({ role_id: 'inline-role', secret_id: new Secret('inline-secret') });
    expect(await bodyOf(method)).to.deep.equal({ role_id: 'inline-role', secret_id: 'inline-secret' });
  });

  it('removes the secret id file only after a login that worked, and remembers the value (ours, not before as 5.1 step 4)', async () => {
    const method = await make(files());
    await method.prepare(attempt());
    expect(await there()).to.equal(true);
    await accept(method);
    expect(await there()).to.equal(false);
    expect(await readFile(roleFile, 'utf8')).to.equal(' role.one \n');
    expect(await bodyOf(method)).to.deep.equal({ role_id: 'role.one', secret_id: 'secret.one' });
  });

  it('keeps the file when told to, after a test, and when it was replaced meanwhile (corrections)', async () => {
    const keeping = await make({ ...files(), remove_secret_id_file_after_reading: false });
    await keeping.prepare(attempt());
    await accept(keeping);
    expect(await there()).to.equal(true);
    const method = await make(files());
    await method.prepare(attempt({ purpose: 'test' }));
    await accept(method);
    expect(await there()).to.equal(true);
    await method.prepare(attempt());
    await writeFile(secretFile, 'secret-number-2');
    await accept(method);
    expect(await bodyOf(method)).to.deep.include({ secret_id: 'secret-number-2' });
  });

  it('uses the value read last while the file is empty, with a warning, and fails without one (5.1 step 1)', async () => {
    const method = await make(files());
    await method.prepare(attempt());
    await writeFile(roleFile, '');
    expect(await bodyOf(method)).to.deep.include({ role_id: 'role.one' });
    expect(fakes.log.lines.some(({ level, fields }) => level === 'warn' && fields.path === roleFile)).to.equal(true);
    expect(await failure(await make(files()))).to.include({ code: 'AUTH_CREDENTIAL_EMPTY' });
  });

  it('tells of a new secret id and is silent about the removal', async () => {
    const method = await make(files());
    await method.prepare(attempt());
    await accept(method);
    const stop = new AbortController();
    const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
    const next = changes?.next();
    await writeFile(secretFile, 'secret-2');
    await fakes.clock.advance(10_000);
    expect(await next).to.include({ done: false });
    stop.abort();
    expect(await changes?.next()).to.include({ done: true });
  });

  it('explains refusals without saying more than the server did', async () => {
    const method = await make(files());
    expect(method.hint?.(400, [])).to.contain('does not say which');
    expect(method.hint?.(500, [])).to.equal(undefined);
  });

  const broken: readonly [name: string, arrange: (path: string) => Promise<unknown>, code: string][] = [
    ['missing', (path) => rm(path), 'AUTH_CREDENTIAL_MISSING'],
    ['empty', (path) => writeFile(path, ' \n'), 'AUTH_CREDENTIAL_EMPTY'],
    ['a folder', (path) => rm(path).then(() => mkdir(path)), 'AUTH_CREDENTIAL_UNREADABLE'],
    ['too large', (path) => writeFile(path, 'planted'.repeat(10_000)), 'AUTH_CREDENTIAL_UNREADABLE'],
    ['no text', (path) => writeFile(path, Buffer.from([0xff, 0xfe, 0x70])), 'AUTH_CREDENTIAL_INVALID'],
  ];
  for (const [name, arrange, code] of broken) {
    for (const which of ['role_id_file_path', 'secret_id_file_path'] as const) {
      it(`a ${which} that is ${name} is ${code}: the message names setting and file, and no content of the other`, async () => {
        const path = which === 'role_id_file_path' ? roleFile : secretFile;
        await arrange(path);
        const error = await failure(await make(files()));
        expect(error).to.include({ code, act: 'fix-credential' });
        const text = `${describeError(error)} ${show(error)} ${fakes.log.text()}`;
        expect(text).to.contain(which).and.contain(path);
        expect(leaksIn(text, ['secret.one', 'role.one', 'planted'])).to.deep.equal([]);
      });
    }
  }

  it('the body itself is what the lock-out counts by: another secret id is another credential (5.1)', async () => {
    expect(await (await make(files())).prepare(attempt())).to.not.have.property('credential');
  });

  it('without a secret id file there are no changes to tell', async () => {
    const method = await make({ role_id: 'r', secret_id: new Secret('s') });
    const changes = method.changes?.(new AbortController().signal)[Symbol.asyncIterator]();
    expect(await changes?.next()).to.include({ done: true });
  });

  it('the trail says that a value is remembered when its file is gone', async () => {
    const method = await make(files());
    await method.prepare(attempt());
    await rm(secretFile);
    expect((await method.prepare(attempt())).trail).to.deep.equal([
      { source: roleFile, outcome: 'read' },
      { source: secretFile, outcome: 'remembered' },
    ]);
  });

  describe('with a wrapped secret id', () => {
    const wrapped = (): object => ({ ...files(), secret_id_response_wrapping_path: CREATION_PATH });
    const answerLookup = (path = CREATION_PATH): unknown =>
      fakes.vault.on('GET', 'sys/wrapping/lookup', { status: 200, body: { data: { creation_path: path } } });
    const answerUnwrap = (secret: unknown = 'inner-secret '): unknown =>
      fakes.vault.once('PUT', 'sys/wrapping/unwrap', { status: 200, body: { data: { secret_id: secret } } });
    const calls = (): string[] => fakes.vault.calls.map(({ method, path }) => `${method} ${path}`);

    it('looks up, unwraps with the wrapping token in the header and an empty body, and does not trim (5.1 a-c, corrections)', async () => {
      answerLookup();
      answerUnwrap();
      expect(await bodyOf(await make(wrapped()), { namespace: 'ns1' })).to.deep.include({ secret_id: 'inner-secret ' });
      expect(calls()).to.deep.equal(['GET sys/wrapping/lookup', 'PUT sys/wrapping/unwrap']);
      for (const { call } of fakes.vault.calls) {
        expect(call.token?.reveal()).to.equal('secret.one');
        expect(call).to.include({ namespace: 'ns1' }).and.not.have.property('body');
      }
    });

    it('unwraps once per content, also after the file was removed', async () => {
      answerLookup();
      answerUnwrap('first');
      const method = await make(wrapped());
      await method.prepare(attempt());
      expect(await bodyOf(method)).to.deep.include({ secret_id: 'first' });
      await accept(method);
      expect(await there()).to.equal(false);
      expect(await bodyOf(method)).to.deep.include({ secret_id: 'first' });
      expect(calls()).to.have.length(2);
      await writeFile(secretFile, 'wrapping-2');
      answerUnwrap('second');
      expect(await bodyOf(method)).to.deep.include({ secret_id: 'second' });
      expect(calls()).to.have.length(4);
    });

    it('refuses another creation path, unwraps nothing and keeps the file (5.1 a)', async () => {
      answerLookup('sys/wrapping/wrap');
      const method = await make(wrapped());
      const error = await failure(method);
      expect(error).to.include({ code: 'AUTH_WRAPPED_TAMPERED', act: 'fix-credential' });
      expect(error.message).to.contain('SECURITY').and.contain('sys/wrapping/wrap').and.contain(CREATION_PATH);
      expect(calls()).to.deep.equal(['GET sys/wrapping/lookup']);
      expect(await there()).to.equal(true);
    });

    it('only looks up for a test and spends nothing', async () => {
      answerLookup();
      const method = await make(wrapped());
      expect(await bodyOf(method, { purpose: 'test' })).to.deep.equal({ role_id: 'role.one' });
      expect(calls()).to.deep.equal(['GET sys/wrapping/lookup']);
    });

    it('says that a wrapper was used before (corrections: unwrapping twice is 400), even with an older secret id (5.1 d)', async () => {
      answerLookup();
      answerUnwrap('first');
      const method = await make(wrapped());
      await method.prepare(attempt());
      await writeFile(secretFile, 'wrapping-2');
      const errors = ['wrapping token is not valid or does not exist'];
      fakes.vault.on('PUT', 'sys/wrapping/unwrap', { status: 400, body: { errors } });
      const error = await failure(method);
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.contain('sys/wrapping/unwrap answered 400').and.contain('wrapping token is not valid');
      expect(error.hint).to.contain('unwrapped before');
      expect(`${error.message} ${error.hint}`).not.to.contain('wrapping-2');
    });

    it('takes a server that is down or sealed as a thing to wait for', async () => {
      fakes.vault.once('GET', 'sys/wrapping/lookup', { status: 503, body: { errors: ['Vault is sealed'] } });
      const method = await make(wrapped());
      expect(await failure(method)).to.include({ code: 'AUTH_BAD_ANSWER', act: 'wait' });
      fakes.vault.down('GET', 'sys/wrapping/lookup');
      expect(await failure(method)).to.include({ act: 'wait' });
    });

    for (const data of [undefined, null, { secret_id: 5 }, { secret_id: '' }, { other: 'x' }]) {
      it(`refuses an unwrapped answer with data ${JSON.stringify(data) ?? 'absent'}`, async () => {
        answerLookup();
        fakes.vault.on('PUT', 'sys/wrapping/unwrap', { status: 200, body: { data } });
        expect(await failure(await make(wrapped()))).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
      });
    }
  });

  describe('creation paths', () => {
    const cases: readonly [want: string, got: string, namespace: string, same: boolean][] = [
      ['auth/a/role/r/secret-id', 'auth/a/role/r/secret-id', '', true],
      ['/auth/a/role/r/secret-id', 'auth/a/role/r/secret-id', '', true],
      ['ns1/auth/a/role/r/secret-id', 'auth/a/role/r/secret-id', 'ns1/', true],
      ['auth/a/role/r/secret-id', 'ns1/sub/auth/a/role/r/secret-id', 'ns1/sub', true],
      ['ns2/auth/a/role/r/secret-id', 'auth/a/role/r/secret-id', 'ns1/', false],
      ['auth/a/role/r/secret-id', 'auth/a/role/r/secret-id/', '', false],
      ['auth/a/role/r/secret-id', 'auth/a/role/other/secret-id', '', false],
      ['auth/a/role/r/secret-id', 'sys/wrapping/wrap', '', false],
      ['auth/a/role/r/secret-id', 'AUTH/a/role/r/secret-id', '', false],
      ['auth/a/role/r/secret-id', '(none)', '', false],
    ];
    for (const [want, got, namespace, same] of cases) {
      it(`${got} ${same ? 'is' : 'is not'} ${want} in namespace "${namespace}"`, () => {
        expect(isExpectedPath(want, got, namespace)).to.equal(same);
      });
    }
  });
});
