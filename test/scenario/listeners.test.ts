// Where applications connect: TCP with TLS and client certificates, unix sockets, the metrics role, the request-header gate; certificates that are
// exchanged while connections live.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, statSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { makeCertificate } from '../../core/sdk/testing/certificates.js';
import { dial } from '../../core/sdk/testing/http-client.js';
import { ask } from './client.js';
import { collect } from './collector.js';
import { fileSink, LISTENER, onRig, SERVE, type Rig } from './rig.js';
import { until } from './until.js';

interface Pair {
  readonly cert: string;
  readonly key: string;
}

const authority = (name: string): Pair => makeCertificate({ name, authority: true });

function onDisk(rig: Rig, name: string, { cert, key }: Pair): string {
  return `tls_cert_file = "${rig.write(`${name}.pem`, cert)}"\n  tls_key_file = "${rig.write(`${name}.key`, key)}"`;
}

const listener = (body: string): string => `listener "tcp" {\n  address = "127.0.0.1:0"\n  ${body}\n}\n`;

/** An authority, a server and a client certificate as operators make them. */
function byOpenssl(rig: Rig): { readonly ca: string; readonly server: Pair; readonly client: Pair } {
  const run = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: rig.folder, stdio: 'ignore', timeout: 10_000 });
  run(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Scenario CA',
    '-days',
    '2',
  );
  const pair = (name: string, use: string): Pair => {
    rig.write(`${name}.ext`, `subjectAltName = DNS:localhost, IP:127.0.0.1\nextendedKeyUsage = ${use}\n`);
    run(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    run(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      `${name}.ext`,
      '-days',
      '1',
      '-out',
      `${name}.pem`,
    );
    return { cert: rig.read(`${name}.pem`), key: rig.read(`${name}.key`) };
  };
  return { ca: rig.read('ca.pem'), server: pair('server', 'serverAuth'), client: pair('client', 'clientAuth') };
}

describe('scenario: listeners', function () {
  this.timeout(30_000);

  it('serves over TLS with a certificate that clients check, and tells a plain request that it is TLS', () =>
    onRig({}, async (rig) => {
      const ca = authority('Scenario CA');
      const { method } = await rig.approle('app');
      const tls = listener(onDisk(rig, 'server', makeCertificate({ name: 'localhost', issuer: ca })));
      const agent = await rig.agent(
        `auto_auth {\n${method}}\napi_proxy {\n  use_auto_auth_token = true\n}\ncache {\n}\n${tls}`,
      );
      expect(agent.url).to.match(/^https:/);
      await rig.admin('POST', 'secret/data/app', { data: { n: 1 } });
      const answer = await agent.ask('/v1/secret/data/app', { ca: ca.cert });
      expect([answer.status, answer.json.data.data.n]).to.deep.equal([200, 1]);
      const stranger = await agent
        .ask('/v1/secret/data/app', { ca: authority('Other').cert })
        .catch((error: Error) => error);
      expect(stranger).to.be.instanceOf(Error);
      const plain = await ask(agent.url.replace('https', 'http'), '/v1/sys/health').catch((error: Error) => error);
      expect(plain instanceof Error || plain.status === 400).to.equal(true);
    }));

  it('asks for client certificates and checks them (mTLS, certificates of openssl): without one, and with another authority, there is no answer (skipped without openssl)', async function () {
    if (!hasOpenssl()) return this.skip();
    await onRig({}, async (rig) => {
      const made = byOpenssl(rig);
      const body = `${onDisk(rig, 'server', made.server)}\n  tls_client_ca_file = "${rig.path('ca.pem')}"\n  tls_require_and_verify_client_cert = true`;
      const agent = await rig.agent(listener(body));
      const good = await agent.ask('/v1/sys/health', { ca: made.ca, ...made.client });
      expect(good.status).to.equal(200);
      const none = await agent.ask('/v1/sys/health', { ca: made.ca }).catch((error: Error) => error);
      const foreign = makeCertificate({ name: 'client', issuer: authority('Other') });
      const other = await agent.ask('/v1/sys/health', { ca: made.ca, ...foreign }).catch((error: Error) => error);
      expect([none, other].every((answer) => answer instanceof Error)).to.equal(true);
      expect(rig.server.requests.count('GET', 'sys/health')).to.equal(1);
    });
  });

  it('takes exchanged certificates on SIGHUP, keeps open connections, and keeps the old ones when the new do not fit (R16)', () =>
    onRig({}, async (rig) => {
      const [oldCa, newCa] = [authority('Old'), authority('New')];
      const tls = listener(onDisk(rig, 'server', makeCertificate({ name: 'localhost', issuer: oldCa })));
      const running = rig.command(['agent', `-config=${rig.config(tls)}`]);
      const url = (await running.says(/Api Address 1: (\S+)/))[1]!;
      const kept = (await dial(url, oldCa.cert)) as TLSSocket;
      onDisk(rig, 'server', makeCertificate({ name: 'localhost', issuer: newCa }));
      running.signal('SIGHUP');
      const answers = (ca: string): Promise<number> =>
        ask(url, '/v1/sys/health', { ca }).then(
          ({ status }) => status,
          () => 0,
        );
      await until('the new certificate', async () => (await answers(newCa.cert)) === 200);
      expect(await answers(oldCa.cert)).to.equal(0);
      const heard = new Promise<string>((resolve) => kept.once('data', (bytes: Buffer) => resolve(bytes.toString())));
      kept.write('GET /v1/sys/health HTTP/1.1\r\nHost: localhost\r\n\r\n');
      expect(await heard).to.match(/^HTTP\/1\.1 200 /);
      kept.destroy();
      rig.write('server.key', makeCertificate({ name: 'localhost' }).key);
      running.signal('SIGHUP');
      await running.says(/^LISTEN_TLS: .*server\.(pem|key).*$/m);
      expect(await answers(newCa.cert)).to.equal(200);
      expect(await running.stop()).to.equal(0);
    }));

  it('serves a unix socket with mode, replaces a stale one, and removes it at the end', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const path = rig.path('agent.sock');
      leaveStaleSocket(path);
      expect(lstatSync(path).isSocket()).to.equal(true);
      const socket = `listener "unix" {\n  address = "${path}"\n  socket_mode = "0600"\n  tls_disable = true\n}\n`;
      const agent = await rig.agent(`auto_auth {\n${method}}\napi_proxy {\n  use_auto_auth_token = true\n}\n${socket}`);
      expect(agent.url).to.equal(`unix://${path}`);
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      expect((await agent.ask('/v1/secret/data/none')).status).to.equal(404);
      await agent.stop();
      expect(existsSync(path)).to.equal(false);
    }));

  it('does not take over a unix socket on which somebody answers, nor a file that is none', () =>
    onRig({}, async (rig) => {
      const path = rig.path('taken.sock');
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(path, resolve));
      const unix = (address: string): string =>
        `listener "unix" {\n  address = "${address}"\n  tls_disable = true\n}\n`;
      const refusal = await rig.agent(unix(path)).catch((error: { code: string }) => error);
      expect(refusal).to.have.property('code', 'LISTEN_ADDRESS_IN_USE');
      const file = rig.write('precious', 'keep me');
      const second = await rig.agent(unix(file)).catch((error: { code: string }) => error);
      expect(second)
        .to.have.property('code')
        .that.matches(/^LISTEN_/);
      expect([lstatSync(path).isSocket(), rig.read('precious')]).to.deep.equal([true, 'keep me']);
      await new Promise((resolve) => other.close(resolve));
    }));

  it('serves nothing but metrics on a listener with the role metrics_only', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const scraped = listener('tls_disable = true\n  role = "metrics_only"');
      const telemetry = 'telemetry {\n  prometheus_retention_time = "1h"\n  disable_hostname = true\n}\n';
      const { agent } = await rig.agent(
        `${telemetry}auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}${scraped}`,
      );
      await rig.file('token');
      const [, url] = agent.urls;
      const json = await ask(url!, '/agent/v1/metrics');
      expect([json.status, JSON.stringify(json.json)]).to.satisfy(
        ([status, text]: [number, string]) => status === 200 && text.includes('agent.auth.success'),
      );
      const text = await ask(url!, '/agent/v1/metrics?format=prometheus');
      expect(text.text).to.match(/^vault_agent_auth_success 1$/m);
      collect('metrics', json.text + text.text);
      for (const path of ['/v1/sys/health', '/v1/secret/data/app', '/agent/v1/cache-clear', '/agent/v1/quit', '/']) {
        expect((await ask(url!, path)).status, path).to.equal(404);
      }
      expect(rig.server.requests.count('GET', 'sys/health')).to.equal(0);
    }));

  it('refuses with 412 what lacks the request header, also the control endpoints, but not metrics (L-10, D-75)', () =>
    onRig({}, async (rig) => {
      const guarded = LISTENER.replace(
        'tls_disable',
        'require_request_header = true\n  agent_api {\n    enable_quit = true\n  }\n  tls_disable',
      );
      const { method } = await rig.approle('app');
      const agent = await rig.agent(
        `auto_auth {\n${method}}\napi_proxy {\n  use_auto_auth_token = true\n}\ncache {\n}\n${guarded}`,
      );
      const status = async (path: string, method: string, headers = {}) =>
        (await agent.ask(path, { method, headers })).status;
      expect(await status('/v1/sys/health', 'GET')).to.equal(412);
      expect(await status('/v1/sys/health', 'GET', { 'X-Vault-Request': 'yes' })).to.equal(412);
      expect(await status('/agent/v1/cache-clear', 'POST')).to.equal(412);
      expect(await status('/agent/v1/quit', 'POST')).to.equal(412);
      expect(await status('/agent/v1/metrics', 'GET')).to.equal(200);
      expect(rig.server.requests.count('GET', 'sys/health')).to.equal(0);
      expect(await status('/v1/sys/health', 'GET', { 'X-Vault-Request': 'true' })).to.equal(200);
    }));

  it('lists over every listener: LIST works over TLS and unix sockets too', () =>
    onRig({}, async (rig) => {
      const ca = authority('Scenario CA');
      const { method } = await rig.approle('app');
      await rig.admin('POST', 'secret/data/one', { data: { n: 1 } });
      const unix = `listener "unix" {\n  address = "${rig.path('list.sock')}"\n  tls_disable = true\n}\n`;
      const tls = listener(onDisk(rig, 'server', makeCertificate({ name: 'localhost', issuer: ca })));
      const { agent } = await rig.agent(
        `auto_auth {\n${method}}\napi_proxy {\n  use_auto_auth_token = true\n}\n${LISTENER}${tls}${unix}`,
      );
      for (const url of agent.urls) {
        const answer = await ask(url, '/v1/secret/metadata/', {
          method: 'LIST',
          ...(url.startsWith('https') && { ca: ca.cert }),
        });
        expect([url.split(':')[0], answer.status, answer.json?.data?.keys]).to.deep.equal([
          url.split(':')[0],
          200,
          ['one'],
        ]);
      }
    }));

  it('names the file when a certificate is missing, and exits 1 before anything is bound', () =>
    onRig({}, async (rig) => {
      const missing = listener(`tls_cert_file = "${rig.path('no.pem')}"\n  tls_key_file = "${rig.path('no.key')}"`);
      const running = rig.command(['agent', `-config=${rig.config(missing)}`]);
      expect(await running.code()).to.equal(1);
      expect(running.err).to.match(/^LISTEN_TLS: .*no\.pem.*$/m);
    }));
});

const hasOpenssl = (): boolean => {
  try {
    return execFileSync('openssl', ['version'], { stdio: 'ignore' }) !== undefined || true;
  } catch {
    return false;
  }
};

// A process that was killed leaves its socket behind: bound by a child that ends without cleaning up.
function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  try {
    execFileSync(process.execPath, ['-e', script], { stdio: 'ignore', timeout: 10_000 });
  } catch {
    // it was killed, as meant
  }
}
