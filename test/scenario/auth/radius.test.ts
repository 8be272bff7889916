// Scenario radius: a stanza, a RADIUS server that verifies over UDP, the dev server between them.
import { expect } from 'chai';
import { RadiusDouble } from '../../doubles/radius.js';
import { plant } from '../collector.js';
import { onRig, type Rig } from '../rig.js';
import { REAUTH, delivered, deliveredAnew, hasLogged, mountAuth, putSecret, stanza } from './password-login.js';

const SHARED = 'the-shared-radius-secret';

describe('scenario: auth method radius', function () {
  this.timeout(20_000);
  let server: RadiusDouble;
  beforeEach(async () => {
    server = await RadiusDouble.open(plant('the shared secret', SHARED), {
      app: 'a-password-of-more-than-sixteen-bytes',
      'realm/app': 'another-password',
    });
  });
  afterEach(() => server.close());
  const prepare = (rig: Rig): Promise<void> =>
    mountAuth(rig, 'radius', {
      host: '127.0.0.1',
      port: server.port,
      secret: SHARED,
      unregistered_user_policies: 'app',
    });

  it('logs in with a password from a file and follows a new one (auth-wire 3.8)', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const path = putSecret(rig, 'password', 'a-password-of-more-than-sixteen-bytes');
      await rig.agent(stanza(rig, 'radius', ['username = "app"', `password_file_path = "${path}"`], REAUTH));
      const first = await delivered(rig);
      expect(first).to.include({ path: 'auth/radius/login/app', display_name: 'radius-app' });
      expect(first.policies).to.deep.equal(['app', 'default']);
      server.users.set('app', 'password-number-two');
      putSecret(rig, 'password', 'password-number-two');
      await deliveredAnew(rig, first.accessor);
    }));

  it('sends a user name with a slash in the body, with a password from the environment', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const env = { RADIUS_PASSWORD: plant('a password', 'another-password') };
      await rig.agent(stanza(rig, 'radius', ['username = "realm/app"', 'password_env = "RADIUS_PASSWORD"']), { env });
      expect(await delivered(rig)).to.deep.include({
        path: 'auth/radius/login',
        meta: { username: 'realm/app', policies: 'app' },
      });
    }));

  it('says why a login was refused and survives it', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const path = putSecret(rig, 'password', 'not-the-password-4711');
      const agent = await rig.agent(stanza(rig, 'radius', ['username = "app"', `password_file_path = "${path}"`]));
      await hasLogged(
        agent,
        /\[ERROR\].*AUTH_REFUSED.*access denied by the authentication server.*does not take this user/,
      );
      putSecret(rig, 'password', 'a-password-of-more-than-sixteen-bytes');
      expect((await delivered(rig)).policies).to.include('app');
    }));

  it('hints at the shared secret when the RADIUS server stays silent', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await rig.admin('POST', 'auth/radius/config', {
        secret: plant('a wrong shared secret', 'a-wrong-secret'),
        read_timeout: '200ms',
      });
      const path = putSecret(rig, 'password', 'a-password-of-more-than-sixteen-bytes');
      const agent = await rig.agent(stanza(rig, 'radius', ['username = "app"', `password_file_path = "${path}"`]));
      await hasLogged(agent, /\[ERROR\].*context deadline exceeded.*wrong shared secret/);
    }));
});
