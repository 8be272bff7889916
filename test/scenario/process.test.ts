// The agent as a process: exit codes (spec config 2.2), pid file (2.5), signals (2.6), log file (2.7), quit endpoint.
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Running } from './cli.js';
import { ask } from './client.js';
import { collect } from './collector.js';
import { fileSink, LISTENER, onRig, SERVE, type Rig } from './rig.js';
import { until } from './until.js';

const URL_LINE = /Api Address 1: (\S+)/;

const start = (rig: Rig, hcl: string, flags: readonly string[] = [], name = 'agent.hcl'): Running =>
  rig.command(['agent', `-config=${rig.config(hcl, name)}`, '-log-level=trace', ...flags]);

const urlOf = async (running: Running): Promise<string> => (await running.says(URL_LINE))[1]!;

describe('scenario: the agent as a process', function () {
  this.timeout(40_000);

  it('prints the lines that scripts wait for, writes the pid file with mode 0600 after they are true, and removes it', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const running = start(
        rig,
        `pid_file = "${rig.path('pid')}"\nauto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`,
      );
      const url = await urlOf(running);
      await until('the pid file', () => existsSync(rig.path('pid')));
      expect([rig.read('pid'), statSync(rig.path('pid')).mode & 0o777]).to.deep.equal([String(running.pid), 0o600]);
      expect((await ask(url, '/v1/sys/health')).status).to.equal(200);
      await running.says(/agent\.auth\.handler: authentication successful, sending token to sinks/);
      expect(running.out).to.match(
        /==> Claviger Agent started! Log data will stream in below:\n\n==> Claviger Agent configuration:\n\n/,
      );
      expect(running.out)
        .to.match(/^ {11}Api Address 1: http:\/\/127\.0\.0\.1:\d+$/m)
        .and.match(/^ {15}Log Level: trace$/m);
      await rig.file('token');
      expect(await running.stop()).to.equal(0);
      expect(running.out).to.contain('==> Claviger Agent shutdown triggered');
      expect(existsSync(rig.path('pid'))).to.equal(false);
      expect(existsSync(rig.path('token')), 'the token stays').to.equal(true);
      expect(
        (await rig.server.call('GET', 'auth/token/lookup-self', { token: rig.read('token') })).status,
        'and lives',
      ).to.equal(200);
    }));

  it('exits 1 with the reason when the pid file cannot be written', () =>
    onRig({}, async (rig) => {
      const running = start(rig, `pid_file = "${rig.path('no/such/pid')}"\n${LISTENER}`);
      expect(await running.code()).to.equal(1);
      expect(running.err).to.match(/^HOST_PID_FILE: .*no\/such\/pid.*$/m);
    }));

  it('exits 1 for unknown options, a missing configuration, and mistakes in it, and says which', () =>
    onRig({}, async (rig) => {
      const cases: readonly [readonly string[], RegExp][] = [
        [['agent'], /needs at least one -config/],
        [['agent', '-confg=x'], /confg/],
        [['agent', `-config=${rig.path('none.hcl')}`], /none\.hcl/],
        [['agent', `-config=${rig.write('bad.hcl', 'listener "tcp" {\n  address = \n}\n')}`], /bad\.hcl:\d+:\d+/],
        [['agent', `-config=${rig.write('type.hcl', 'exit_after_auth = [1]\n')}`], /type\.hcl:1:\d+/],
      ];
      const runs = cases.map(([args]) => rig.command(args));
      for (const [index, [args, said]] of cases.entries()) {
        expect(await runs[index]!.code(), args.join(' ')).to.equal(1);
        expect(runs[index]!.err)
          .to.match(said)
          .and.not.match(/\n\s+at /);
      }
    }));

  it('checks and exits with -test-verify-only: 0 when good, 1 when not, without a connection or a file', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const hcl = `auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`;
      expect(await start(rig, hcl, ['-test-verify-only']).code()).to.equal(0);
      expect([rig.server.requests.all.length, existsSync(rig.path('token'))]).to.deep.equal([0, false]);
      expect(await start(rig, `${hcl}listener "tcp" {\n`, ['-test-verify-only']).code()).to.equal(1);
    }));

  it('logs to the file and to standard error, 0640, and starts a new one when it is full', () =>
    onRig({}, async (rig) => {
      mkdirSync(rig.path('log'));
      const { method } = await rig.approle('app');
      const flags = [
        `-log-file=${rig.path('log/agent.log')}`,
        '-log-rotate-bytes=600',
        '-log-rotate-max-files=2',
        '-log-format=json',
      ];
      const running = start(rig, `auto_auth {\n${method}}\n${SERVE}`, flags);
      const url = await urlOf(running);
      for (let times = 0; times < 10; times++) await ask(url, '/v1/secret/data/none');
      await running.stop();
      const files = readdirSync(rig.path('log'));
      expect(files).to.include('agent.log').and.to.have.lengthOf(3);
      expect(files.filter((name) => /^agent-\d+\.log$/.test(name))).to.have.lengthOf(2);
      expect(statSync(rig.path('log/agent.log')).mode & 0o777).to.equal(0o640);
      const text = files.map((name) => rig.read(`log/${name}`)).join('');
      collect('a log file', text);
      for (const line of text.trim().split('\n')) {
        expect(JSON.parse(line)).to.include.keys('@level', '@message', '@module', '@timestamp');
        expect(running.err).to.contain(line);
      }
    }));

  it('cuts at once on the second signal while a request still hangs', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      rig.server.inject({ trouble: { kind: 'hang' }, when: ({ path }) => path === 'secret/data/slow' });
      const running = start(rig, `auto_auth {\n${method}}\n${SERVE}`);
      const url = await urlOf(running);
      const hanging = ask(url, '/v1/secret/data/slow').catch((error: Error) => error);
      await until('the request to arrive', () => rig.server.requests.count('GET', 'secret/data/slow'));
      running.signal('SIGTERM');
      await running.says(/shutdown triggered/);
      running.signal('SIGTERM');
      expect(await running.code()).to.equal(1);
      expect(await hanging).to.be.instanceOf(Error);
    }));

  it('finishes a request that is under way before it stops', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      rig.server.inject({ trouble: { kind: 'delay', delayMs: 400 }, when: ({ path }) => path === 'secret/data/slow' });
      const running = start(rig, `auto_auth {\n${method}}\n${SERVE}`);
      const url = await urlOf(running);
      const slow = ask(url, '/v1/secret/data/slow');
      await until('the request to arrive', () => rig.server.requests.count('GET', 'secret/data/slow'));
      expect(await running.stop()).to.equal(0);
      expect((await slow).status).to.equal(404);
    }));

  it('dumps its metrics to standard error on SIGUSR1 and goes on', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const running = start(rig, `auto_auth {\n${method}}\n${SERVE}`);
      const url = await urlOf(running);
      await running.says(/authentication successful/);
      running.signal('SIGUSR1');
      const [, dump] = await running.says(/^(\[\{.*"agent\.auth\.success".*\}\])$/m);
      expect(
        (JSON.parse(dump!) as { name: string; value: number }[]).find(({ name }) => name === 'agent.auth.success')
          ?.value,
      ).to.equal(1);
      expect((await ask(url, '/v1/sys/health')).status).to.equal(200);
      expect(await running.stop()).to.equal(0);
    }));

  it('ends with 0 on the quit endpoint, only with POST and only where it is enabled', () =>
    onRig({}, async (rig) => {
      const open = LISTENER.replace('tls_disable', 'agent_api {\n    enable_quit = true\n  }\n  tls_disable');
      const running = start(rig, `${open}${LISTENER}`);
      await running.says(/Api Address 2: \S+/);
      const [first, second] = [1, 2].map((n) => new RegExp(`Api Address ${String(n)}: (\\S+)`).exec(running.out)![1]!);
      const quit = async (url: string, method: string) => (await ask(url, '/agent/v1/quit', { method })).status;
      expect([await quit(second!, 'POST'), await quit(first!, 'GET'), await quit(first!, 'POST')]).to.deep.equal([
        404, 405, 200,
      ]);
      expect(await running.code()).to.equal(0);
    }));

  it('reloads only what may change on SIGHUP: the log level; a configuration with a mistake changes nothing (R16)', () =>
    onRig({}, async (rig) => {
      const hcl = (level: string): string => `log_level = "${level}"\n${LISTENER}`;
      const running = rig.command(['agent', `-config=${rig.config(hcl('error'))}`]);
      const url = await urlOf(running);
      await ask(url, '/v1/secret/data/before');
      rig.config(hcl('debug'));
      running.signal('SIGHUP');
      await running.says(/config reload triggered/);
      await until('debug lines', async () => {
        await ask(url, '/v1/secret/data/after');
        return /received request: .*secret\/data\/after/.test(running.err);
      });
      rig.config(`log_level = "error"\nlistener "tcp" {\n`);
      running.signal('SIGHUP');
      await running.says(/The new configuration is not used; the old one keeps running\./);
      expect(running.err).to.match(/agent\.hcl:\d+:\d+/);
      await ask(url, '/v1/secret/data/still');
      await running.says(/received request: .*secret\/data\/still/);
      expect(running.err).to.not.contain('secret/data/before');
      expect(await running.stop()).to.equal(0);
    }));

  it('a reload that fails in an unforeseen way is told and ends nothing (R16)', () =>
    onRig({}, async (rig) => {
      const running = rig.command(['agent', `-config=${rig.config(LISTENER)}`]);
      const url = await urlOf(running);
      rig.config(`plugin_directory = "/a\\u0000b"\n${LISTENER}`);
      running.signal('SIGHUP');
      await running.says(/the agent keeps running|the old one keeps running/);
      expect((await ask(url, '/agent/v1/metrics')).status).to.equal(200);
      expect(await running.stop()).to.equal(0);
    }));

  it('keeps the level of -log-level over a reload (R16)', () =>
    onRig({}, async (rig) => {
      const running = rig.command([
        'agent',
        `-config=${rig.config(`log_level = "error"\n${LISTENER}`)}`,
        '-log-level=info',
      ]);
      await urlOf(running);
      running.signal('SIGHUP');
      await running.says(/\[INFO\] .*tls material of the upstream client was read again/);
      expect(await running.stop()).to.equal(0);
    }));

  it('runs as `claviger proxy` with the paths, the words and the metrics of a proxy (3.8)', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const hcl = `auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`;
      const running = rig.command(['proxy', `-config=${rig.config(hcl)}`, '-log-level=trace']);
      const url = await urlOf(running);
      expect(running.out).to.contain('==> Claviger Proxy started!');
      await rig.file('token');
      const status = async (path: string) => (await ask(url, path)).status;
      expect([await status('/proxy/v1/metrics'), await status('/agent/v1/metrics')]).to.deep.equal([200, 404]);
      expect((await ask(url, '/proxy/v1/metrics')).text)
        .to.contain('"vault.proxy.auth.success"')
        .and.contain('"vault.agent.proxy.client_error"')
        .and.not.contain('vault.agent.auth');
      expect(await running.stop()).to.equal(0);
      expect(running.out).to.contain('==> Claviger Proxy shutdown triggered');
      expect(running.err).to.match(/ proxy\.auth\.handler: authentication successful, sending token to sinks/);
      expect(running.err).to.not.match(/ agent\.(?:auth|sink)\./);
    }));

  it('spends no secret id in a start that fails: an address in use, a sink that cannot be written, a log file that cannot be opened', () =>
    onRig({}, async (rig) => {
      const { method, secretIdFile } = await rig.approle('app', { secret_id_num_uses: 1 });
      const once = method.replace('remove_secret_id_file_after_reading = false', '');
      const blocker = createServer();
      await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
      const taken = LISTENER.replace(':0', `:${String((blocker.address() as AddressInfo).port)}`);
      const sink = fileSink(rig.path('token'));
      const runs = [
        start(rig, `auto_auth {\n${once}${sink}}\n${LISTENER}${taken}`),
        start(rig, `auto_auth {\n${once}${sink}${fileSink('/proc/no/token')}}\n`, [], 'sink.hcl'),
        start(rig, `auto_auth {\n${once}${sink}}\n`, ['-log-file=/proc/no/log'], 'log.hcl'),
      ];
      const said = [
        /^LISTEN_ADDRESS_IN_USE: .*$/m,
        /^SINK_NOT_WRITABLE: .*\/proc\/no\/token.*$/m,
        /^HOST_LOG_FILE: .*\/proc\/no\/.*$/m,
      ];
      for (const [index, running] of runs.entries()) {
        expect(await running.code(), running.err).to.equal(1);
        expect(running.err)
          .to.match(said[index]!)
          .and.not.match(/\n\s+at /);
      }
      await new Promise((resolve) => blocker.close(resolve));
      expect(rig.server.requests.all).to.have.lengthOf(0);
      expect([existsSync(secretIdFile), existsSync(rig.path('token'))]).to.deep.equal([true, false]);
      const good = start(rig, `auto_auth {\n${once}${sink}}\n`, ['-exit-after-auth'], 'good.hcl');
      expect(await good.code()).to.equal(0);
    }));

  it('ends with 0 on a signal that comes while it still starts, and outlives a reader of its output that went away', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const hcl = `pid_file = "${rig.path('pid')}"\nauto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`;
      const early = start(rig, hcl);
      await early.says(/Agent started!/);
      expect(await early.stop()).to.equal(0);
      expect(existsSync(rig.path('pid'))).to.equal(false);
      const deaf = start(rig, hcl);
      const url = await urlOf(deaf);
      deaf.stopListening();
      for (let times = 0; times < 5; times++) expect((await ask(url, '/v1/secret/data/none')).status).to.equal(404);
      expect(await deaf.stop()).to.equal(0);
    }));
});
