// cf beyond the conformance suite: what is signed, which file counts, what is refused before it is sent, what a refusal means.
import { X509Certificate, constants, createPrivateKey, verify } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describeError, type AgentError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeCertificate, makeFakes, settle, show, type Fakes } from '../../../core/sdk/testing/index.js';
import { makeInstance, type CfInstance } from '../../doubles/cf-instance.js';
import { spellingsOf } from '../../scenario/collector.js';
import { until } from '../../scenario/until.js';

const MANIFEST = new URL('../../../plugins/auth-method/cf/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

interface Body {
  readonly role: string;
  readonly cf_instance_cert: string;
  readonly signing_time: string;
  readonly signature: string;
}

describe('auth method cf', function () {
  this.timeout(20_000);
  let dir: string;
  let fakes: Fakes;
  let one: CfInstance;
  let two: CfInstance;
  before(() => {
    one = makeInstance();
    two = makeInstance({ name: 'instance-2' });
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-cf-'));
    fakes = makeFakes(Date.UTC(2026, 2, 1, 12, 30, 5, 678));
    await put(one);
    fakes.env.set('CF_INSTANCE_CERT', join(dir, 'crt'));
    fakes.env.set('CF_INSTANCE_KEY', join(dir, 'key'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const put = async ({ certText, keyText }: { certText: string; keyText: string }): Promise<void> => {
    await writeFile(join(dir, 'crt'), certText);
    await writeFile(join(dir, 'key'), keyText, { mode: 0o600 });
  };
  const make = async (settings: object = {}): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings: { role: 'app', ...settings }, fakes })).plugin;
  const bodyOf = async (method: AuthMethod): Promise<Body> => {
    const plan = await method.prepare(LOGIN);
    if ('token' in plan) throw new Error('a token');
    return plan.body as Body;
  };
  const failure = async (method: AuthMethod): Promise<AgentError> =>
    method.prepare(LOGIN).then(
      () => Promise.reject(new Error('it must fail')),
      (error: unknown) => error as AgentError,
    );
  const exposed = (text: string, { keyText }: CfInstance): string[] =>
    keyText
      .split('\n')
      .filter((line) => line.length > 40)
      .flatMap(spellingsOf)
      .filter((form) => text.includes(form));
  const holds = (body: Body, saltLength: number): boolean =>
    verify(
      'sha256',
      Buffer.from(body.signing_time + body.cf_instance_cert + body.role),
      {
        key: new X509Certificate(body.cf_instance_cert).publicKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength,
      },
      Buffer.from(body.signature.slice(3), 'base64'),
    );

  it('signs time, certificate text and role, RSASSA-PSS with SHA-256 and a salt of 222 bytes (auth-wire 8)', async () => {
    const plan = await (await make()).prepare(LOGIN);
    expect(plan).to.include({ login: 'auth/cf/login' });
    const body = await bodyOf(await make());
    expect(body).to.include({ role: 'app', cf_instance_cert: one.certText, signing_time: '2026-03-01T12:30:05Z' });
    expect(body.signature).to.match(/^v1:[A-Za-z0-9+/]+={0,2}$/);
    expect([holds(body, 222), holds(body, 32), holds({ ...body, role: 'App' }, 222)]).to.deep.equal([
      true,
      false,
      false,
    ]);
  });

  it('sends the certificate file byte for byte, white space at its end included (auth-wire 8)', async () => {
    await put({ ...one, certText: `${one.certText}\n\n` });
    const body = await bodyOf(await make());
    expect(body.cf_instance_cert).to.equal(`${one.certText}\n\n`);
    expect(holds(body, 222)).to.equal(true);
  });

  it('signs each attempt anew, at its own time (5.6)', async () => {
    const method = await make();
    const first = await bodyOf(method);
    await fakes.clock.advance(2000);
    const second = await bodyOf(method);
    expect(second.signing_time).to.equal('2026-03-01T12:30:07Z');
    expect(second.signature).to.not.equal(first.signature);
    expect(holds(second, 222)).to.equal(true);
  });

  it('is one credential for the lock-out as long as the files are the same (5.1)', async () => {
    const method = await make();
    const credential = async (): Promise<string | undefined> => (await method.prepare(LOGIN)).credential?.reveal();
    const first = await credential();
    await fakes.clock.advance(2000);
    expect(await credential()).to.equal(first);
    await put(two);
    expect(await credential()).to.not.equal(first);
  });

  it('takes a PKCS#8 key too', async () => {
    const pkcs8 = createPrivateKey(one.keyText).export({ type: 'pkcs8', format: 'pem' }).toString();
    await put({ ...one, keyText: pkcs8 });
    expect(holds(await bodyOf(await make()), 222)).to.equal(true);
  });

  it('reads the files of the settings before those of the environment, and says which (5.7)', async () => {
    await writeFile(join(dir, 'other.crt'), two.certText);
    await writeFile(join(dir, 'other.key'), two.keyText);
    const files = { cf_instance_cert: join(dir, 'other.crt'), cf_instance_key: join(dir, 'other.key') };
    const plan = await (await make(files)).prepare(LOGIN);
    expect('body' in plan && (plan.body as Body).cf_instance_cert).to.equal(two.certText);
    expect(plan.trail).to.deep.equal([
      { source: `${files.cf_instance_cert} (cf_instance_cert)`, outcome: 'read' },
      { source: `${files.cf_instance_key} (cf_instance_key)`, outcome: 'read' },
    ]);
    expect(plan.show).to.deep.equal(['role', 'signing_time']);
    const usual = await (await make()).prepare(LOGIN);
    expect(usual.trail?.map(({ source }) => source)).to.deep.equal([
      `${join(dir, 'crt')} (CF_INSTANCE_CERT)`,
      `${join(dir, 'key')} (CF_INSTANCE_KEY)`,
    ]);
  });

  it('says that neither setting nor variable names the certificate, and where the agent should run (5 bad input)', async () => {
    fakes.env.set('CF_INSTANCE_CERT', undefined);
    const error = await failure(await make());
    expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
    expect(describeError(error))
      .to.contain('cf_instance_cert')
      .and.contain('CF_INSTANCE_CERT')
      .and.contain('container');
  });

  const broken: readonly [title: string, breakIt: () => Promise<unknown>, code: string, text: string][] = [
    ['a missing certificate', () => rm(join(dir, 'crt')), 'AUTH_CREDENTIAL_MISSING', 'CF_INSTANCE_CERT'],
    ['a missing key', () => rm(join(dir, 'key')), 'AUTH_CREDENTIAL_MISSING', 'CF_INSTANCE_KEY'],
    ['an empty certificate', () => writeFile(join(dir, 'crt'), ''), 'AUTH_CREDENTIAL_EMPTY', 'CF_INSTANCE_CERT'],
    [
      'an unreadable key',
      async () => {
        await rm(join(dir, 'key'));
        await mkdir(join(dir, 'key'));
      },
      'AUTH_CREDENTIAL_UNREADABLE',
      'CF_INSTANCE_KEY',
    ],
    ['no certificate', () => writeFile(join(dir, 'crt'), 'text'), 'AUTH_CREDENTIAL_INVALID', 'no PEM certificate'],
    [
      'a broken certificate',
      () => writeFile(join(dir, 'crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      'AUTH_CREDENTIAL_INVALID',
      'is no certificate',
    ],
    [
      'a broken key',
      () => writeFile(join(dir, 'key'), one.keyText.replace(/\n[A-Za-z]/, '\n!')),
      'AUTH_CREDENTIAL_INVALID',
      'not a PEM private key',
    ],
    [
      'an encrypted key',
      () => writeFile(join(dir, 'key'), '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n'),
      'AUTH_CREDENTIAL_INVALID',
      'passphrase',
    ],
    [
      'an elliptic key',
      () => writeFile(join(dir, 'key'), makeCertificate({ name: 'ec' }).key),
      'AUTH_CREDENTIAL_INVALID',
      'not an RSA key',
    ],
    [
      'half of a new pair',
      () => writeFile(join(dir, 'key'), two.keyText),
      'AUTH_CREDENTIAL_INVALID',
      'another certificate',
    ],
  ];
  for (const [title, breakIt, code, text] of broken) {
    it(`refuses ${title} by file, without quoting the key (5 bad input, 5.4)`, async () => {
      await breakIt();
      const error = await failure(await make());
      expect(error).to.include({ code, act: 'fix-credential' });
      expect(error.message).to.contain(text);
      expect(error.message).to.contain(dir);
      const said = `${describeError(error)} ${show(error)} ${fakes.log.text()}`;
      expect([...exposed(said, one), ...exposed(said, two)]).to.deep.equal([]);
    });
  }

  it('warns about an expired certificate and about a missing intermediate, and lets the server decide', async () => {
    await put(makeInstance({ name: 'old', toMs: Date.UTC(2021, 0, 1) }));
    await bodyOf(await make());
    await put({ ...one, certText: one.certText.split(/(?<=END CERTIFICATE-----\n)/)[0] ?? '' });
    await bodyOf(await make());
    expect(fakes.log.lines.map(({ level, message }) => `${level} ${message}`)).to.deep.equal([
      'warn instance certificate has expired',
      'warn the server expects two certificates: the instance and its authority',
    ]);
  });

  it('tells of a new certificate once its key is there too', async () => {
    const method = await make();
    await method.prepare(LOGIN);
    const stop = new AbortController();
    const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
    let yielded = false;
    const next = changes?.next().then(() => (yielded = true));
    await settle();
    await writeFile(join(dir, 'crt'), two.certText);
    await turn(() => fakes.log.lines.length > 0);
    expect(yielded).to.equal(false);
    await writeFile(join(dir, 'key'), two.keyText);
    await turn(() => yielded);
    await next;
    stop.abort();
    expect(await changes?.next()).to.include({ done: true });
    expect(fakes.clock.pending).to.equal(0);
  });

  it('tells of nothing outside of a container', async () => {
    fakes.env.set('CF_INSTANCE_CERT', undefined);
    const changes = (await make()).changes?.(new AbortController().signal)[Symbol.asyncIterator]();
    expect(await changes?.next()).to.include({ done: true });
  });

  const turn = (isThere: () => boolean): Promise<unknown> =>
    until(String(isThere), async () => {
      await fakes.clock.advance(100);
      return isThere();
    });

  const hints: readonly [status: number, text: string, advice: string | undefined][] = [
    [400, 'request is too old; signed at x', 'clocks'],
    [400, 'request is too far in the future; signed at x', 'clocks'],
    [400, 'no matching IP address', 'disable_ip_matching'],
    [500, 'no matching role', 'no role "app" at auth/cf'],
    [500, 'no CA is configured for verifying client certificates', 'identity_ca_certificates'],
    [400, 'expected 2 certs but received 1', 'exactly two'],
    [400, "app ID a doesn't match role constraints of [b]", 'bound_'],
    [400, 'x509: certificate signed by unknown authority', 'trusts the authority'],
    [403, '', 'role "app"'],
    [500, 'internal', undefined],
  ];
  for (const [status, text, advice] of hints) {
    it(`explains ${String(status)} "${text}" (5 bad input)`, async () => {
      const hint = (await make()).hint?.(status, text === '' ? [] : [text]);
      if (advice === undefined) expect(hint).to.equal(undefined);
      else expect(hint).to.contain(advice);
    });
  }
});
