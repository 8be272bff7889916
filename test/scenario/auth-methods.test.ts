// userpass logs in to the dev server, which verifies like a real one, and delivers to a file sink. Every other method has a file in auth/.
import { expect } from 'chai';
import { delivered, enable, hasLogged, method, withSink } from './auth/stage.js';
import { plant } from './collector.js';
import { onRig } from './rig.js';

describe('scenario: auth methods', function () {
  this.timeout(20_000);

  it('userpass: with the password from a file, one line break at its end does not count', () =>
    onRig({}, async (rig) => {
      await enable(rig, 'userpass');
      const password = plant('a password', 'S3cret "pass" wörd/+%');
      await rig.admin('POST', 'auth/userpass/users/anna', { password, token_policies: ['app'] });
      rig.write('password', `${password}\n`);
      await rig.agent(
        withSink(rig, method('userpass', `username = "anna"\n    password_file_path = "${rig.path('password')}"`)),
      );
      expect(await delivered(rig)).to.include({ path: 'auth/userpass/login/anna', display_name: 'userpass-anna' });
    }));

  it('userpass: a wrong password shows what the server said and never the password', () =>
    onRig({}, async (rig) => {
      await enable(rig, 'userpass');
      await rig.admin('POST', 'auth/userpass/users/anna', { password: 'the-right-password', token_policies: ['app'] });
      const wrong = plant('a wrong password', 'the-wrong-password-4711');
      const agent = await rig.agent(withSink(rig, method('userpass', `username = "anna"\n    password = "${wrong}"`)));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED.*invalid username or password/);
    }));
});
