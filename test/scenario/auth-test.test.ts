// `claviger auth test` as a child process against the dev server: what it tells, that it leaves nothing behind, and that it shows no secret.
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { enable, method, withSink } from './auth/stage.js';
import { collected, plant, spellingsOf } from './collector.js';
import { codeOf, enforceTotp } from './mfa-stage.js';
import { fileSink, onRig, type Rig } from './rig.js';
import { Call } from './terminal.js';

const asProcess = async (rig: Rig, hcl: string, ...more: string[]) => {
  const running = rig.command(['auth', 'test', `-config=${rig.config(hcl)}`, ...more]);
  const { code } = await running.ended;
  return { code, out: running.out, err: running.err };
};
const test = (rig: Rig, hcl: string, ...more: string[]) =>
  new Call(['auth', 'test', `-config=${rig.config(hcl)}`, ...more]).ended;

/** Living tokens besides the one of the rig. */
const tokensOf = (rig: Rig): string[] =>
  rig.server.world.tokens
    .all()
    .map(({ id }) => id)
    .filter((id) => id !== rig.rootToken);
const asked = (rig: Rig): string[] => rig.server.requests.all.map(({ method: verb, path }) => `${verb} ${path}`);

async function people(rig: Rig): Promise<{ readonly password: string; readonly block: string }> {
  await enable(rig, 'userpass');
  const password = plant('a password', 'S3cret "pass" wörd/+%');
  await rig.admin('POST', 'auth/userpass/users/anna', { password, token_policies: ['app'], token_ttl: '10m' });
  rig.write('password', `${password}\n`);
  return {
    password,
    block: method('userpass', `username = "anna"\n    password_file_path = "${rig.path('password')}"`),
  };
}

describe('scenario: claviger auth test', function () {
  this.timeout(40_000);

  it('tells mount, source, policies, TTL, accessor, kind and entity, and revokes the token', () =>
    onRig({}, async (rig) => {
      const { block } = await people(rig);
      const { code, out, err } = await asProcess(rig, withSink(rig, block));
      expect([code, err]).to.deep.equal([0, '']);
      expect(out).to.match(
        /^Identity "default": method userpass at auth\/userpass, server http:\/\/127\.0\.0\.1:\d+\n/,
      );
      expect(out).to.match(new RegExp(`Credentials:\n  ${rig.path('password')} +read\n`));
      expect(out).to.match(
        /policies +app, default\n +ttl +10m0s\n +accessor +\w{24}\n +renewable +yes\n +type +service\n +entity +[\w-]{36}\n/,
      );
      expect(out).to.match(/\nThe token was revoked\.\n$/);
      expect(tokensOf(rig)).to.deep.equal([]);
      expect(asked(rig)).to.include('PUT auth/token/revoke-self');
      expect(existsSync(rig.path('token')), 'no sink is written').to.equal(false);
    }));

  it('-format=json says the same for programs', () =>
    onRig({}, async (rig) => {
      const { block } = await people(rig);
      const { code, out } = await test(rig, withSink(rig, block), '-format=json');
      expect(code).to.equal(0);
      const report = JSON.parse(out);
      expect(report).to.include({ identity: 'default', method: 'userpass', mount: 'auth/userpass', fate: 'revoked' });
      expect(report.sources).to.deep.equal([{ source: rig.path('password'), outcome: 'read' }]);
      expect(report.token).to.deep.include({ policies: ['app', 'default'], ttl_seconds: 600, renewable: true });
      expect(report.second_factor).to.equal(false);
      expect(tokensOf(rig)).to.deep.equal([]);
    }));

  it('-dry-run shows the login with its secrets masked and sends nothing', () =>
    onRig({}, async (rig) => {
      const { block } = await people(rig);
      const { code, out } = await asProcess(rig, withSink(rig, block), '-dry-run');
      expect(code).to.equal(0);
      expect(out).to.contain(`PUT ${rig.url}/v1/auth/userpass/login/anna`).and.contain('"password": "[secret]"');
      const json = await test(rig, withSink(rig, block), '-dry-run', '-format=json');
      expect(JSON.parse(json.out).request).to.deep.include({ method: 'PUT', body: { password: '[secret]' } });
      expect(asked(rig).filter((line) => line.includes('auth/userpass/login'))).to.deep.equal([]);
    }));

  it('a refused login tells the source that was used and what the server said, in both forms', () =>
    onRig({}, async (rig) => {
      const { block } = await people(rig);
      rig.write('password', plant('a wrong password', 'the-wrong-password-0815'));
      const { code, out, err } = await asProcess(rig, withSink(rig, block));
      expect(code).to.equal(1);
      expect(out).to.contain(rig.path('password'));
      expect(err).to.match(/^AUTH_REFUSED: .*invalid username or password/);
      const json = await test(rig, withSink(rig, block), '-format=json');
      expect(json.code).to.equal(1);
      expect(JSON.parse(json.out)).to.nested.include({ 'error.code': 'AUTH_REFUSED', 'sources[0].outcome': 'read' });
    }));

  it('a secret id that may be good once is not spent without -spend, and its file is never removed', () =>
    onRig({}, async (rig) => {
      const { roleIdFile, secretIdFile } = await rig.approle('app', { secret_id_num_uses: 1 });
      const block = method(
        'approle',
        `role_id_file_path = "${roleIdFile}"\n    secret_id_file_path = "${secretIdFile}"`,
      );
      const refused = await test(rig, withSink(rig, block));
      expect(refused.code).to.equal(1);
      expect(refused.err).to.match(/^AUTH_TEST_REFUSED: .*a use of the secret id in .*-spend/);
      const spent = await test(rig, withSink(rig, block), '-spend');
      expect([spent.code, spent.err]).to.deep.equal([0, '']);
      expect(spent.out.indexOf('This login spends'), 'said before').to.be.within(
        0,
        spent.out.indexOf('The login worked'),
      );
      expect(existsSync(secretIdFile)).to.equal(true);
      expect(tokensOf(rig)).to.deep.equal([]);
    }));

  it('a wrapped secret id is looked at, not unwrapped; with -spend it is', () =>
    onRig({}, async (rig) => {
      const { roleIdFile, secretIdFile } = await rig.approle('app');
      const path = 'auth/approle/role/app/secret-id';
      const wrapped = await rig.server.call('POST', path, { body: {}, headers: { 'X-Vault-Wrap-TTL': '5m' } });
      const { token } = (wrapped.body as { wrap_info: { token: string } }).wrap_info;
      rig.write('app.secret-id', plant('a wrapping token', token));
      const files = `role_id_file_path = "${roleIdFile}"\n    secret_id_file_path = "${secretIdFile}"`;
      const block = method('approle', `${files}\n    secret_id_response_wrapping_path = "${path}"`);
      const refused = await test(rig, withSink(rig, block));
      expect(refused.out).to.contain('it is not unwrapped in a test');
      expect(refused.err).to.match(/^AUTH_TEST_REFUSED: .*the wrapped secret id/);
      expect(rig.server.world.tokens.find(token), 'still whole').to.not.equal(undefined);
      expect((await test(rig, withSink(rig, block), '-dry-run')).code).to.equal(0);
      expect((await test(rig, withSink(rig, block), '-spend')).code).to.equal(0);
      expect(rig.server.world.tokens.find(token)).to.equal(undefined);
    }));

  it('a token that the method holds is looked up and never revoked', () =>
    onRig({}, async (rig) => {
      await rig.admin('POST', 'sys/policies/acl/app', { policy: 'path "secret/*" { capabilities = ["read"] }' });
      const { auth } = await rig.admin('POST', 'auth/token/create', { policies: ['app'], ttl: '1h' });
      rig.write('my-token', plant('a token of the operator', auth.client_token));
      const block = method('token_file', `token_file_path = "${rig.path('my-token')}"`);
      const { code, out } = await test(rig, withSink(rig, block));
      expect(code).to.equal(0);
      expect(out)
        .to.match(/The token was there before, so it was not revoked\.\n$/)
        .and.contain('app, default');
      expect(tokensOf(rig)).to.deep.equal([auth.client_token]);
    }));

  it('a batch token: it says that it cannot be revoked', () =>
    onRig({}, async (rig) => {
      await people(rig);
      await rig.admin('POST', 'auth/userpass/users/anna', { token_type: 'batch' });
      const block = method('userpass', `username = "anna"\n    password_file_path = "${rig.path('password')}"`);
      const { code, out } = await test(rig, withSink(rig, block));
      expect(code).to.equal(0);
      expect(out)
        .to.contain('type       batch')
        .and.match(/A batch token cannot be revoked: it ends by itself\.\n$/);
    }));

  it('a token that may not revoke itself lives on: it says so, with the accessor, and exits with 1', () =>
    onRig({}, async (rig) => {
      const { block } = await people(rig);
      await rig.admin('POST', 'auth/userpass/users/anna', { token_no_default_policy: true });
      const { code, out, err } = await test(rig, withSink(rig, block));
      expect(code).to.equal(1);
      expect(out)
        .to.match(/The token was not revoked and lives on\.\n$/)
        .and.match(/accessor +\w{24}/);
      expect(err).to.match(/^AUTH_REVOKE_FAILED/);
      expect(tokensOf(rig)).to.have.length(1);
    }));

  it('ec2 without a nonce file is refused, also with -spend: the login would bind the instance to a nonce that nobody keeps', () =>
    onRig({}, async (rig) => {
      const block = method('aws', 'type = "ec2"\n    role = "web"');
      for (const more of [[], ['-spend']]) {
        const { code, err } = await test(rig, withSink(rig, block), ...more);
        expect(code).to.equal(1);
        expect(err).to.match(/AUTH_TEST_REFUSED.*nonce/);
      }
    }));

  it('names the identity where there are several, and tests that one', () =>
    onRig({}, async (rig) => {
      await people(rig);
      const login = `method "userpass" {\n config = {\n username = "anna"\n password_file_path = "${rig.path('password')}"\n}\n}\n`;
      const blocks = ['one', 'two']
        .map((name) => `auto_auth "${name}" {\n${login}${fileSink(rig.path(name))}}\n`)
        .join('');
      expect((await test(rig, blocks)).err).to.contain('There are one, two');
      const { code, out } = await test(rig, blocks, 'two');
      expect(code).to.equal(0);
      expect(out).to.contain('Identity "two"');
    }));

  it('answers the second factor, and tells what to configure where none is', () =>
    onRig({}, async (rig) => {
      const { block } = await people(rig);
      const totp = await enforceTotp(rig, 'userpass', { name: 'anna', password: 'S3cret "pass" wörd/+%' });
      const missing = await test(rig, withSink(rig, block));
      expect(missing.err).to.match(/^AUTH_MFA_REQUIRED: .*totp "phone" \(.*mfa \{ totp/);
      rig.write('totp', `${totp.url}\n`);
      const mfa = `mfa {\n totp {\n secret_file = "${rig.path('totp')}"\n}\n}`;
      const more = method('userpass', `username = "anna"\n    password_file_path = "${rig.path('password')}"`, mfa);
      const { code, out, err } = await asProcess(rig, withSink(rig, more));
      expect([code, err]).to.deep.equal([0, '']);
      expect(out).to.contain('The login worked, with a second factor:').and.contain('The token was revoked.');
      expect(codeOf(totp.url, rig.clock.now())).to.match(/^\d{6}$/);
      expect(tokensOf(rig)).to.deep.equal([]);
    }));

  it('no planted secret shows in anything that these commands printed', () => {
    const secrets = ['S3cret "pass" wörd/+%', 'the-wrong-password-0815'];
    const texts = collected().filter(({ from }) => from.startsWith('claviger auth'));
    expect(texts.length).to.be.greaterThan(10);
    for (const secret of secrets)
      for (const form of spellingsOf(secret))
        expect(texts.some(({ text }) => text.includes(form)), form).to.equal(false);
  }); // prettier-ignore
});
