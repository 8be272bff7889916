// cert beyond the conformance suite: which identity is presented when, and what is refused before it is sent.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, type AuthMethod, type LoginAttempt, type LoginPlan } from '../../../core/sdk/index.js';
import {
  loadPlugin,
  makeCertificate,
  makeFakes,
  show,
  type Fakes,
  type TestCertificate,
} from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/auth-method/cert/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('https://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

describe('auth method cert', () => {
  let dir: string;
  let fakes: Fakes;
  let files: { client_cert: string; client_key: string };
  let one: TestCertificate;
  let two: TestCertificate;
  before(() => {
    one = makeCertificate({ name: 'one' });
    two = makeCertificate({ name: 'two' });
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-cert-'));
    files = { client_cert: join(dir, 'crt'), client_key: join(dir, 'key') };
    fakes = makeFakes();
    await put(one);
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const put = async ({ cert, key }: TestCertificate): Promise<void> => {
    await writeFile(files.client_cert, cert);
    await writeFile(files.client_key, key, { mode: 0o600 });
  };
  const make = async (settings: object): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings, fakes })).plugin;
  const accept = (method: AuthMethod): Promise<void> | undefined => method.accepted?.({ accessor: 'a', policies: [] });
  const nameOf = (plan: LoginPlan): string | undefined =>
    'tls' in plan && plan.tls?.cert !== undefined ? new X509Certificate(plan.tls.cert).subject : undefined;
  const failure = async (method: AuthMethod): Promise<AgentError> => {
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    if (error instanceof AgentError) return error;
    throw new Error(`no AgentError but ${String(error)}`);
  };

  it('sends an empty body over the usual connection without settings (5.4)', async () => {
    const plan = await (await make({})).prepare(LOGIN);
    expect(plan).to.deep.include({ login: 'auth/cert/login', body: {} }).and.not.have.property('tls');
  });

  it('sends the name only when there is one', async () => {
    expect(await (await make({ name: 'web' })).prepare(LOGIN)).to.deep.include({ body: { name: 'web' } });
    expect(await (await make({ name: '' })).prepare(LOGIN)).to.deep.include({ body: {} });
  });

  it('presents certificate, key and authorities from the files', async () => {
    await writeFile(join(dir, 'ca'), two.cert);
    const plan = await (await make({ ...files, ca_cert: join(dir, 'ca') })).prepare(LOGIN);
    expect('tls' in plan && plan.tls?.key?.reveal()).to.equal(one.key.trim());
    expect('tls' in plan && plan.tls?.ca).to.equal(two.cert.trim());
    expect(nameOf(plan)).to.contain('one');
  });

  it('presents no certificate with ca_cert alone (5.4)', async () => {
    await writeFile(join(dir, 'ca'), two.cert);
    const plan = await (await make({ ca_cert: join(dir, 'ca') })).prepare(LOGIN);
    expect('tls' in plan && plan.tls?.ca).to.equal(two.cert.trim());
    expect(nameOf(plan)).to.equal(undefined);
  });

  it('keeps the identity of the first login that worked without reload, and reads again until then', async () => {
    const method = await make(files);
    await method.prepare(LOGIN);
    await put(two);
    expect(nameOf(await method.prepare(LOGIN))).to.contain('two');
    await accept(method);
    await put(one);
    expect(nameOf(await method.prepare(LOGIN))).to.contain('two');
  });

  it('reads the files for each login with reload', async () => {
    const method = await make({ ...files, reload: true });
    await method.prepare(LOGIN);
    await accept(method);
    await put(two);
    expect(nameOf(await method.prepare(LOGIN))).to.contain('two');
  });

  it('refuses a key of another certificate', async () => {
    await writeFile(files.client_key, two.key);
    const error = await failure(await make(files));
    expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential', at: files.client_cert });
    expect(error.message).to.contain('belongs to another certificate');
  });

  const broken: readonly [which: 'client_cert' | 'client_key', content: string, why: string][] = [
    ['client_cert', 'nonsense', 'not a PEM certificate'],
    ['client_key', 'nonsense', 'not a PEM private key'],
    ['client_key', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----', 'passphrase'],
  ];
  for (const [which, content, why] of broken) {
    it(`says of a ${which} that it is ${why}`, async () => {
      await writeFile(files[which], content);
      const error = await failure(await make(files));
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.contain(which).and.contain(why);
    });
  }

  it('warns about an expired certificate and still lets the server decide', async () => {
    await put(makeCertificate({ name: 'old', toMs: Date.UTC(2021, 0, 1) }));
    expect(nameOf(await (await make(files)).prepare(LOGIN))).to.contain('old');
    expect(fakes.log.lines.map(({ level, message }) => `${level} ${message}`)).to.deep.equal([
      'warn client certificate has expired',
    ]);
  });

  it('warns about a certificate that is not valid yet: the clocks may differ', async () => {
    await put(makeCertificate({ name: 'new', fromMs: Date.UTC(2045, 0, 1) }));
    const method = await make(files);
    expect(nameOf(await method.prepare(LOGIN))).to.contain('new');
    expect(fakes.log.lines.map(({ message }) => message)).to.deep.equal([
      'client certificate is not valid yet; compare the clocks',
    ]);
    expect(method.hint?.(400, [])).to.contain(files.client_cert).and.contain('clocks');
  });

  it('the hint says that the certificate has expired, or what else a refusal may mean', async () => {
    const method = await make(files);
    await method.prepare(LOGIN);
    expect(method.hint?.(400, [])).to.contain('TLS-terminating');
    expect(method.hint?.(500, [])).to.equal(undefined);
    await put(makeCertificate({ name: 'old', toMs: Date.UTC(2021, 0, 1) }));
    await method.prepare(LOGIN);
    expect(method.hint?.(403, [])).to.contain('has expired');
  });

  it('the trail names the files, or the connection of the vault block', async () => {
    const outcome = 'read';
    expect((await (await make(files)).prepare(LOGIN)).trail).to.deep.equal([
      { source: files.client_cert, outcome },
      { source: files.client_key, outcome },
    ]);
    expect((await (await make({})).prepare(LOGIN)).trail).to.deep.equal([
      { source: 'vault block', outcome: 'its connection is used as it is' },
    ]);
  });

  for (const [which, arrange, code] of [
    ['missing', (path: string) => rm(path), 'AUTH_CREDENTIAL_MISSING'],
    ['empty', (path: string) => writeFile(path, '\n'), 'AUTH_CREDENTIAL_EMPTY'],
    ['as large as a film', (path: string) => writeFile(path, 'x'.repeat(1 << 21)), 'AUTH_CREDENTIAL_UNREADABLE'],
  ] as const) {
    for (const name of ['client_cert', 'client_key'] as const) {
      it(`a ${name} that is ${which} is ${code}, and no byte of the other is shown (5.7)`, async () => {
        await arrange(files[name]);
        const error = await failure(await make(files));
        expect(error).to.include({ code, act: 'fix-credential', at: files[name] });
        expect(show(error))
          .to.contain(name)
          .and.not.contain(one.cert.split('\n')[1])
          .and.not.contain(one.key.split('\n')[1]);
      });
    }
  }

  it('tells of a new pair, not of half a pair nor of missing files (auth-wire 3.10)', async () => {
    const method = await make({ ...files, reload: true, reload_period: 1000 });
    await method.prepare(LOGIN);
    const stop = new AbortController();
    const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
    let yielded = false;
    const next = changes?.next().then(() => (yielded = true));
    const warnings = (): number => fakes.log.lines.filter(({ level }) => level === 'warn').length;
    const turn = async (until: () => boolean): Promise<void> => {
      await fakes.clock.advance(1000);
      while (!until()) await new Promise((resolve) => setImmediate(resolve));
    };
    await writeFile(files.client_cert, two.cert);
    await turn(() => warnings() === 1);
    await rm(files.client_key);
    await turn(() => warnings() === 2);
    expect(yielded).to.equal(false);
    await put(two);
    await turn(() => yielded);
    await next;
    stop.abort();
    expect(await changes?.next()).to.include({ done: true });
    expect(fakes.clock.pending).to.equal(0);
  });

  it('tells of nothing without reload', async () => {
    const method = await make(files);
    const changes = method.changes?.(new AbortController().signal)[Symbol.asyncIterator]();
    expect(await changes?.next()).to.include({ done: true });
  });
});
