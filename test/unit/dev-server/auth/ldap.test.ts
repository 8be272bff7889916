// The dev server's ldap method against a directory that verifies: who is let in, with which policies, and what is said to the others.
import { expect } from 'chai';
import { makeCertificate } from '../../../../core/sdk/testing/certificates.js';
import { LdapDouble } from '../../../doubles/ldap.js';
import { rig, type Ask, type Rig } from './rig.js';

const ANN = 'cn=ann,ou=people,dc=example,dc=com';
const ODD = 'cn=a\\,b \\+ c,ou=people,dc=example,dc=com';
const READER = 'cn=reader,dc=example,dc=com';

describe('dev-server/auth/ldap', () => {
  let world: Rig;
  let ask: Ask;
  let directory: LdapDouble;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    directory = await LdapDouble.open([
      { dn: ANN, password: 'right', attributes: { cn: ['ann'], uid: ['a1'], mail: ['ann@example.com'] } },
      { dn: ODD, password: 'right', attributes: { cn: ['a,b + c'] } },
      { dn: READER, password: 'reader-password', attributes: { cn: ['reader'] } },
      { dn: 'cn=Ops,ou=groups,dc=example,dc=com', attributes: { cn: ['Ops'], member: [ANN] } },
      { dn: 'cn=dev,ou=groups,dc=example,dc=com', attributes: { cn: ['dev'], memberUid: ['other'] } },
    ]);
    await ask('POST', 'sys/auth/ldap', { type: 'ldap' });
    await configure();
    await ask('POST', 'auth/ldap/groups/ops', { policies: 'operations' });
    await ask('POST', 'auth/ldap/groups/local', { policies: 'locals' });
    await ask('POST', 'auth/ldap/users/ann', { groups: 'local', policies: 'own' });
  });
  afterEach(() => directory.close());

  const configure = (more: object = {}) =>
    ask('POST', 'auth/ldap/config', {
      url: directory.url,
      userdn: 'ou=people,dc=example,dc=com',
      groupdn: 'ou=groups,dc=example,dc=com',
      token_policies: 'all',
      token_ttl: '10m',
      ...more,
    });
  const login = (password: string, name = 'ann') => ask('POST', `auth/ldap/login/${name}`, { password }, { token: '' });

  it('binds as the user and gives policies of the configuration, the user and all groups (auth-wire 3.5)', async () => {
    const { auth } = await login('right');
    expect(auth.policies).deep.equal(['all', 'default', 'locals', 'operations', 'own']);
    expect(auth).deep.include({ metadata: { username: 'ann' }, lease_duration: 600 });
    expect(directory.binds).deep.equal([{ dn: ANN, code: 0 }]);
  });

  it('warns of a user without groups of the directory', async () => {
    const answer = await login('right', encodeURIComponent('a,b + c'));
    expect([answer.auth.policies, answer.warnings]).deep.equal([
      ['all', 'default'],
      [
        'no LDAP groups found in groupDN "ou=groups,dc=example,dc=com"; only policies from locally-defined groups available',
      ],
    ]);
  });

  it('trims the user name and finds it in any case', async () => {
    expect((await login('right', '%20ANN%20')).auth.policies).include('own');
  });

  const refusals: readonly (readonly [string, string, string, () => void])[] = [
    ['a wrong password', 'wrong', 'ann', () => undefined],
    ['an unknown user', 'right', 'nobody', () => undefined],
    ['an expired password', 'right', 'ann', () => (directory.person(ANN).expired = true)],
    ['a busy directory', 'right', 'ann', () => (directory.mood = 'busy')],
    ['an HTML page instead of a directory', 'right', 'ann', () => (directory.mood = 'html')],
  ];
  for (const [what, password, name, arrange] of refusals) {
    it(`answers 400 to ${what}`, async () => {
      arrange();
      const answer = await login(password, name);
      expect(answer).deep.include({ status: 400, errors: ['ldap operation failed: failed to bind as user'] });
    });
  }

  it('never binds without a password, and says so', async () => {
    const { errors } = await login('');
    expect(errors).deep.equal(['password cannot be of zero length when passwordless binds are being denied']);
    expect(directory.binds).deep.equal([]);
  });

  it('with deny_null_bind off it asks, and the directory refuses a bind without a password', async () => {
    await configure({ deny_null_bind: false });
    expect((await login('')).status).equal(400);
    expect(directory.binds).deep.equal([{ dn: ANN, code: 53 }]);
  });

  it('names a directory that is not there', async () => {
    await directory.close();
    const { status, errors } = await login('right');
    expect([status, errors[0]]).to.satisfy(
      ([code, text]: [number, string]) => code === 400 && /error connecting to host/.test(text),
    );
    directory = await LdapDouble.open([]);
  });

  it('gives up on a silent directory after request_timeout', async () => {
    await configure({ request_timeout: '100ms' });
    directory.mood = 'silent';
    expect((await login('right')).status).equal(400);
  });

  it('finds the user with a service account, whose password is never shown, and binds as both', async () => {
    await configure({ binddn: READER, bindpass: 'reader-password', userattr: 'mail' });
    expect((await login('right', 'ann%40example.com')).auth.policies).include('operations');
    expect(directory.binds.map(({ dn }) => dn)).deep.equal([READER, ANN, READER]);
    expect((await ask('GET', 'auth/ldap/config')).data).not.to.have.property('bindpass');
  });

  it('refuses when the service account is wrong, and does not try the user', async () => {
    await configure({ binddn: READER, bindpass: 'other' });
    expect((await login('right')).status).equal(400);
    expect(directory.binds).deep.equal([{ dn: READER, code: 49 }]);
  });

  it('does not let a user name change the filter or the DN', async () => {
    await configure({ binddn: READER, bindpass: 'reader-password' });
    expect((await login('right', encodeURIComponent('*'))).status).equal(400);
    expect((await login('right', encodeURIComponent('ann)(cn=*'))).status).equal(400);
    await configure({ binddn: '', bindpass: '' });
    expect((await login('right', encodeURIComponent('x,ou=people,dc=example,dc=com'))).status).equal(400);
  });

  it('binds as user@domain with upndomain', async () => {
    await configure({ upndomain: 'example.com' });
    await login('right');
    expect(directory.binds[0]?.dn).equal('ann@example.com');
  });

  it('binds again at a renewal: a changed password or other policies refuse it', async () => {
    const renew = (token: string) => ask('POST', 'auth/token/renew-self', {}, { token });
    const { auth } = await login('right');
    expect((await renew(auth.client_token)).status).equal(200);
    await ask('POST', 'auth/ldap/groups/ops', { policies: 'others' });
    expect(await renew(auth.client_token)).deep.include({
      status: 500,
      errors: ['policies have changed, not renewing'],
    });
    await ask('POST', 'auth/ldap/groups/ops', { policies: 'operations' });
    directory.person(ANN).password = 'new';
    expect((await renew(auth.client_token)).status).equal(400);
    expect((await login('new')).status).equal(200);
  });

  it('locks a user after five wrong passwords', async () => {
    for (let i = 0; i < 5; i++) await login('wrong');
    expect(await login('right')).deep.include({ status: 403, errors: ['permission denied'] });
  });

  it('answers 400 without a configuration, to unknown schemes, and 403 outside of token_bound_cidrs', async () => {
    expect((await configure({ url: 'http://x' })).status).equal(400);
    await configure({ token_bound_cidrs: '10.0.0.0/8' });
    expect(await login('right')).deep.include({ status: 403, errors: ['permission denied'] });
    await ask('POST', 'sys/auth/bare', { type: 'ldap' });
    const bare = await ask('POST', 'auth/bare/login/ann', { password: 'right' }, { token: '' });
    expect(bare).deep.include({ status: 400, errors: ['auth method not configured'] });
    expect((await ask('GET', 'auth/bare/config')).status).equal(404);
  });

  it('speaks TLS to ldaps, and trusts only the authorities of its configuration', async () => {
    const authority = makeCertificate({ name: 'directory authority', authority: true });
    const tls = makeCertificate({ name: 'directory', issuer: authority });
    const person = { dn: ANN, password: 'right', attributes: { cn: ['ann'] } };
    const secure = await LdapDouble.open([person], tls);
    try {
      await configure({ url: secure.url });
      expect((await login('right')).errors[0]).match(/error connecting to host "ldaps:/);
      expect(secure.binds).deep.equal([]);
      await configure({ url: secure.url, certificate: authority.cert });
      expect((await login('right')).status).equal(200);
      await configure({ url: secure.url, certificate: '', insecure_tls: true });
      expect((await login('right')).status).equal(200);
    } finally {
      await secure.close();
    }
  });

  it('tries several addresses in turn', async () => {
    await configure({ url: `ldap://127.0.0.1:1,${directory.url}` });
    expect((await login('right')).status).equal(200);
  });

  it('keeps users and groups: list, read, delete', async () => {
    expect((await ask('LIST', 'auth/ldap/groups')).data['keys']).deep.equal(['local', 'ops']);
    expect((await ask('GET', 'auth/ldap/users/ann')).data).deep.equal({ groups: 'local', policies: ['own'] });
    await ask('DELETE', 'auth/ldap/users/ann');
    expect((await ask('GET', 'auth/ldap/users/ann')).status).equal(404);
    expect((await login('right')).auth.policies).deep.equal(['all', 'default', 'operations']);
  });
});
