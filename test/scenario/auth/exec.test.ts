// exec end to end: what a command prints is a token for the jwt login, a body for another method, or a token of the server.
import { chmodSync } from 'node:fs';
import { expect } from 'chai';
import { Issuer } from '../../doubles/issuer.js';
import { plant } from '../collector.js';
import { onRig, OPEN_POLICY, type Rig } from '../rig.js';
import { delivered, enable, hasLogged, method, withSink } from './stage.js';

const script = (rig: Rig, lines: string): string => {
  const path = rig.write('command', `#!/bin/sh\n${lines}\n`, 0o700);
  chmodSync(path, 0o700);
  return path;
};
/** A command that prints a file of the rig, so that a test can change what is printed. */
const printing = (rig: Rig, text: string): string => {
  rig.write('printed', text);
  return script(rig, `cat '${rig.path('printed')}'`);
};

async function trust(rig: Rig, issuer: Issuer): Promise<void> {
  await enable(rig, 'jwt');
  await rig.admin('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [issuer.pem] });
  const bound = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['vault'] };
  await rig.admin('POST', 'auth/jwt/role/app', { ...bound, token_policies: ['app'], token_ttl: '10m' });
}

const jwt = (issuer: Issuer, sub: string, more: object = {}): string => {
  const now = Math.floor(Date.now() / 1000);
  return plant('a JWT', issuer.sign({ sub, aud: 'vault', iat: now, exp: now + 600, ...more }));
};

describe('scenario: auth method exec', function () {
  this.timeout(20_000);

  it('format jwt: refused while it prints a token of somebody else, then logged in with what it prints later', () =>
    onRig({}, async (rig) => {
      const [issuer, stranger] = [new Issuer(), new Issuer()];
      stranger.rotate();
      await trust(rig, issuer);
      const command = printing(rig, jwt(stranger, 'mallory'));
      const agent = await rig.agent(withSink(rig, method('exec', `command = "${command}"\n    role = "app"`)));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED.*signature/);
      rig.write('printed', jwt(issuer, 'one'));
      expect(await delivered(rig)).to.include({ path: 'auth/jwt/login', display_name: 'jwt-one' });
    }));

  it('an expired token is refused, and the log says so', () =>
    onRig({}, async (rig) => {
      const issuer = new Issuer();
      await trust(rig, issuer);
      const past = Math.floor(Date.now() / 1000) - 7200;
      const command = printing(rig, jwt(issuer, 'late', { iat: past, exp: past + 60 }));
      const agent = await rig.agent(withSink(rig, method('exec', `command = ["${command}"]\n    role = "app"`)));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*token is expired.*expired \d+ s ago/);
    }));

  it('a command that fails is run again; what it says on standard error is not repeated', () =>
    onRig({}, async (rig) => {
      const issuer = new Issuer();
      await trust(rig, issuer);
      const word = plant('a word on standard error', 'standard-error-word-4711');
      const command = script(rig, `echo '${word}' >&2; exit 3`);
      const agent = await rig.agent(withSink(rig, method('exec', `command = ["${command}"]\n    role = "app"`)));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_METHOD_FAILED.*code 3.*25 bytes/);
      printing(rig, jwt(issuer, 'two'));
      expect(await delivered(rig)).to.include({ display_name: 'jwt-two' });
    }));

  it('format login: a body for userpass, with the variables of the settings', () =>
    onRig({}, async (rig) => {
      await enable(rig, 'userpass');
      const password = plant('a password', 'S3cret "pass" wörd/+%');
      await rig.admin('POST', 'auth/userpass/users/anna', { password, token_policies: ['app'] });
      const command = script(rig, `printf '{"password":%s}' "$QUOTED"`);
      const quoted = JSON.stringify(JSON.stringify(password));
      const config = `command = ["${command}"]\n    format = "login"\n    login_path = "login/anna"\n    env = {\n      QUOTED = ${quoted}\n    }`;
      await rig.agent(withSink(rig, method('exec', config, 'mount_path = "auth/userpass"')));
      expect(await delivered(rig)).to.include({ path: 'auth/userpass/login/anna', display_name: 'userpass-anna' });
    }));

  it('format token: a token of the server is checked and delivered', () =>
    onRig({}, async (rig) => {
      await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
      const { auth } = await rig.admin('POST', 'auth/token/create', { policies: ['app'], ttl: '10m' });
      const token = plant('a printed token', auth.client_token as string);
      await rig.agent(withSink(rig, method('exec', `command = ["${printing(rig, token)}"]\n    format = "token"`)));
      expect(await rig.file('token')).to.equal(token);
    }));
});
