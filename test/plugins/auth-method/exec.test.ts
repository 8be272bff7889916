// exec beyond the conformance suite: formats, bounds, the environment, the process group, and that nothing a command says is repeated.
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, Secret, describeError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { leaksIn, loadPlugin, makeFakes, show, type Fakes } from '../../../core/sdk/testing/index.js';
import { until } from '../../scenario/until.js';

const MANIFEST = new URL('../../../plugins/auth-method/exec/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};
const PLANTED = 'planted-"quoted" s3cret/ö';

describe('auth method exec', () => {
  let dir: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-exec-'));
    fakes = makeFakes();
    fakes.env.set('PATH', process.env['PATH']);
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const script = async (lines: string, first = '#!/bin/sh'): Promise<string> => {
    const path = join(dir, 'command');
    await writeFile(path, `${first}\n${lines}\n`);
    await chmod(path, 0o700);
    return path;
  };
  const make = async (settings: object): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings, fakes })).plugin;
  const failureOf = async (method: AuthMethod): Promise<AgentError> => {
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    if (!(error instanceof AgentError)) throw new Error(`no AgentError but ${show(error)}`);
    expect(leaksIn(`${describeError(error)} ${show(error)} ${fakes.log.text()}`, [PLANTED, 'planted'])).to.deep.equal(
      [],
    );
    return error;
  };
  const printing = async (text: string): Promise<string> => {
    await writeFile(join(dir, 'text'), text);
    return script(`cat '${join(dir, 'text')}'`);
  };

  it('format jwt: the trimmed output is the token of the login, and only the role may be shown', async () => {
    const command = await printing(' a.b.c \n');
    const plan = await (await make({ command: [command], role: 'app' })).prepare(LOGIN);
    expect(plan).to.deep.equal({
      login: 'auth/jwt/login',
      body: { role: 'app', jwt: 'a.b.c' },
      show: ['role'],
      trail: [{ source: command, outcome: 'printed a JSON web token of 8 bytes' }],
    });
  });

  it('format jwt without a role leaves the choice to the server', async () => {
    const plan = await (await make({ command: [await printing('a.b.c')] })).prepare(LOGIN);
    expect(plan).to.deep.include({ body: { jwt: 'a.b.c' } });
  });

  it('format token: the output is a token that is held, not made', async () => {
    const plan = await (await make({ command: [await printing('hvs.one\n')], format: 'token' })).prepare(LOGIN);
    expect('token' in plan && plan.token.reveal()).to.equal('hvs.one');
    expect(plan).to.not.have.property('login');
  });

  it('format login: the printed object is the body, at the path below the mount', async () => {
    const settings = {
      command: [await printing('{"password":"p","x":[1]}')],
      format: 'login',
      login_path: 'login/anna',
    };
    const { plugin } = await loadPlugin<AuthMethod>(MANIFEST, {
      settings: { ...settings, show: ['x'] },
      mount: 'auth/userpass',
      fakes,
    });
    expect(await plugin.prepare(LOGIN)).to.deep.include({
      login: 'auth/userpass/login/anna',
      body: { password: 'p', x: [1] },
      show: ['role', 'x'],
    });
  });

  it('format login: a role of the settings is added, one that was printed wins', async () => {
    const body = async (text: string): Promise<unknown> => {
      const plan = await (await make({ command: [await printing(text)], format: 'login', role: 'app' })).prepare(LOGIN);
      return 'body' in plan && plan.body;
    };
    expect(await body('{"jwt":"x"}')).to.deep.equal({ role: 'app', jwt: 'x' });
    expect(await body('{"role":"mine"}')).to.deep.equal({ role: 'mine' });
  });

  it('runs the command anew for each plan: one output, one attempt (5.6)', async () => {
    const count = join(dir, 'count');
    const command = await script(`echo x >> '${count}'; echo "a.b.$(wc -l < '${count}' | tr -d ' ')"`);
    const method = await make({ command: [command] });
    const jwts = [await method.prepare(LOGIN), await method.prepare(LOGIN)].map((plan) => 'body' in plan && plan.body);
    expect(jwts).to.deep.equal([{ jwt: 'a.b.1' }, { jwt: 'a.b.2' }]);
  });

  it('no shell reads the arguments', async () => {
    const command = await script(`printf '{"arguments":"%s"}' "$*"`);
    const argument = `$(id) ; * > ${join(dir, 'x')} | cat`;
    const plan = await (await make({ command: [command, argument], format: 'login' })).prepare(LOGIN);
    expect(plan).to.deep.include({ body: { arguments: argument } });
  });

  it('the environment holds the short list and what the settings add, nothing else of the agent, and there is no input', async () => {
    fakes.env.set('VAULT_TOKEN', 'must-not-pass');
    fakes.env.set('LANG', 'C');
    const command = await script(`env > '${join(dir, 'env')}'; cat >> '${join(dir, 'env')}'; echo a.b.c`);
    await (await make({ command: [command], env: { KEY: new Secret(PLANTED), PLAIN: 'x' } })).prepare(LOGIN);
    const names = (await readFile(join(dir, 'env'), 'utf8'))
      .split('\n')
      .map((line) => line.split('=')[0])
      .filter((name) => name !== '' && !['_', 'PWD', 'SHLVL', 'OLDPWD'].includes(name!));
    expect(names.sort()).to.deep.equal(['KEY', 'LANG', 'PATH', 'PLAIN']);
    expect(await readFile(join(dir, 'env'), 'utf8')).to.contain(`KEY=${PLANTED}\n`);
  });

  it('what is on standard error is counted and never shown (5.4)', async () => {
    const command = await script(`echo '${PLANTED}' >&2; echo a.b.c`);
    const plan = await (await make({ command: [command] })).prepare(LOGIN);
    const bytes = Buffer.byteLength(PLANTED) + 1;
    expect(plan.trail?.[0]?.outcome).to.contain(`${String(bytes)} bytes on standard error, not shown`);
    const failing = await failureOf(await make({ command: [await script(`echo '${PLANTED}' >&2; exit 7`)] }));
    expect(failing).to.include({ code: 'AUTH_METHOD_FAILED', act: 'wait' });
    expect(failing.message)
      .to.contain('code 7')
      .and.contain(`${String(bytes)} bytes`);
    expect(leaksIn(fakes.log.text(), [PLANTED])).to.deep.equal([]);
  });

  const outputs: readonly [format: string, text: string, code: string, why: string][] = [
    ['jwt', '', 'AUTH_CREDENTIAL_EMPTY', 'is empty'],
    ['jwt', ' \n', 'AUTH_CREDENTIAL_EMPTY', 'is empty'],
    ['jwt', PLANTED, 'AUTH_CREDENTIAL_INVALID', 'no JSON web token'],
    ['jwt', `starting ...\n${PLANTED}\na.b.c`, 'AUTH_CREDENTIAL_INVALID', 'no JSON web token'],
    ['token', '\n', 'AUTH_CREDENTIAL_EMPTY', 'is empty'],
    ['token', `${PLANTED}\nsecond line`, 'AUTH_CREDENTIAL_INVALID', 'not one word'],
    ['login', '', 'AUTH_CREDENTIAL_EMPTY', 'is empty'],
    ['login', `{"password":"${PLANTED}"`, 'AUTH_CREDENTIAL_INVALID', 'no JSON object'],
    ['login', `["planted-x"]`, 'AUTH_CREDENTIAL_INVALID', 'no JSON object'],
    ['login', '"planted-x"', 'AUTH_CREDENTIAL_INVALID', 'no JSON object'],
    ['login', 'null', 'AUTH_CREDENTIAL_INVALID', 'no JSON object'],
  ];
  for (const [format, text, code, why] of outputs) {
    it(`format ${format}: ${JSON.stringify(text)} is ${code}, without a word of it`, async () => {
      const error = await failureOf(await make({ command: [await printing(text)], format }));
      expect(error).to.include({ code, act: 'fix-credential' });
      expect(error.message).to.contain(why).and.contain(join(dir, 'command'));
    });
  }

  it('output that is not text is refused', async () => {
    const error = await failureOf(await make({ command: [await script(`printf '\\377\\376'`)] }));
    expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
  });

  it('a command that prints more than max_bytes is killed', async () => {
    const command = await script(`while :; do echo '${PLANTED}'; done`);
    const error = await failureOf(await make({ command: [command], max_bytes: 1000 }));
    expect(error).to.include({ code: 'AUTH_METHOD_FAILED', act: 'wait' });
    expect(error.message).to.contain('more than 1000 bytes').and.contain(command);
  });

  it('max_bytes themselves are allowed', async () => {
    const plan = await (await make({ command: [await printing('a.b.c')], max_bytes: 5 })).prepare(LOGIN);
    expect(plan).to.deep.include({ body: { jwt: 'a.b.c' } });
  });

  // One that was killed and is not collected yet by its new parent is gone too.
  const isGone = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z');
    } catch {
      return true;
    }
  };
  const started = async (): Promise<number[]> => {
    const text = await until('the pids', () => readFile(join(dir, 'pids'), 'utf8').catch(() => ''));
    return text.split(/\s+/).filter(Boolean).map(Number);
  };
  const sleeping = (): Promise<string> =>
    script(`sleep 300 &\necho "$! $$" > '${join(dir, 'x')}'; mv '${join(dir, 'x')}' '${join(dir, 'pids')}'; wait`);

  it('after the time-out the whole process group is killed', async () => {
    const method = await make({ command: [await sleeping()], timeout: 5000 });
    const failing = failureOf(method);
    const pids = await started();
    expect(pids).to.have.lengthOf(2);
    await fakes.clock.advance(4999);
    expect(pids.some(isGone)).to.equal(false);
    await fakes.clock.advance(1);
    const error = await failing;
    expect(error).to.include({ code: 'AUTH_METHOD_FAILED', act: 'wait' });
    expect(error.message).to.contain('within 5 s');
    await until('the end of both', () => pids.every(isGone));
    expect(fakes.clock.pending).to.equal(0);
  });

  it('when the attempt is aborted the whole process group is killed', async () => {
    const over = new AbortController();
    const method = await make({ command: [await sleeping()] });
    const failing = method.prepare({ ...LOGIN, signal: over.signal }).catch((reason: unknown) => reason);
    const pids = await started();
    const reason = new Error('stop');
    over.abort(reason);
    expect(await failing).to.equal(reason);
    await until('the end of both', () => pids.every(isGone));
    expect(fakes.clock.pending).to.equal(0);
  });

  it('what a command left running is killed with its group, and its output counts', async () => {
    const command = await script(`sleep 300 & echo $! > '${join(dir, 'pids')}'; echo a.b.c`);
    expect(await (await make({ command: [command] })).prepare(LOGIN)).to.deep.include({ body: { jwt: 'a.b.c' } });
    const pids = await started();
    await until('its end', () => pids.every(isGone));
  });

  it('a command that ends itself by a signal is said so', async () => {
    const error = await failureOf(await make({ command: [await script('kill -TERM $$')] }));
    expect(error).to.include({ code: 'AUTH_METHOD_FAILED' });
    expect(error.message).to.contain('SIGTERM');
  });

  it('an aborted attempt starts nothing', async () => {
    const command = await script(`echo x > '${join(dir, 'ran')}'; echo a.b.c`);
    const signal = AbortSignal.abort(new Error('stop'));
    await (await make({ command: [command] })).prepare({ ...LOGIN, signal }).catch(() => undefined);
    expect(await readFile(join(dir, 'ran')).catch(() => 'absent')).to.equal('absent');
  });

  it('a missing program, one that may not be run and one without its interpreter are told apart', async () => {
    const missing = await failureOf(await make({ command: [join(dir, 'none')] }));
    expect(missing).to.include({ code: 'AUTH_CREDENTIAL_MISSING', act: 'fix-credential', at: join(dir, 'none') });
    const path = await script('echo a.b.c');
    await chmod(path, 0o600);
    const closed = await failureOf(await make({ command: [path] }));
    expect(closed).to.include({ code: 'AUTH_CREDENTIAL_UNREADABLE', act: 'fix-credential' });
    expect(closed.message).to.contain('permission denied');
    await rm(path);
    const without = await failureOf(await make({ command: [await script('x', '#!/no/such/interpreter')] }));
    expect(without).to.include({ code: 'AUTH_METHOD_FAILED' });
    expect(without.message).to.contain('could not be started').and.contain('ENOENT');
  });

  it('what cannot be passed on is not quoted', async () => {
    const error = await failureOf(await make({ command: [await script('echo a.b.c')], env: { KEY: `${PLANTED}\0` } }));
    expect(error).to.include({ code: 'AUTH_METHOD_FAILED' });
    expect(error.message).to.contain('could not be started');
  });

  for (const command of [['print-token'], ['./print-token'], ['']])
    it(`a program that is not absolute is refused at once: ${JSON.stringify(command)}`, async () => {
      const error: unknown = await make({ command }).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(AgentError).and.include({ code: 'CONFIG_VALUE', act: 'fix-config' });
    });

  it('the hint after a refusal says that the token had expired', async () => {
    const expired = `e30.${Buffer.from(JSON.stringify({ exp: fakes.clock.now() / 1000 - 90 })).toString('base64url')}.c2ln`;
    const method = await make({ command: [await printing(expired)], role: 'app' });
    const plan = await method.prepare(LOGIN);
    expect(plan.trail?.[0]?.outcome).to.contain('expired 90 s ago');
    expect(method.hint?.(400, [])).to.contain('expired 90 s ago');
  });

  it('the hint names the command and the mount, and says nothing about other answers', async () => {
    const command = await printing('a.b.c');
    const method = await make({ command: [command], role: 'app' });
    await method.prepare(LOGIN);
    expect(method.hint?.(400, [])).to.contain(command).and.contain('auth/jwt');
    expect(method.hint?.(500, [])).to.equal(undefined);
  });
});
