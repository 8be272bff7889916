// Scenario userpass: each place of the password, rotation, refusals. (auth-methods.test.ts has the method since the beginning.)
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { show } from '../../../core/sdk/testing/log-spy.js';
import { plant } from '../collector.js';
import { onRig, type Rig } from '../rig.js';
import { until } from '../until.js';
import { REAUTH, delivered, deliveredAnew, hasLogged, mountAuth, putSecret, stanza } from './password-login.js';

describe('scenario: auth method userpass', function () {
  this.timeout(20_000);
  const user = (rig: Rig, password: string): Promise<unknown> =>
    rig.admin('POST', 'auth/userpass/users/anna', { password: plant('a password', password), token_policies: ['app'] });

  it('logs in with a file, removes it after the login that worked, and follows a new password (auth-wire 3.6, 1.6)', () =>
    onRig({}, async (rig) => {
      await mountAuth(rig, 'userpass');
      await user(rig, 'password-number-one');
      const path = putSecret(rig, 'password', 'password-number-one');
      await rig.agent(stanza(rig, 'userpass', ['username = "anna"', `password_file_path = "${path}"`], REAUTH));
      const first = await delivered(rig);
      expect(first).to.include({ path: 'auth/userpass/login/anna', display_name: 'userpass-anna' });
      await until('the removal', () => !existsSync(path));
      await user(rig, 'password-number-two');
      putSecret(rig, 'password', 'password-number-two');
      expect((await deliveredAnew(rig, first.accessor)).policies).to.include('app');
    }));

  it('logs in with the environment variable that password_env names', () =>
    onRig({}, async (rig) => {
      await mountAuth(rig, 'userpass');
      await user(rig, 'password-in-a-variable');
      const env = { ANNAS_PASSWORD: 'password-in-a-variable' };
      await rig.agent(stanza(rig, 'userpass', ['username = "anna"', 'password_env = "ANNAS_PASSWORD"']), { env });
      expect(await delivered(rig)).to.include({ display_name: 'userpass-anna' });
    }));

  it('says which variable is not set', () =>
    onRig({}, async (rig) => {
      await mountAuth(rig, 'userpass');
      const agent = await rig.agent(stanza(rig, 'userpass', ['username = "anna"', 'password_env = "ANNAS_PASSWORD"']), {
        env: {},
      });
      await hasLogged(agent, /\[ERROR\].*AUTH_SOURCE_NONE.*environment variable ANNAS_PASSWORD \(not set\)/);
    }));

  it('says why a login was refused, keeps the file, and survives it', () =>
    onRig({}, async (rig) => {
      await mountAuth(rig, 'userpass');
      await user(rig, 'password-number-one');
      const path = putSecret(rig, 'password', 'not-the-password-4711');
      const agent = await rig.agent(stanza(rig, 'userpass', ['username = "anna"', `password_file_path = "${path}"`]));
      await hasLogged(agent, /\[ERROR\].*AUTH_REFUSED.*invalid username or password.*is wrong/);
      expect([existsSync(path), existsSync(rig.path('token'))]).to.deep.equal([true, false]);
      putSecret(rig, 'password', 'password-number-one');
      expect((await delivered(rig)).policies).to.include('app');
    }));

  it('two places for the password are a configuration error', () =>
    onRig({}, async (rig) => {
      const config = ['username = "anna"', 'password_env = "X"', `password_file_path = "${rig.path('password')}"`];
      const started: unknown = await rig.agent(stanza(rig, 'userpass', config)).catch((error: unknown) => error);
      expect(show(started)).to.include('password_file_path and password_env exclude each other');
    }));
});
