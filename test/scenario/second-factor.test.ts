// Logins that need a second factor (issue 5: "Login MFA"), against the dev server, which takes each passcode once.
import { expect } from 'chai';
import { enable, hasLogged, method } from './auth/stage.js';
import { plant } from './collector.js';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { codeOf, enforceTotp, type Enforced } from './mfa-stage.js';
import { fileSink, onRig, type Rig } from './rig.js';

const PASSWORD = 'S3cret-of-Anna-4711';

/** A user whose logins need a passcode; its tokens live for the given time. */
async function anna(rig: Rig, ttl = '10m'): Promise<Enforced> {
  await enable(rig, 'userpass');
  plant('the password of Anna', PASSWORD);
  const user = { password: PASSWORD, token_policies: ['app'], token_ttl: ttl, token_max_ttl: ttl };
  await rig.admin('POST', 'auth/userpass/users/anna', user);
  return enforceTotp(rig, 'userpass', { name: 'anna', password: PASSWORD });
}

const stanza = (rig: Rig, mfa: string, more = ''): string =>
  `auto_auth {\n${method('userpass', `username = "anna"\n    password = "${PASSWORD}"`, `${mfa}\n${more}`)}${fileSink(rig.path('token'))}}\n`;
const withTotp = (rig: Rig, keys = ''): string =>
  `mfa {\n totp {\n secret_file = "${rig.path('totp')}"\n ${keys}\n}\n}`;
const logins = (rig: Rig): number => rig.server.requests.all.filter(({ path }) => path === 'sys/mfa/validate').length;

describe('scenario: second factors', function () {
  this.timeout(40_000);

  const virtual = () => ({ clock: new VirtualClock(Date.UTC(2026, 0, 1)) });

  it('a login is completed with a passcode from an otpauth:// URL and delivered', () =>
    onRig(virtual(), async (rig) => {
      const { url } = await anna(rig);
      rig.write('totp', `${url}\n`);
      const agent = await rig.agent(stanza(rig, withTotp(rig)));
      const token = plant('a delivered token', await rig.passUntil(rig.file('token')));
      expect((await rig.admin('POST', 'auth/token/lookup', { token })).data.display_name).to.equal('userpass-anna');
      expect(agent.lines.some((line) => line.includes('AUTH_MFA'))).to.equal(false);
    }));

  it('the base32 secret does too, with the method chosen by its name', () =>
    onRig(virtual(), async (rig) => {
      const { url } = await anna(rig);
      rig.write('totp', `${new URL(url).searchParams.get('secret') ?? ''}\n`);
      await rig.agent(stanza(rig, withTotp(rig, 'method = "phone"')));
      expect(await rig.passUntil(rig.file('token'))).to.match(/^s\./);
    }));

  it('a passcode that somebody else used is waited out, no code is sent twice', () =>
    onRig(virtual(), async (rig) => {
      const { url, methodId } = await anna(rig);
      rig.write('totp', url);
      const other = await rig.server.call('POST', 'auth/userpass/login/anna', { body: { password: PASSWORD } });
      const { mfa_request_id } = (other.body as { auth: { mfa_requirement: { mfa_request_id: string } } }).auth
        .mfa_requirement;
      const code = codeOf(url, rig.clock.now());
      await rig.admin('PUT', 'sys/mfa/validate', { mfa_request_id, mfa_payload: { [methodId]: [code] } });
      await rig.agent(stanza(rig, withTotp(rig)));
      expect(await rig.passUntil(rig.file('token'))).to.match(/^s\./);
      expect(logins(rig), 'one refused, one good').to.equal(2);
    }));

  it('without an mfa block the error names the method and what to write', () =>
    onRig(virtual(), async (rig) => {
      await anna(rig);
      const agent = await rig.agent(stanza(rig, ''));
      await rig.passUntil(
        hasLogged(agent, /AUTH_MFA_REQUIRED: .*totp \\?"phone\\?" \([\w-]{36}\); give the method an mfa/),
      );
    }));

  it('a secret of somebody else is AUTH_MFA_REFUSED; a mended file works without a restart', () =>
    onRig(virtual(), async (rig) => {
      const { url } = await anna(rig);
      rig.write('totp', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
      const agent = await rig.agent(stanza(rig, withTotp(rig)));
      await rig.passUntil(hasLogged(agent, /AUTH_MFA_REFUSED: .*failed to validate TOTP passcode/));
      rig.write('totp', url);
      expect(await rig.passUntil(rig.file('token'), 600_000)).to.match(/^s\./);
    }));

  it('5.2 a wrapped login under MFA is refused, whatever is configured', () =>
    onRig(virtual(), async (rig) => {
      await anna(rig);
      const agent = await rig.agent(stanza(rig, '', 'wrap_ttl = "5m"'));
      await rig.passUntil(hasLogged(agent, /AUTH_MFA_REQUIRED: .*it wrapped an empty token.*remove wrap_ttl/));
      await rig.pass(10_000);
      expect(() => rig.read('token')).to.throw('ENOENT');
    }));
});

describe('scenario: 5.1 lock-out', function () {
  this.timeout(40_000);

  const tries = (rig: Rig): number =>
    rig.server.requests.all.filter(({ path }) => path === 'auth/userpass/login/anna').length;
  const setUp = async (rig: Rig): Promise<string> => {
    await enable(rig, 'userpass');
    await rig.admin('POST', 'auth/userpass/users/anna', { password: PASSWORD, token_policies: ['app'] });
    rig.write('password', plant('a wrong password', 'wrong-password-0815'));
    const login = method('userpass', `username = "anna"\n    password_file_path = "${rig.path('password')}"`);
    return `auto_auth {\n${login}${fileSink(rig.path('token'))}}\n`;
  };

  it('a wrong password for an hour never locks the user on the server', () =>
    onRig({ clock: new VirtualClock(Date.UTC(2026, 0, 1)) }, async (rig) => {
      const agent = await rig.agent(await setUp(rig));
      await rig.passUntil(hasLogged(agent, /AUTH_LOCKED_OUT/));
      expect(tries(rig)).to.equal(3);
      for (let minutes = 0; minutes < 60; minutes += 5) {
        await rig.pass(300_000);
        const answer = await rig.server.call('POST', 'auth/userpass/login/anna', {
          body: { password: 'x-no-password' },
        });
        expect(answer.status, 'a locked user would be refused with 403').to.equal(400);
        await rig.admin('POST', 'auth/userpass/login/anna', { password: PASSWORD });
      }
      expect(tries(rig)).to.be.within(6, 7);
      expect(agent.lines.filter((line) => line.includes('AUTH_LOCKED_OUT')).length).to.be.within(4, 5);
    }));

  it('the right password in the file ends it at once, without enable_reauth_on_new_credentials', () =>
    onRig({}, async (rig) => {
      const agent = await rig.agent(await setUp(rig));
      await hasLogged(
        agent,
        /AUTH_LOCKED_OUT: .*\(3 times with the same credential, which is not sent again before 2\d{3}-/,
      );
      rig.write('password', PASSWORD);
      expect(await rig.file('token')).to.match(/^s\./);
      expect(tries(rig)).to.equal(4);
    }));
});
