// Scenario ldap: a stanza with the reference's keys, a directory that verifies binds, the dev server between them.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { show } from '../../../core/sdk/testing/log-spy.js';
import { LdapDouble } from '../../doubles/ldap.js';
import { plant } from '../collector.js';
import { onRig, type Rig } from '../rig.js';
import { until } from '../until.js';
import { REAUTH, delivered, deliveredAnew, hasLogged, mountAuth, putSecret, stanza } from './password-login.js';

const APP = 'cn=app\\, one,ou=people,dc=example,dc=com';

describe('scenario: auth method ldap', function () {
  this.timeout(20_000);
  let directory: LdapDouble;
  beforeEach(async () => {
    directory = await LdapDouble.open([
      { dn: APP, password: 'Pass "one" wörd/+%', attributes: { cn: ['app, one'] } },
      { dn: 'cn=services,ou=groups,dc=example,dc=com', attributes: { cn: ['services'], member: [APP] } },
    ]);
  });
  afterEach(() => directory.close());

  const prepare = async (rig: Rig): Promise<void> => {
    await mountAuth(rig, 'ldap', {
      url: directory.url,
      userdn: 'ou=people,dc=example,dc=com',
      groupdn: 'ou=groups,dc=example,dc=com',
    });
    await rig.admin('POST', 'auth/ldap/groups/services', { policies: 'app' });
  };
  const block = (rig: Rig, ...more: string[]): string =>
    stanza(rig, 'ldap', ['username = "app, one"', `password_file_path = "${rig.path('password')}"`, ...more], REAUTH);

  it('logs in, removes the file after the login that worked, and follows a new password (auth-wire 3.5, 1.6)', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      putSecret(rig, 'password', 'Pass "one" wörd/+%');
      await rig.agent(block(rig));
      const first = await delivered(rig);
      expect(first.path).to.match(/^auth\/ldap\/login\/app/);
      expect(first.policies).to.deep.equal(['app', 'default']);
      expect(first.meta).to.deep.equal({ username: 'app, one' });
      await until('the removal', () => !existsSync(rig.path('password')));
      directory.person(APP).password = 'password-number-two';
      putSecret(rig, 'password', 'password-number-two');
      await deliveredAnew(rig, first.accessor);
      expect(directory.binds.map(({ code }) => code)).to.deep.equal([0, 0]);
    }));

  it('says why a login was refused, keeps the file, and survives it', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      putSecret(rig, 'password', 'not-the-password-4711');
      const agent = await rig.agent(block(rig, 'password_read_period = "1h"', 'remove_password_after_reading = true'));
      await hasLogged(
        agent,
        /\[ERROR\].*error authenticating.*AUTH_REFUSED.*failed to bind as user.*does not take this user/,
      );
      expect([existsSync(rig.path('password')), existsSync(rig.path('token'))]).to.deep.equal([true, false]);
      putSecret(rig, 'password', 'Pass "one" wörd/+%');
      expect((await delivered(rig)).policies).to.include('app');
    }));

  it('tells a directory that is not there from a wrong password', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await rig.admin('POST', 'auth/ldap/config', { url: 'ldap://127.0.0.1:1' });
      putSecret(rig, 'password', plant('a password', 'Pass "one" wörd/+%'));
      const agent = await rig.agent(block(rig));
      await hasLogged(agent, /\[ERROR\].*error connecting to host.*cannot reach the directory/);
      await rig.admin('POST', 'auth/ldap/config', { url: directory.url });
      expect((await delivered(rig)).policies).to.include('app');
    }));

  it('a read period of zero and a user name that would leave the path are configuration errors (auth-wire 1.6)', () =>
    onRig({}, async (rig) => {
      const config = ['username = ".."', 'password_file_path = "/nowhere"', 'password_read_period = 0'];
      const started: unknown = await rig.agent(stanza(rig, 'ldap', config)).catch((error: unknown) => error);
      expect(show(started))
        .to.match(/username: .*right form/)
        .and.match(/password_read_period: it must be more than 0s/);
    }));
});
