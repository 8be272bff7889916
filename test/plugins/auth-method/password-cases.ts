// What the methods with a password have in common (spec auth-wire 1.6): sources and their order, removal, rotation, bad material. Each method's own test
// runs these cases; the server does not take part.
import { lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, Secret, type AuthMethod, type LoginAttempt, type LoginPlan } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, settle, type Fakes } from '../../../core/sdk/testing/index.js';
import { show } from '../../../core/sdk/testing/log-spy.js';
import { spellingsOf } from '../../scenario/collector.js';

/** A login as the driver asks for it. */
export const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

/** One method under test in a folder of its own. */
export class PasswordStage {
  readonly fakes: Fakes = makeFakes(Date.UTC(2026, 0, 1));
  dir = '';

  constructor(readonly name: string) {}

  get path(): string {
    return join(this.dir, 'password');
  }

  async open(): Promise<void> {
    this.dir = await mkdtemp(join(tmpdir(), `claviger-${this.name}-`));
  }

  async close(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  async write(text: string): Promise<void> {
    await writeFile(this.path, text, { mode: 0o600 });
  }

  /** The method with these settings besides the user name. */
  async make(settings: object): Promise<AuthMethod> {
    const manifest = new URL(`../../../plugins/auth-method/${this.name}/plugin.json`, import.meta.url).href;
    const all = { username: 'app', ...settings };
    return (await loadPlugin<AuthMethod>(manifest, { settings: all, fakes: this.fakes })).plugin;
  }

  /** With the password in the file. */
  withFile(settings: object = {}): Promise<AuthMethod> {
    return this.make({ password_file_path: this.path, ...settings });
  }

  exists(path = this.path): Promise<boolean> {
    return lstat(path).then(
      () => true,
      () => false,
    );
  }
}

/** The body of a plan. */
export function bodyOf(plan: LoginPlan): Readonly<Record<string, unknown>> {
  if ('token' in plan) throw new Error('a token, no login');
  return plan.body as Readonly<Record<string, unknown>>;
}

/** The error that `prepare` ends with. */
export async function failureOf(method: AuthMethod, attempt: LoginAttempt = LOGIN): Promise<AgentError> {
  const error: unknown = await method.prepare(attempt).catch((reason: unknown) => reason);
  if (error instanceof AgentError) return error;
  throw new Error(`no AgentError but ${show(error)}`);
}

/** Those of the secrets that show in an error or in the log, in any spelling (rule 5.4). */
export function leaked(stage: Pick<PasswordStage, 'fakes'>, error: unknown, secrets: readonly string[]): string[] {
  const text = `${show(error)} ${error instanceof AgentError ? `${error.message} ${error.hint ?? ''}` : ''} ${stage.fakes.log.text()}`;
  return secrets.filter((secret) => spellingsOf(secret).some((form) => text.includes(form)));
}

/** Which places a method looks at besides a file. */
export interface PasswordCases {
  /** The reference's ldap knows files only. */
  readonly filesOnly?: boolean;
  /** How long to wait between two logins of one method (okta's limit of pushes). */
  readonly pauseMs?: number;
}

const accept = (method: AuthMethod): Promise<void> =>
  method.accepted?.({ accessor: 'a', policies: [] }) ?? Promise.reject(new Error('no accepted()'));

/** Declares the tests. */
export function passwordCases(name: string, { filesOnly = false, pauseMs = 0 }: PasswordCases = {}): void {
  const stage = (): PasswordStage => current;
  let current: PasswordStage;
  beforeEach(async () => {
    current = new PasswordStage(name);
    await current.open();
    await current.write('file-password-4711\n');
  });
  afterEach(() => current.close());
  const pause = (): Promise<void> => stage().fakes.clock.advance(pauseMs);
  const passwordOf = async (method: AuthMethod): Promise<unknown> => bodyOf(await method.prepare(LOGIN))['password'];

  describe('the password file (auth-wire 1.6)', () => {
    const trims: readonly (readonly [text: string, settings: object, sent: string])[] = [
      [' pass word \r\n', {}, ' pass word '],
      ['pass\n\n', {}, 'pass\n'],
      ['pässwörd 🔑\n', {}, 'pässwörd 🔑'],
      ['pass\r\n', { trim: false }, 'pass\r\n'],
    ];
    for (const [text, settings, sent] of trims) {
      it(`${JSON.stringify(text)} with ${JSON.stringify(settings)} is sent as ${JSON.stringify(sent)}`, async () => {
        await stage().write(text);
        expect(await passwordOf(await stage().withFile(settings))).to.equal(sent);
      });
    }

    it('is named in the trail with how it answered, and nothing of it may be shown', async () => {
      const plan = await (await stage().withFile()).prepare(LOGIN);
      expect(plan.trail).to.deep.equal([{ source: stage().path, outcome: 'read' }]);
      expect(plan.show ?? []).not.to.include('password');
    });

    const removals: readonly (readonly [settings: object, link: boolean, target: boolean])[] = [
      [{}, false, true],
      [{ remove_password_follows_symlinks: true }, true, false],
      [{ remove_password_after_reading: false, remove_password_follows_symlinks: true }, true, true],
    ];
    for (const [settings, keepsLink, keepsTarget] of removals) {
      it(`after a login with ${JSON.stringify(settings)} a link ${keepsLink ? 'stays' : 'goes'} and its target ${keepsTarget ? 'stays' : 'goes'}`, async () => {
        const link = join(stage().dir, 'link');
        await symlink(stage().path, link);
        const method = await stage().make({ password_file_path: link, ...settings });
        await method.prepare(LOGIN);
        expect([await stage().exists(link), await stage().exists()], 'before the answer').to.deep.equal([true, true]);
        await accept(method);
        expect([await stage().exists(link), await stage().exists()]).to.deep.equal([keepsLink, keepsTarget]);
      });
    }

    it('is kept when it is another one by the time of the answer (5.3)', async () => {
      const method = await stage().withFile();
      await method.prepare(LOGIN);
      await rm(stage().path);
      await stage().write('next-password');
      await accept(method);
      expect(await readFile(stage().path, 'utf8')).to.equal('next-password');
    });

    it('is kept by a test', async () => {
      const method = await stage().withFile();
      await method.prepare({ ...LOGIN, purpose: 'test' });
      await accept(method);
      expect(await stage().exists()).to.equal(true);
    });

    it('is remembered when it is gone, and replaced by a new one', async () => {
      const method = await stage().withFile();
      await method.prepare(LOGIN);
      await accept(method);
      await pause();
      const plan = await method.prepare(LOGIN);
      expect([bodyOf(plan)['password'], plan.trail?.[0]?.outcome]).to.deep.equal(['file-password-4711', 'remembered']);
      await stage().write('new-password');
      await pause();
      expect(await passwordOf(method)).to.equal('new-password');
    });

    it('is not removed and not taken when it is empty: the remembered one counts', async () => {
      const method = await stage().withFile();
      await method.prepare(LOGIN);
      await accept(method);
      await stage().write('');
      await pause();
      expect(await passwordOf(method)).to.equal('file-password-4711');
      await accept(method);
      expect(await stage().exists()).to.equal(true);
    });

    it('survives the symlink swaps of a Kubernetes volume', async () => {
      const volume = async (version: string, text: string): Promise<void> => {
        await mkdir(join(stage().dir, version));
        await writeFile(join(stage().dir, version, 'key'), text);
        await rm(join(stage().dir, '..data'), { force: true });
        await symlink(version, join(stage().dir, '..data'));
      };
      await volume('v1', 'volume-one');
      const key = join(stage().dir, 'key');
      await symlink('..data/key', key);
      const method = await stage().make({ password_file_path: key, remove_password_after_reading: false });
      expect(await passwordOf(method)).to.equal('volume-one');
      const stop = new AbortController();
      const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
      const next = changes?.next();
      await volume('v2', 'volume-two');
      await turns(stage());
      await stage().fakes.clock.advance(60_000);
      expect(await next).to.include({ done: false });
      stop.abort();
      await pause();
      expect(await passwordOf(method)).to.equal('volume-two');
    });

    const periods: readonly (readonly [settings: object, pollMs: number])[] = [
      [{}, 500],
      [{ remove_password_after_reading: false }, 60_000],
      [{ password_read_period: 7000 }, 7000],
    ];
    for (const [settings, pollMs] of periods) {
      it(`is looked at every ${String(pollMs)} ms with ${JSON.stringify(settings)}, and only another password is news (auth-wire 1.5)`, async () => {
        const method = await stage().withFile(settings);
        await method.prepare(LOGIN);
        const stop = new AbortController();
        const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
        let count = 0;
        const next = changes?.next().then(() => count++);
        await turns(stage());
        expect(stage().fakes.clock.nextInMs).to.equal(pollMs);
        await stage().write('file-password-4711');
        await stage().fakes.clock.advance(pollMs);
        await turns(stage());
        expect(count).to.equal(0);
        await stage().write('another-password');
        await stage().fakes.clock.advance(pollMs);
        await next;
        expect(count).to.equal(1);
        stop.abort();
        expect(await changes?.next()).to.include({ done: true });
      });
    }
  });

  describe('bad input', () => {
    const broken: readonly (readonly [what: string, code: string, words: RegExp, arrange: () => Promise<unknown>])[] = [
      ['missing', 'AUTH_CREDENTIAL_MISSING', /does not exist/, () => rm(stage().path)],
      ['empty', 'AUTH_CREDENTIAL_EMPTY', /is empty/, () => stage().write('')],
      ['one line break', 'AUTH_CREDENTIAL_EMPTY', /is empty/, () => stage().write('\r\n')],
      [
        'a folder',
        'AUTH_CREDENTIAL_UNREADABLE',
        /is a directory/,
        () => rm(stage().path).then(() => mkdir(stage().path)),
      ],
      [
        'no text',
        'AUTH_CREDENTIAL_INVALID',
        /is not text/,
        () => writeFile(stage().path, Buffer.from([0xff, 0xfe, 0])),
      ],
      ['huge', 'AUTH_CREDENTIAL_UNREADABLE', /larger than/, () => stage().write('x'.repeat(70_000))],
      [
        'a dangling link',
        'AUTH_CREDENTIAL_MISSING',
        /does not exist/,
        () => rm(stage().path).then(() => symlink(join(stage().dir, 'nowhere'), stage().path)),
      ],
    ];
    for (const [what, code, words, arrange] of broken) {
      it(`a password file that is ${what}: ${code}, naming setting and path`, async () => {
        await arrange();
        const error = await failureOf(await stage().withFile());
        expect(error).to.include({ code, act: 'fix-credential' });
        expect(error.message).to.match(words).and.to.include('password_file_path').and.to.include(stage().path);
      });
    }

    it('nothing is planned once the attempt was given up', async () => {
      const method = await stage().withFile();
      const reason = new Error('given up');
      const error: unknown = await method
        .prepare({ ...LOGIN, signal: AbortSignal.abort(reason) })
        .catch((thrown: unknown) => thrown);
      expect(error).to.equal(reason);
    });

    it('a password is in no message, in no spelling (5.4)', async () => {
      const secret = 'p/l+a"n t\\e%d-ü';
      await stage().write(secret);
      const method = await stage().withFile();
      await method.prepare(LOGIN);
      await rm(stage().path);
      await mkdir(stage().path);
      await pause();
      const plan = await method.prepare(LOGIN);
      const hints = [400, 403, 404, 500, 503].map((status) => method.hint?.(status, [`echo: ${secret}`]) ?? '');
      expect(leaked(stage(), [plan.trail, hints], [secret])).to.deep.equal([]);
    });
  });

  if (!filesOnly) otherPlaces(stage);
}

function otherPlaces(stage: () => PasswordStage): void {
  describe('other places of the password', () => {
    it('the environment variable that password_env names', async () => {
      stage().fakes.env.set('APP_PASSWORD', 'variable-password\n');
      const plan = await (await stage().make({ password_env: 'APP_PASSWORD' })).prepare(LOGIN);
      expect(bodyOf(plan)['password']).to.equal('variable-password');
      expect(plan.trail).to.deep.equal([
        { source: 'password_file_path', outcome: 'not configured' },
        { source: 'environment variable APP_PASSWORD', outcome: 'read' },
      ]);
    });

    it('the configuration, as text or as Secret', async () => {
      for (const password of ['inline-password', new Secret('inline-password')]) {
        const method = await stage().make({ password });
        await stage().fakes.clock.advance(5 * 60_000);
        expect(bodyOf(await method.prepare(LOGIN))['password']).to.equal('inline-password');
      }
    });

    it('a file that is configured comes first, also when it is missing: no other identity slips in', async () => {
      stage().fakes.env.set('APP_PASSWORD', 'variable-password');
      const settings = { password_env: 'APP_PASSWORD', password: 'inline-password' };
      expect(bodyOf(await (await stage().withFile(settings)).prepare(LOGIN))['password']).to.equal(
        'file-password-4711',
      );
      await rm(stage().path);
      expect((await failureOf(await stage().withFile(settings))).code).to.equal('AUTH_CREDENTIAL_MISSING');
    });

    const none: readonly (readonly [value: string | undefined, why: string])[] = [
      [undefined, 'not set'],
      ['', 'empty'],
      ['\n', 'empty'],
    ];
    for (const [value, why] of none) {
      it(`a variable that is ${JSON.stringify(value)} is AUTH_SOURCE_NONE, which lists each source and why`, async () => {
        stage().fakes.env.set('APP_PASSWORD', value);
        const error = await failureOf(await stage().make({ password_env: 'APP_PASSWORD' }));
        expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
        expect(error.message).to.include(
          `tried password_file_path (not configured), environment variable APP_PASSWORD (${why})`,
        );
      });
    }

    it('an empty password in the configuration is refused', async () => {
      expect(await failureOf(await stage().make({ password: '' }))).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
    });

    it('without a file there is nothing to watch', async () => {
      const method = await stage().make({ password: 'inline-password' });
      const changes = method.changes?.(new AbortController().signal)[Symbol.asyncIterator]();
      expect(await changes?.next()).to.include({ done: true });
    });
  });
}

// Lets file work and events of the machine come through.
async function turns(stage: PasswordStage): Promise<void> {
  for (let i = 0; i < 30; i++) await stat(stage.dir);
  await settle();
}
