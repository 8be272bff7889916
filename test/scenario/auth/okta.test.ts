// Scenario okta: a stanza, an Okta that verifies and pushes, the dev server between them.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { OktaDouble, type OktaPerson } from '../../doubles/okta.js';
import { plant } from '../collector.js';
import { onRig, type Rig, type RunningAgent } from '../rig.js';
import { travel, travelUntil, type Activity } from '../until.js';
import { REAUTH, delivered, deliveredAnew, hasLogged, mountAuth, putSecret, stanza } from './password-login.js';

const USER = 'app@example.com';
const SECRET = Buffer.from('12345678901234567890');

describe('scenario: auth method okta', function () {
  this.timeout(20_000);
  let okta: OktaDouble;
  const onStage = (clock: VirtualClock | undefined, person: Partial<OktaPerson>, play: (rig: Rig) => Promise<void>) =>
    onRig(clock === undefined ? {} : { clock }, async (rig) => {
      okta = await OktaDouble.open(() => rig.clock.now());
      try {
        okta.people.set(USER, { password: 'password-number-one', groups: ['Services'], ...person });
        const api_token = plant('the API token', okta.apiToken);
        await mountAuth(rig, 'okta', { org_name: 'acme', base_url: okta.url, api_token });
        await rig.admin('POST', 'auth/okta/groups/services', { policies: 'app' });
        await play(rig);
      } finally {
        await okta.close();
      }
    });
  const block = (rig: Rig, ...more: string[]): string =>
    stanza(rig, 'okta', [`username = "${USER}"`, `password_file_path = "${rig.path('password')}"`, ...more], REAUTH);

  // A login that is held open is no reason to wait with the time that it is waiting for.
  const held = (rig: Rig, agent: RunningAgent): Activity => ({
    mark: () => {
      const { all } = rig.server.requests;
      const open = all.filter(({ status }) => status === undefined);
      const isHeld = open.every(({ path }) => path.includes('auth/okta/login'));
      return isHeld ? [all.length, open.length, okta.requests, agent.lines.length].join('/') : undefined;
    },
  });

  it('waits until the push is approved, and follows a new password with a TOTP secret of Google (auth-wire 3.7)', () =>
    onStage(undefined, { push: true, totp: { GOOGLE: SECRET } }, async (rig) => {
      putSecret(rig, 'password', 'password-number-one');
      const agent = await rig.agent(block(rig));
      const first = await delivered(rig);
      expect(first).to.deep.include({ path: `auth/okta/login/${USER}`, policies: ['app', 'default'] });
      expect(okta.pushes).to.equal(1);
      await hasLogged(agent, /approve the push/);
      await agent.stop();
      okta.people.set(USER, { password: 'password-number-two', groups: ['Services'], totp: { GOOGLE: SECRET } });
      putSecret(rig, 'password', 'password-number-two');
      putSecret(rig, 'totp', 'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ');
      const { accessor } = await delivered(rig);
      await rig.agent(block(rig, 'provider = "google"', `totp_secret_file_path = "${rig.path('totp')}"`));
      await deliveredAnew(rig, accessor);
      expect(okta.pushes).to.equal(1);
    }));

  it('a wrong password is refused without a push, so the next one is tried at once', () =>
    onStage(undefined, { push: true }, async (rig) => {
      putSecret(rig, 'password', 'not-the-password-4711');
      const agent = await rig.agent(block(rig));
      await hasLogged(agent, /\[ERROR\].*AUTH_REFUSED.*E0000004.*does not take this user/);
      expect([existsSync(rig.path('password')), existsSync(rig.path('token'))]).to.deep.equal([true, false]);
      putSecret(rig, 'password', 'password-number-one');
      expect((await delivered(rig)).policies).to.include('app');
      expect(okta.pushes).to.equal(1);
    }));

  it('sends at most one push in five minutes, however often the login fails (5.1)', () => {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    return onStage(clock, { push: true }, async (rig) => {
      okta.pushAnswer = { result: 'REJECTED', afterLooks: 1 };
      putSecret(rig, 'password', 'password-number-one');
      const agent = await rig.agent(block(rig));
      await travelUntil(
        clock,
        hasLogged(agent, /\[ERROR\].*multi-factor authentication denied.*somebody said no/),
        held(rig, agent),
        60_000,
      );
      await travel(clock, 4.5 * 60_000, held(rig, agent));
      expect(okta.pushes).to.equal(1);
      expect(agent.lines.some((line) => /\[ERROR\].*AUTH_TOO_SOON/.test(line))).to.equal(true);
      okta.pushAnswer = { result: 'SUCCESS', afterLooks: 1 };
      await travel(clock, 10 * 60_000, held(rig, agent));
      expect(okta.pushes).to.equal(2);
      expect((await delivered(rig)).policies).to.include('app');
    });
  });

  it('the server holds the login open for longer than a minute, and the agent waits', () => {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    return onStage(clock, { push: true }, async (rig) => {
      okta.pushAnswer = { result: 'SUCCESS', afterLooks: 130 };
      putSecret(rig, 'password', 'password-number-one');
      const agent = await rig.agent(block(rig));
      await travel(clock, 70_000, held(rig, agent));
      expect((await delivered(rig)).policies).to.include('app');
      expect(agent.lines.some((line) => line.includes('[ERROR]'))).to.equal(false);
    });
  });
});
