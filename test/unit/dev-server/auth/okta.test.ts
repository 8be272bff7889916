// The dev server's okta method against an Okta that verifies: factors, pushes, policies, and what is said to those who are refused.
import { expect } from 'chai';
import { OktaDouble, codeAt, type OktaPerson } from '../../../doubles/okta.js';
import { rig, type Ask, type Rig } from './rig.js';

const SECRET = Buffer.from('12345678901234567890');

describe('dev-server/auth/okta', () => {
  let world: Rig;
  let ask: Ask;
  let okta: OktaDouble;
  const person = (more: Partial<OktaPerson> = {}): OktaPerson => ({
    password: 'right',
    groups: ['Everyone', 'Ops'],
    ...more,
  });

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    okta = await OktaDouble.open(() => world.clock.now());
    okta.people.set('ann@example.com', person());
    await ask('POST', 'sys/auth/okta', { type: 'okta' });
    await configure();
    await ask('POST', 'auth/okta/groups/ops', { policies: 'operations' });
    await ask('POST', 'auth/okta/users/ann@example.com', { policies: 'own', groups: 'ops' });
  });
  afterEach(() => okta.close());

  const configure = (more: object = {}) =>
    ask('POST', 'auth/okta/config', { org_name: 'acme', base_url: okta.url, api_token: okta.apiToken, ...more });
  // Virtual time goes on until the answer is there.
  const login = async (body: object = {}, name = 'ann@example.com') => {
    let over = false;
    const work = ask('POST', `auth/okta/login/${name}`, { password: 'right', ...body }, { token: '' });
    void work.finally(() => (over = true));
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve));
      await world.clock.advance(10);
    }
    return work;
  };
  const code = (slackMs = 0): string => codeAt(SECRET, world.clock.now() + slackMs);

  it('without a factor: password, groups of Okta and of the user, policies (auth-wire 3.7)', async () => {
    const { auth } = await login();
    expect(auth.policies).deep.equal(['default', 'operations', 'own']);
    expect(auth.metadata).deep.equal({ username: 'ann@example.com', policies: 'operations,own' });
    expect(okta.pushes).equal(0);
  });

  it('warns of a user without groups, and asks for none without an API token', async () => {
    okta.people.set('ben', person({ groups: [] }));
    expect((await login({}, 'ben')).warnings).deep.equal([
      'no Okta groups found; only policies from locally-defined groups available',
    ]);
    await configure({ api_token: '' });
    expect((await login({}, 'ben')).warnings).equal(null);
    await configure({ api_token: 'wrong' });
    expect((await login()).errors[0]).match(/okta failure retrieving groups: .*E0000011/);
  });

  it('holds the login open until the push is approved, and sends one push', async () => {
    okta.people.set('ann@example.com', person({ push: true }));
    okta.pushAnswer = { result: 'SUCCESS', afterLooks: 20 };
    const before = world.clock.now();
    expect((await login()).status).equal(200);
    expect(okta.pushes).equal(1);
    expect(world.clock.now() - before).at.least(20 * 500);
  });

  for (const [result, words] of [
    ['REJECTED', 'multi-factor authentication denied'],
    ['TIMEOUT', 'failed to complete multi-factor authentication'],
  ] as const) {
    it(`answers 400 to a push that ends with ${result}`, async () => {
      okta.people.set('ann@example.com', person({ push: true }));
      okta.pushAnswer = { result, afterLooks: 2 };
      expect(await login()).deep.include({ status: 400, errors: [words] });
    });
  }

  it('takes a passcode instead of a push, once, and with one step of slack', async () => {
    okta.people.set('ann@example.com', person({ push: true, totp: { OKTA: SECRET } }));
    const totp = code(-30_000);
    expect((await login({ totp })).status).equal(200);
    expect((await login({ totp })).errors[0]).match(/E0000068/);
    expect((await login({ totp: code(120_000) })).errors[0]).match(/E0000068/);
    expect(okta.pushes).equal(0);
  });

  it('falls back to a push when a passcode came for a user without a TOTP factor', async () => {
    okta.people.set('ann@example.com', person({ push: true }));
    expect((await login({ totp: '123456' })).status).equal(200);
    expect(okta.pushes).equal(1);
  });

  it('uses the factor of the provider that was asked for', async () => {
    const google = Buffer.from('abcdefghijklmnopqrst');
    okta.people.set('ann@example.com', person({ push: true, totp: { OKTA: SECRET, GOOGLE: google } }));
    expect((await login({ provider: 'google', totp: codeAt(google, world.clock.now()) })).status).equal(200);
    expect((await login({ provider: 'GOOGLE' })).errors).deep.equal([
      "'totp' passcode parameter is required to perform MFA",
    ]);
    expect((await login({ provider: 'DUO' })).errors[0]).match(/^provider DUO is not among the supported ones/);
    expect(okta.pushes).equal(0);
  });

  const refusals: readonly (readonly [what: string, words: RegExp, arrange: () => unknown])[] = [
    [
      'a wrong password',
      /Okta auth failed: .*Authentication failed \(code=E0000004\)/,
      () => (okta.people.get('ann@example.com')!.password = 'new'),
    ],
    ['a locked user', /user is locked out/, () => okta.people.set('ann@example.com', person({ state: 'LOCKED_OUT' }))],
    [
      'an expired password',
      /password is expired/,
      () => okta.people.set('ann@example.com', person({ state: 'PASSWORD_EXPIRED' })),
    ],
    [
      'a user without enrolled factors',
      /enrollment must be completed/,
      () => okta.people.set('ann@example.com', person({ state: 'MFA_ENROLL' })),
    ],
    [
      'another state',
      /^okta authentication failed$/,
      () => okta.people.set('ann@example.com', person({ state: 'RECOVERY' })),
    ],
    [
      'a user with factors of others only',
      /factor is required/,
      () => okta.people.set('ann@example.com', person({ totp: { DUO: SECRET } })),
    ],
    [
      'a user with a TOTP factor and no passcode',
      /'totp' passcode parameter is required/,
      () => okta.people.set('ann@example.com', person({ totp: { OKTA: SECRET } })),
    ],
    ['an HTML page', /unexpected answer with status 200/, () => (okta.trouble = 'html')],
    ['a broken Okta', /unexpected answer with status 500/, () => (okta.trouble = 'error')],
  ];
  for (const [what, words, arrange] of refusals) {
    it(`answers 400 to ${what}, without the password`, async () => {
      arrange();
      const answer = await login();
      expect(answer.status).equal(400);
      expect(answer.errors[0]).match(words);
    });
  }

  it('lets a password that must be changed soon in, and everybody past the factors with bypass_okta_mfa', async () => {
    okta.people.set('ann@example.com', person({ state: 'PASSWORD_WARN' }));
    expect((await login()).status).equal(200);
    okta.people.set('ann@example.com', person({ push: true }));
    await configure({ bypass_okta_mfa: true });
    expect((await login()).status).equal(200);
    expect(okta.pushes).equal(0);
  });

  it('logs in again at a renewal, without a passcode', async () => {
    const { auth } = await login();
    const renew = () => ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token });
    expect((await renew()).status).equal(200);
    await ask('POST', 'auth/okta/groups/ops', { policies: 'others' });
    expect(await renew()).deep.include({ status: 500, errors: ['policies have changed, not renewing'] });
    okta.people.set('ann@example.com', person({ totp: { OKTA: SECRET } }));
    expect((await renew()).status).equal(400);
  });

  it('needs a configuration, never shows the API token, and keeps to token_bound_cidrs', async () => {
    await ask('POST', 'sys/auth/bare', { type: 'okta' });
    expect((await ask('POST', 'auth/bare/login/x', { password: 'x' }, { token: '' })).errors).deep.equal([
      'Okta auth method not configured',
    ]);
    expect((await ask('POST', 'auth/bare/config', {})).status).equal(400);
    expect((await ask('POST', 'auth/bare/config', { org_name: 'a b' })).status).equal(400);
    const { data } = await ask('GET', 'auth/okta/config');
    expect(data).to.include({ org_name: 'acme', bypass_okta_mfa: false }).and.not.to.have.property('api_token');
    await configure({ token_bound_cidrs: '10.0.0.0/8' });
    expect((await login()).status).equal(403);
    expect(okta.passwords).equal(0);
  });
});
