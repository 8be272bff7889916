// The last file of this folder: scenarios that are most likely to show a secret, then a search for every planted one in everything that all
// scenarios of this process printed.
import { expect } from 'chai';
import { ask } from './client.js';
import { collect, collected, leaks, plant, plantedCount, spellingsOf } from './collector.js';
import { fileSink, LISTENER, onRig, SERVE } from './rig.js';

const awkward = (what: string): string =>
  plant(what, `${what} "quoted" \\ /+&=% ü ${Math.random().toString(36).slice(2)}`);

describe('scenario: planted secrets', function () {
  this.timeout(30_000);

  it('searches for every spelling: raw, JSON, URL, hex, base64 at each offset and in the URL alphabet', () => {
    const secret = 'pa"ss/wörd?>~&';
    const shown = [
      secret,
      JSON.stringify({ secret }),
      `?password=${encodeURIComponent(secret)}`,
      Buffer.from(secret).toString('hex'),
      ...['', 'x', 'xx', 'xxx'].flatMap((before) => {
        const bytes = Buffer.from(`${before}${secret} and more`);
        return [
          bytes.toString('base64'),
          bytes.toString('base64url'),
          bytes.subarray(0, before.length + Buffer.byteLength(secret)).toString('base64'),
        ];
      }),
    ];
    for (const text of shown)
      expect(
        spellingsOf(secret).some((form) => text.includes(form)),
        text,
      ).to.equal(true);
    expect(spellingsOf(secret).some((form) => 'nothing of the kind'.includes(form))).to.equal(false);
  });

  it('runs an agent at trace level with secrets in every place of its configuration, its requests and the errors of the server', () =>
    onRig({}, async (rig) => {
      await rig.engines('5m', '1h');
      const { method } = await rig.approle('app');
      const agent = await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`);
      await rig.file('token');
      const token = plant('a client token', 's.clienttokenclienttoken1234');
      const password = awkward('a client password');
      const headers = { 'X-Vault-Token': token };
      await agent.ask('/v1/secret/data/x', { headers });
      await agent.ask('/v1/secret/data/x', { headers: { Authorization: `Bearer ${token}` } });
      await agent.ask('/v1/auth/userpass/login/anna', { method: 'POST', body: { password } });
      await agent.ask('/v1/secret/data/x', { method: 'POST', body: { data: { password } }, headers });
      await agent.ask('/agent/v1/cache-clear', { method: 'POST', body: { type: 'token', value: token } });
      await agent.ask('/agent/v1/cache-clear', { method: 'POST', body: `{"type":"token","value":"${token}"` });
      await agent.ask('/v1/auth/token/lookup', { method: 'POST', body: { token } });
      const lease = await agent.ask('/v1/aws/creds/app');
      const child = await agent.ask('/v1/auth/token/create', { method: 'POST', body: {} });
      await agent.ask('/v1/sys/leases/revoke', { method: 'PUT', body: { lease_id: lease.json.lease_id } });
      await agent.ask('/v1/auth/token/revoke', { method: 'PUT', body: { token: child.json.auth.client_token } });
      const undo = rig.server.inject({ trouble: { kind: 'close' }, times: 20 });
      await agent.ask('/v1/secret/data/x', { method: 'POST', body: { data: { password } }, headers });
      undo();
      collect('metrics', (await agent.ask('/agent/v1/metrics')).text);
      collect('health', (await agent.ask('/agent/v1/health')).text);
      expect(agent.lines.some((line) => line.includes('[DEBUG]'))).to.equal(true);
    }));

  it('runs logins that the server refuses with an echo of what it got', () =>
    onRig({}, async (rig) => {
      const password = awkward('an echoed password');
      rig.write('password', password);
      const echo = {
        kind: 'fail',
        status: 400,
        errors: [`cannot parse ${JSON.stringify({ password })}: ${password}`],
      } as const;
      rig.server.inject({ trouble: echo, times: 100, when: ({ path }) => path.includes('login') });
      const block = `method "userpass" {\n  exit_on_err = true\n  config = {\n    username = "anna"\n    password_file_path = "${rig.path('password')}"\n  }\n}\n`;
      const running = rig.command([
        'agent',
        `-config=${rig.config(`auto_auth {\n${block}${fileSink(rig.path('token'))}}\n`)}`,
        '-log-level=trace',
        '-log-format=json',
      ]);
      expect(await running.code()).to.equal(1);
      expect(running.err).to.contain('AUTH_REFUSED');
    }));

  it('checks and explains a configuration with secrets in it, also beside mistakes', () =>
    onRig({}, async (rig) => {
      const secret = plant('a secret id in a configuration', 'secret-id-in-the-configuration-file');
      const hcl = (mistake: string): string =>
        `vault {\n  address = "${rig.url}"\n}\nauto_auth {\n  method "approle" {\n    config = { role_id = "role-id-of-file", secret_id = "${secret}"${mistake} }\n  }\n${fileSink(rig.path('token'))}}\n${LISTENER}`;
      const commands = [
        ['config', 'validate', `-config=${rig.write('good.hcl', hcl(''))}`],
        ['config', 'explain', `-config=${rig.path('good.hcl')}`],
        ['config', 'validate', `-config=${rig.write('typo.hcl', hcl(', remove_secret_id_file_after_readin = true'))}`],
        ['config', 'validate', `-config=${rig.write('type.hcl', hcl(', remove_secret_id_file_after_reading = [1]'))}`],
        ['agent', `-config=${rig.write('syntax.hcl', hcl(' = = '))}`],
        ['agent', `-config=${rig.write('twice.hcl', hcl(`, secret_id_file_path = "x"`))}`],
      ].map((args) => rig.command(args));
      const codes = await Promise.all(commands.map((running) => running.code()));
      expect(codes).to.deep.equal([0, 0, codes[2], 1, 1, 1]);
      for (const running of commands.slice(1)) expect(running.text.length).to.be.greaterThan(20);
    }));

  it('dumps and stops an agent whose client holds secrets (SIGUSR1, SIGTERM)', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const running = rig.command([
        'agent',
        `-config=${rig.config(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`)}`,
        '-log-level=trace',
      ]);
      const url = (await running.says(/Api Address 1: (\S+)/))[1]!;
      await running.says(/authentication successful/);
      await ask(url, '/v1/secret/data/x', {
        headers: { 'X-Vault-Token': plant('a client token', 's.anotherclienttoken12345678') },
      });
      running.signal('SIGUSR1');
      await running.says(/^\[\{.*\}\]$/m);
      expect(await running.stop()).to.equal(0);
    }));

  it('finds no planted secret in anything that was printed, logged or answered as an error', () => {
    expect(plantedCount()).to.be.greaterThan(10);
    expect(collected().length).to.be.greaterThan(100);
    for (const kind of [
      'a log line',
      'claviger agent, standard error',
      'an error body',
      'metrics',
      'bare log fields of agent.auth.handler',
      'claviger config, standard output',
    ]) {
      expect(
        collected().some(({ from }) => from === kind),
        kind,
      ).to.equal(true);
    }
    expect(leaks()).to.deep.equal([]);
  });
});
