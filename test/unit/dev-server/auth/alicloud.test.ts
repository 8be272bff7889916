import { expect } from 'chai';
import { Secret } from '../../../../core/sdk/index.js';
import { identityRequest } from '../../../../plugins/auth-method/alicloud/identity-request.js';
import { AliCloudSts } from '../../../doubles/alicloud-sts.js';
import { rig, type Ask, type Rig } from './rig.js';

const ROLE = 'acs:ram::1234567890:role/app-role';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Login {
  readonly identity_request_url: string;
  readonly identity_request_headers: string | object;
  readonly role?: string;
}

describe('dev-server/auth/alicloud', () => {
  let world: Rig;
  let ask: Ask;
  let sts: AliCloudSts;
  let nonce: number;
  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    nonce = 0;
    sts = new AliCloudSts(world.clock);
    await sts.open();
    await ask('POST', 'sys/auth/alicloud', { type: 'alicloud' });
    await ask('POST', 'auth/alicloud/config', { sts_endpoint: sts.url });
    await ask('POST', 'auth/alicloud/role/app', { arn: ROLE, token_policies: ['app'] });
  });
  afterEach(() => sts.close());

  const signed = (role = ROLE): Login => {
    const { id, secret, token } = sts.session(role);
    const key = { id, secret: new Secret(secret), token: new Secret(token) };
    return identityRequest(key, 'eu-central-1', { nowMs: world.clock.now(), nonce: `n-${String(nonce++)}` });
  };
  const login = (more: Partial<Login> = {}, request = signed()) =>
    ask('POST', 'auth/alicloud/login', { role: 'app', ...request, ...more }, { token: '' });
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(Buffer.from(signed().identity_request_url, 'base64').toString());
    change(url);
    return base64(url.href);
  };

  it('asks the service with the signed request as it came and logs in the session of the role (auth-wire 7.3)', async () => {
    const answer = await login();
    expect(answer.auth.policies).deep.equal(['app', 'default']);
    expect(answer.auth.metadata).include({
      account_id: '1234567890',
      arn: 'acs:ram::1234567890:assumed-role/app-role/session',
      identity_type: 'AssumedRoleUser',
      role_name: 'app',
    });
    expect(sts.last).include({ method: 'POST', body: '' });
    expect(sts.last?.headers).include({ host: 'sts.eu-central-1.aliyuncs.com', 'x-acs-action': 'GetCallerIdentity' });
  });

  it('takes headers as a plain object too', async () => {
    expect((await login({ identity_request_headers: { 'User-Agent': ['x'] } })).status).equal(200);
  });

  const refusals: readonly (readonly [string, () => Partial<Login>, string])[] = [
    ['no URL', () => ({ identity_request_url: '' }), 'missing identity_request_url'],
    ['a URL that is not base64', () => ({ identity_request_url: '%%%' }), 'failed to base64 decode'],
    ['a text that is no URL', () => ({ identity_request_url: base64('sts') }), 'error parsing identity_request_url'],
    ['no headers', () => ({ identity_request_headers: '' }), 'missing identity_request_headers'],
    ['empty headers', () => ({ identity_request_headers: base64('{}') }), 'missing identity_request_headers'],
    ['plain http', () => ({ identity_request_url: changed((url) => (url.protocol = 'http:')) }), 'expected "https"'],
    [
      'another host',
      () => ({ identity_request_url: changed((url) => (url.host = 'sts.example.com')) }),
      'expected host of "sts.eu-central-1.aliyuncs.com" but received "sts.example.com"',
    ],
    [
      'no region',
      () => ({ identity_request_url: changed((url) => url.searchParams.delete('RegionId')) }),
      'RegionId must not',
    ],
    [
      'another format',
      () => ({ identity_request_url: changed((url) => url.searchParams.set('Format', 'XML')) }),
      'Format must be',
    ],
    [
      'another action',
      () => ({ identity_request_url: changed((url) => url.searchParams.set('Action', 'X')) }),
      'Action must be',
    ],
    [
      'a changed parameter',
      () => ({ identity_request_url: changed((url) => url.searchParams.set('SignatureNonce', 'other')) }),
      'received 400 checking caller identity: {"RequestId":"r-0","HostId":"sts.aliyuncs.com","Code":"SignatureDoesNotMatch"',
    ],
    ['no role', () => ({ role: '' }), 'missing role'],
    ['an unknown role', () => ({ role: 'other' }), 'entry for role other not found'],
  ];
  for (const [title, what, text] of refusals) {
    it(`refuses ${title}`, async () => {
      const answer = await login(what());
      expect(answer.status).equal(500);
      expect(answer.errors.join()).contain(text);
    });
  }

  it('refuses a request that was used, one of another role, one of a user and one that is old', async () => {
    const request = signed();
    expect((await login({}, request)).status).equal(200);
    expect((await login({}, request)).errors.join()).contain('SignatureNonceUsed');
    expect((await login({}, signed('acs:ram::1234567890:role/other'))).errors).deep.equal([
      "the caller's arn does not match the role's arn",
    ]);
    sts.callers.set('user', { secret: 's', arn: 'acs:ram::1234567890:user/anna' });
    const ofUser = identityRequest({ id: 'user', secret: new Secret('s') }, 'r', {
      nowMs: world.clock.now(),
      nonce: 'u',
    });
    expect((await login({}, ofUser)).errors.join()).contain('unsupported parsed type: user');
    const old = signed();
    await world.clock.advance(16 * 60_000);
    expect((await login({}, old)).errors.join()).contain('InvalidTimeStamp.Expired');
  });

  it('has no cloud of its own: without an endpoint it says which setting is missing', async () => {
    await ask('POST', 'auth/alicloud/config', { sts_endpoint: '' });
    expect((await login()).errors.join()).contain('write sts_endpoint');
    await ask('POST', 'auth/alicloud/config', { sts_endpoint: 'http://127.0.0.1:1' });
    expect((await login()).errors.join()).contain('error making request');
    expect((await ask('POST', 'auth/alicloud/config', { sts_endpoint: 'x' })).status).equal(400);
  });

  it('keeps roles with the ARN of a RAM role, and renews as long as they are there', async () => {
    expect((await ask('GET', 'auth/alicloud/role/app')).data).deep.include({ arn: ROLE, token_policies: ['app'] });
    expect((await ask('LIST', 'auth/alicloud/roles')).data).deep.equal({ keys: ['app'] });
    expect((await ask('POST', 'auth/alicloud/role/x', {})).errors).deep.equal(['the arn is required to create a role']);
    expect((await ask('POST', 'auth/alicloud/role/x', { arn: 'acs:ram:1' })).errors.join()).contain('expected 5');
    const session = 'acs:ram::1:assumed-role/a/b';
    expect((await ask('POST', 'auth/alicloud/role/x', { arn: session })).errors.join()).contain('only role arn types');
    const { client_token: token } = (await login()).auth;
    expect((await ask('POST', 'auth/token/renew-self', {}, { token })).status).equal(200);
    await ask('DELETE', 'auth/alicloud/role/app');
    expect((await ask('POST', 'auth/token/renew-self', {}, { token })).errors).deep.equal(['role entry not found']);
  });
});
