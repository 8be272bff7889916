import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { loginRequest } from '../../../../plugins/auth-method/oci/login-request.js';
import { OciIdentity } from '../../../doubles/oci-identity.js';
import { rig, type Ask, type Rig } from './rig.js';

const KEY_ID = 'ocid1.tenancy.oc1..t/ocid1.user.oc1..u/aa:bb';
const GROUP = 'ocid1.group.oc1..g';

type Headers = Readonly<Record<string, readonly string[]>>;

describe('dev-server/auth/oci', function () {
  this.timeout(10_000);
  let world: Rig;
  let ask: Ask;
  let identity: OciIdentity;
  let key: KeyObject;
  before(() => {
    key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  });
  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    identity = new OciIdentity(world.clock);
    await identity.open();
    identity.callers.set(KEY_ID, caller());
    await ask('POST', 'sys/auth/oci', { type: 'oci' });
    await ask('POST', 'auth/oci/config', { home_tenancy_id: 'ocid1.tenancy.oc1..t', identity_endpoint: identity.url });
    await ask('POST', 'auth/oci/role/app', { ocid_list: GROUP, token_policies: ['app'], token_ttl: '30m' });
  });
  afterEach(() => identity.close());

  const caller = (more: object = {}) => ({
    publicKey: createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString(),
    tenancy: 'ocid1.tenancy.oc1..t',
    subject: 'ocid1.user.oc1..u',
    type: 'user' as const,
    groups: [GROUP],
    ...more,
  });
  const signed = (mount = 'auth/oci', role = 'app', keyId = KEY_ID): Headers => {
    const address = new URL('http://127.0.0.1:8200');
    return loginRequest({ mount, role, address }, { keyId, key }, world.clock.now()).body.request_headers;
  };
  const login = (headers: unknown = signed(), role = 'app') =>
    ask('POST', `auth/oci/login/${role}`, { request_headers: headers }, { token: '' });

  it('logs in a user whose signature the identity service accepts and who is in a group of the role (auth-wire 9.4)', async () => {
    const answer = await login();
    expect(answer.auth.policies, answer.errors.join()).deep.equal(['app', 'default']);
    expect(answer.auth.metadata).deep.equal({ role_name: 'app' });
    expect(identity.asked.map(({ url }) => url.pathname)).deep.equal([
      '/v1/authentication/authenticateClient',
      '/v1/filterGroupMembership',
    ]);
  });

  it('issues tokens that cannot be renewed', async () => {
    const { auth } = await login();
    expect(auth).include({ renewable: false, lease_duration: 1800 });
    expect((await ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token })).status).equal(400);
  });

  it('takes headers as base64 of JSON too, and any mount in the target (auth-wire 9.4)', async () => {
    expect((await login(Buffer.from(JSON.stringify(signed())).toString('base64'))).status).equal(200);
    expect((await login(signed('auth/cloud/oci'))).status).equal(200);
  });

  const target = (text: string): Headers => ({ ...signed(), '(request-target)': [text] });
  const refusals: readonly (readonly [string, () => unknown, string])[] = [
    ['no headers', () => 'text', 'request_headers is not specified'],
    ['no target', () => ({ ...signed(), '(request-target)': [] }), 'no (request-target)'],
    ['another method', () => target('put /v1/auth/oci/login/app'), 'incorrect (request-target)'],
    ['another role in the target', () => target('get /v1/auth/oci/login/App'), 'incorrect (request-target)'],
    ['a short target', () => target('get /v1/auth/login/app'), 'incorrect (request-target)'],
    ['a target that was not signed', () => target('get /v1/auth/other/login/app'), 'Failed to verify'],
    ['another host', () => ({ ...signed(), Host: ['other'] }), 'Failed to verify'],
    ['an unknown key', () => signed('auth/oci', 'app', 'a/b/c'), 'Service error:NotAuthenticated.'],
  ];
  for (const [title, what, text] of refusals) {
    it(`refuses ${title}`, async () => {
      const answer = await login(what());
      expect(answer.status).equal(400);
      expect(answer.errors.join()).contain(text);
    });
  }

  const principals: readonly (readonly [string, object, string])[] = [
    ['of another tenancy', { tenancy: 'other' }, 'Invalid Tenancy'],
    ['in no group of the role', { groups: ['other'] }, 'Entity not a part of any of the Role OCIDs'],
    ['of another type', { type: 'service' }, 'Wrong principal type'],
    ['whose token has ended', { expiresAt: 0 }, 'The token has expired'],
  ];
  for (const [title, more, text] of principals) {
    it(`refuses a principal ${title}`, async () => {
      identity.callers.set(KEY_ID, caller(more));
      expect((await login()).errors.join()).contain(text);
    });
  }

  it('refuses an old signature, an unknown role, and a cloud that is not there', async () => {
    const old = signed();
    await world.clock.advance(301_000);
    expect((await login(old)).errors.join()).contain('clock skew');
    expect((await login(signed('auth/oci', 'other'), 'other')).errors).deep.equal(['Role is not found']);
    await ask('POST', 'auth/oci/config', { identity_endpoint: 'http://127.0.0.1:1' });
    expect((await login()).errors.join()).contain('client error');
    await ask('POST', 'auth/oci/config', { identity_endpoint: '' });
    expect((await login()).errors.join()).contain('write identity_endpoint');
  });

  it('keeps configuration and roles; names of roles are small', async () => {
    expect((await ask('GET', 'auth/oci/config')).data).include({ home_tenancy_id: 'ocid1.tenancy.oc1..t' });
    await ask('POST', 'sys/auth/other', { type: 'oci' });
    expect((await ask('POST', 'auth/other/config', {})).errors).deep.equal(['Missing homeTenancyId']);
    await ask('POST', 'auth/oci/role/Web', { ocid_list: ['a', 'b'] });
    expect((await ask('LIST', 'auth/oci/role')).data).deep.equal({ keys: ['app', 'web'] });
    expect((await ask('GET', 'auth/oci/role/web')).data).deep.include({ ocid_list: ['a', 'b'] });
    const many = Array.from({ length: 101 }, (_, index) => String(index));
    expect((await ask('POST', 'auth/oci/role/web', { ocid_list: many })).errors.join()).contain('exceeds the limit');
    await ask('DELETE', 'auth/oci/role/web');
    expect((await ask('GET', 'auth/oci/role/web')).status).equal(404);
  });
});
