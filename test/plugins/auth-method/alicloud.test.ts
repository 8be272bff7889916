// alicloud beyond the conformance suite: the order of the sources, what each failure says, and when new credentials are noticed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Secret, describeError, type AgentError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, settle, show, type Fakes } from '../../../core/sdk/testing/index.js';
import { AliCloudMetadata } from '../../doubles/alicloud-metadata.js';
import { AliCloudSts } from '../../doubles/alicloud-sts.js';
import { htmlPage } from '../../doubles/azure-http.js';
import { spellingsOf } from '../../scenario/collector.js';
import { until } from '../../scenario/until.js';

const MANIFEST = new URL('../../../plugins/auth-method/alicloud/plugin.json', import.meta.url).href;
const ROLE = 'acs:ram::1234567890:role/app-role';
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};
const decoded = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

describe('auth method alicloud', function () {
  this.timeout(20_000);
  let dir: string;
  let fakes: Fakes;
  let sts: AliCloudSts;
  let metadata: AliCloudMetadata;
  const planted: string[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-alicloud-'));
    fakes = makeFakes(Date.UTC(2026, 2, 1));
    planted.length = 0;
    sts = new AliCloudSts(fakes.clock);
    sts.callers.set('LTAIuser', { secret: plant('the-user-secret+/='), arn: 'acs:ram::1234567890:user/anna' });
    sts.roles.add(ROLE);
    metadata = new AliCloudMetadata(sts.session(ROLE));
    await Promise.all([sts.open(), metadata.open()]);
  });
  afterEach(async () => {
    await Promise.all([sts.close(), metadata.close(), rm(dir, { recursive: true, force: true })]);
  });

  const plant = (secret: string): string => {
    planted.push(secret);
    return secret;
  };
  const make = async (settings: object = {}): Promise<AuthMethod> => {
    const ends = { metadata_endpoint: metadata.url, sts_endpoint: sts.url };
    const all = { role: 'app', region: 'eu-central-1', credential_poll_interval: 60_000, ...ends, ...settings };
    return (await loadPlugin<AuthMethod>(MANIFEST, { settings: all, fakes })).plugin;
  };
  const env = (values: Readonly<Record<string, string>>): void =>
    Object.entries(values).forEach(([name, value]) => fakes.env.set(name, value));
  const query = async (method: AuthMethod): Promise<URLSearchParams> => {
    const plan = await method.prepare(LOGIN);
    if ('token' in plan) throw new Error('a token');
    const { identity_request_url: url } = plan.body as { identity_request_url: string };
    return new URL(decoded(url)).searchParams;
  };
  const keyOf = async (method: AuthMethod): Promise<string | null> => (await query(method)).get('AccessKeyId');
  const trail = async (method: AuthMethod): Promise<string[]> =>
    ((await method.prepare(LOGIN)).trail ?? []).map(({ source, outcome }) => `${source}: ${outcome}`);
  const failure = async (method: AuthMethod): Promise<AgentError> => {
    const error = await method.prepare(LOGIN).then(
      () => Promise.reject(new Error('it must fail')),
      (reason: unknown) => reason as AgentError,
    );
    const said = `${describeError(error)} ${show(error)} ${fakes.log.text()}`;
    expect(planted.flatMap(spellingsOf).filter((form) => said.includes(form))).to.deep.equal([]);
    return error;
  };
  const USER = { access_key: 'LTAIuser', access_secret: new Secret('the-user-secret+/=') };

  const LEGACY = { ALICLOUD_ACCESS_KEY: 'STS.env', ALICLOUD_SECRET_KEY: 's', ALICLOUD_ACCESS_KEY_STS_TOKEN: 't' };
  const MODERN = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: 'STS.modern',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's',
    ALIBABA_CLOUD_SECURITY_TOKEN: 't',
  };
  const CONFIG = { access_key: 'STS.config', access_secret: new Secret('s'), access_token: new Secret('t') };
  const orders: readonly [title: string, variables: Record<string, string>, settings: object, key: string][] = [
    ['the environment before everything', { ...LEGACY, ...MODERN }, CONFIG, 'STS.env'],
    ['the modern names after the old ones', MODERN, CONFIG, 'STS.modern'],
    ['the configuration after the environment', {}, CONFIG, 'STS.config'],
    [
      'secret_key as another name of access_secret',
      {},
      { ...CONFIG, access_secret: undefined, secret_key: new Secret('s') },
      'STS.config',
    ],
    ['access_secret before secret_key', {}, { ...CONFIG, secret_key: new Secret('x') }, 'STS.config'],
  ];
  for (const [title, variables, settings, key] of orders) {
    it(`takes ${title} (auth-wire 7.2)`, async () => {
      env(variables);
      expect(await keyOf(await make(settings))).to.equal(key);
      expect(metadata.asked).to.deep.equal([]);
    });
  }

  it('signs anew for each attempt, with a nonce of its own (5.6)', async () => {
    const method = await make(CONFIG);
    const first = await query(method);
    await fakes.clock.advance(1000);
    const second = await query(method);
    expect(second.get('SignatureNonce')).to.not.equal(first.get('SignatureNonce'));
    expect([first, second].map((one) => one.get('Timestamp'))).to.deep.equal([
      '2026-03-01T00:00:00Z',
      '2026-03-01T00:00:01Z',
    ]);
  });

  it('is one credential for the lock-out while the key is the same (5.1)', async () => {
    const method = await make(CONFIG);
    const credential = async (): Promise<string | undefined> => (await method.prepare(LOGIN)).credential?.reveal();
    const first = await credential();
    expect(await credential()).to.equal(first);
    env(LEGACY);
    expect(await credential()).to.not.equal(first);
  });

  it('asks the instance last, with a session token, and tells what it asked before (5.5, 5.7)', async () => {
    const method = await make();
    expect(await keyOf(method)).to.equal(metadata.credentials.id);
    expect(metadata.asked.map(({ method: verb, url }) => `${verb} ${url.pathname}`)).to.deep.equal([
      'PUT /latest/api/token',
      'GET /latest/meta-data/ram/security-credentials/',
      'GET /latest/meta-data/ram/security-credentials/app-role',
    ]);
    expect(await trail(method)).to.deep.equal([
      'environment variables ALICLOUD_*: not set',
      'environment variables ALIBABA_CLOUD_*: not set',
      'OIDC role of ALIBABA_CLOUD_OIDC_TOKEN_FILE: not set',
      'configuration: not set',
      'instance metadata: answered',
    ]);
  });

  it('asks for a role by name without looking for one', async () => {
    expect(await keyOf(await make({ role_name: 'app-role' }))).to.equal(metadata.credentials.id);
    expect(metadata.asked).to.have.length(2);
  });

  it('goes on without a session token where the service knows none, unless that is forbidden (auth-wire 7.2)', async () => {
    metadata.mode = 'old';
    expect(await keyOf(await make())).to.equal(metadata.credentials.id);
    env({ ALIBABA_CLOUD_IMDSV1_DISABLED: 'true' });
    expect((await failure(await make())).message)
      .to.contain('/latest/api/token')
      .and.contain('404');
  });

  it('assumes a role with an access key, and keeps the session until three minutes before its end (auth-wire 7.2)', async () => {
    const method = await make({ ...USER, role_arn: ROLE, role_session_name: 'web', role_session_expiration: 900 });
    const first = await keyOf(method);
    expect(first).to.match(/^STS\./);
    expect(Object.fromEntries(sts.last?.url.searchParams ?? [])).to.include({
      RoleArn: ROLE,
      RoleSessionName: 'web',
      DurationSeconds: '900',
    });
    await fakes.clock.advance(sts.sessionMs - 180_001);
    expect(await keyOf(method)).to.equal(first);
    expect((await trail(method)).at(-1)).to.equal('configuration: session is still good');
    await fakes.clock.advance(1);
    expect(await keyOf(method)).to.not.equal(first);
    expect(sts.actions).to.deep.equal(['AssumeRole', 'AssumeRole']);
  });

  it('uses a session that is still good while the service is away', async () => {
    const method = await make({ ...USER, role_arn: ROLE });
    const first = await keyOf(method);
    await fakes.clock.advance(sts.sessionMs - 60_000);
    sts.trouble({ status: 500, body: 'x' }, { status: 500, body: 'x' });
    expect(await keyOf(method)).to.equal(first);
    expect((await trail(method)).at(-1))
      .to.contain('remembered')
      .and.contain('500');
    await fakes.clock.advance(60_000);
    sts.trouble({ status: 500, body: 'x' });
    expect(await failure(method)).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
  });

  const oidc = async (token: string): Promise<void> => {
    sts.trust = { provider: 'acs:ram::1:oidc-provider/ack', token: plant('the.oidc.token-one'), role: ROLE };
    await writeFile(join(dir, 'token'), `${token}\n`);
    env({
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: join(dir, 'token'),
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: sts.trust.provider,
      ALIBABA_CLOUD_ROLE_ARN: ROLE,
    });
  };

  it('assumes a role with the OIDC token of a cluster (RRSA), unsigned (auth-wire 7.2)', async () => {
    await oidc('the.oidc.token-one');
    expect(await keyOf(await make())).to.match(/^STS\./);
    expect(sts.last?.url.searchParams.has('Signature')).to.equal(false);
    expect(new URLSearchParams(sts.last?.body).get('OIDCToken')).to.equal('the.oidc.token-one');
  });

  it('passes over an OIDC token that is refused, shows the code and not the token, though the service repeats it (5.4)', async () => {
    await oidc(plant('the.oidc.token-wrong'));
    metadata.role = undefined;
    const error = await failure(await make());
    expect(error.code).to.equal('AUTH_SOURCE_NONE');
    expect(error.message)
      .to.contain('AuthenticationFail.OIDCToken.Invalid')
      .and.contain('no RAM role of this instance');
  });

  it('says of a plain access key that the server accepts assumed roles only (auth-wire 7.2)', async () => {
    const method = await make(USER);
    expect(await keyOf(method)).to.equal('LTAIuser');
    expect(fakes.log.lines.map(({ level, message }) => `${level} ${message}`)).to.deep.equal([
      'warn a plain access key: the server accepts assumed roles only',
    ]);
    expect(method.hint?.(500, ['only assumed-role arn types are supported at this time'])).to.contain('set role_arn');
    expect(method.hint?.(400, [])).to.contain('set role_arn');
  });

  const halves: readonly [title: string, settings: object, text: string][] = [
    ['a key without a secret', { access_key: 'LTAIuser' }, 'configuration (an access key without its secret)'],
    [
      'a secret without a key',
      { access_secret: new Secret('s3cret') },
      'configuration (a secret without its access key)',
    ],
    ['an empty secret', { access_key: 'LTAIuser', access_secret: '' }, 'an access key without its secret'],
    ['a key pair', { private_key: new Secret('pem'), public_key_id: 'id' }, 'key pair sessions are not supported'],
    ['nothing', {}, 'configuration (not set)'],
  ];
  for (const [title, settings, text] of halves) {
    it(`says of ${title} what is missing, and what else was tried (5 bad input)`, async () => {
      metadata.role = undefined;
      const error = await failure(await make(settings));
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
      expect(error.message).to.contain(text).and.contain('ALICLOUD_* (not set)').and.contain('instance metadata (');
      expect(error.hint).to.contain('RAM role');
    });
  }

  it('fails at once where there is no metadata service (5 bad input)', async () => {
    const error = await failure(await make({ metadata_endpoint: 'http://127.0.0.1:1' }));
    expect(error).to.include({ code: 'AUTH_SOURCE_NONE' });
    expect(error.message).to.contain('http://127.0.0.1:1/latest/api/token cannot be reached');
  });

  it('fails within a second for each question where the metadata service is silent (5.5)', async () => {
    metadata.trouble('silence', 'silence');
    const failed = failure(await make());
    for (let count = 0; count < 2; count++) {
      await turn(() => metadata.asked.length === count + 1);
      await fakes.clock.advance(1000);
    }
    expect((await failed).message).to.contain('did not answer within 1 s');
    expect(fakes.clock.pending).to.equal(0);
  });

  const services: readonly [title: string, arrange: () => void, text: string][] = [
    [
      'answers HTML for its roles',
      () => metadata.trouble({ status: 200, body: 'tok' }, htmlPage(200)),
      'not the name of a role',
    ],
    [
      'answers 500',
      () => metadata.trouble({ status: 404, body: '' }, { status: 500, body: 'broken' }),
      'it answered 500: broken',
    ],
    ['answers HTML for credentials', () => trouble(htmlPage(200)), 'it is not a JSON object'],
    ['answers another Code', () => (metadata.code = 'Failed'), 'its Code is not Success but Failed'],
    [
      'lacks the secret',
      () => trouble({ status: 200, body: { Code: 'Success', AccessKeyId: 'x' } }),
      'it has no AccessKeySecret',
    ],
    [
      'gives expired credentials',
      () => (metadata.credentials = sts.session(ROLE, fakes.clock.now() - 1)),
      'they expired at',
    ],
    [
      'redirects',
      () => trouble({ status: 302, body: '', headers: { Location: 'http://127.0.0.1:1/' } }),
      'it answered 302',
    ],
    ['answers too much', () => trouble({ status: 200, body: 'x'.repeat(70_000) }), 'larger than 65536 bytes'],
  ];
  const trouble = (answer: { status: number; body: unknown; headers?: Record<string, string> }): void => {
    metadata.mode = 'both';
    metadata.trouble({ status: 200, body: 'tok' }, { status: 200, body: 'app-role' }, answer);
  };
  for (const [title, arrange, text] of services) {
    it(`says it when the metadata service ${title} (5 bad input)`, async () => {
      metadata.mode = 'both';
      arrange();
      plant(metadata.credentials.secret);
      expect((await failure(await make())).message).to.contain(text);
    });
  }

  it('waits for a service that was asked for by name, and lists the others (5 bad input)', async () => {
    metadata.mode = 'old';
    metadata.trouble({ status: 404, body: '' }, { status: 503, body: 'later' });
    const error = await failure(await make({ role_name: 'app-role' }));
    expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
    expect(error.hint).to.contain('environment variables ALICLOUD_* (not set)');
  });

  const refusals: readonly [title: string, arrange: () => object, text: string][] = [
    [
      'a wrong secret',
      () => ({ ...USER, access_secret: new Secret(plant('another+secret/4711=')) }),
      'SignatureDoesNotMatch',
    ],
    ['an unknown key', () => ({ ...USER, access_key: 'LTAIother' }), 'InvalidAccessKeyId.NotFound'],
    ['a role that may not be assumed', () => ({ ...USER, role_arn: `${ROLE}-other` }), 'NoPermission'],
    [
      'a wrong token',
      () => ({ ...USER, access_token: new Secret(plant('CAISwrong+/token==')) }),
      'InvalidSecurityToken',
    ],
    [
      'a clock that is wrong',
      () => {
        sts.skewMs = 3_600_000;
        return USER;
      },
      'InvalidTimeStamp.Expired',
    ],
  ];
  for (const [title, arrange, text] of refusals) {
    it(`says that the service refuses ${title}, by its code, without a credential (5.4)`, async () => {
      metadata.role = undefined;
      const error = await failure(await make({ role_arn: ROLE, ...arrange() }));
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE' });
      expect(error.message).to.contain(`AssumeRole at ${sts.url}`).and.contain(text);
      if (text.includes('Time')) expect(error.message).to.contain('clock');
    });
  }

  it('looks every minute, tells of other credentials of the instance only, and keeps the old ones while it is away (7.2)', async () => {
    const method = await make({ role_name: 'app-role' });
    await method.prepare(LOGIN);
    const stop = new AbortController();
    const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
    let yielded = false;
    const next = changes?.next().then(() => (yielded = true));
    await settle();
    expect(fakes.clock.nextInMs).to.equal(60_000);
    await pass(() => metadata.asked.length === 4);
    expect(yielded).to.equal(false);
    metadata.trouble({ status: 500, body: '' }, { status: 500, body: '' });
    await pass(() => fakes.log.lines.length === 1);
    expect(fakes.log.lines[0]).to.include({ level: 'warn' });
    metadata.credentials = sts.session(ROLE);
    await pass(() => yielded);
    await next;
    expect(await keyOf(method)).to.equal(metadata.credentials.id);
    stop.abort();
    expect(await changes?.next()).to.include({ done: true });
    expect(fakes.clock.pending).to.equal(0);
  });

  it('tells of a new session of an assumed role, which the reference never notices (auth-wire 14)', async () => {
    const method = await make({ ...USER, role_arn: ROLE, credential_poll_interval: 600_000 });
    await method.prepare(LOGIN);
    const stop = new AbortController();
    const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
    let yielded = false;
    const next = changes?.next().then(() => (yielded = true));
    for (let minutes = 0; minutes < 50; minutes += 10) await fakes.clock.advance(600_000);
    expect(yielded).to.equal(false);
    await fakes.clock.advance(600_000);
    await turn(() => yielded);
    await next;
    expect(sts.actions).to.deep.equal(['AssumeRole', 'AssumeRole']);
    stop.abort();
    expect(await changes?.next()).to.include({ done: true });
  });

  const turn = (isThere: () => boolean): Promise<unknown> => until(String(isThere), isThere);
  const pass = async (isThere: () => boolean): Promise<void> => {
    await fakes.clock.advance(60_000);
    await turn(isThere);
    await turn(() => fakes.clock.nextInMs === 60_000 || isThere());
  };
});
