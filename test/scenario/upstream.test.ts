// A server that is dead, answers HTML, has an expired certificate or keeps silent: what a person sees, and that the agent recovers by itself.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { makeCertificate } from '../../core/sdk/testing/certificates.js';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { ask } from './client.js';
import { collect } from './collector.js';
import { fileSink, LISTENER, onRig, SERVE, type Rig, type RunningAgent } from './rig.js';
import { until } from './until.js';

const stateOf = (agent: RunningAgent, id: string): string | undefined =>
  agent.agent.status().find((row) => row.id === id)?.state;

const errorsOf = (json: unknown): string[] => (json as { errors: string[] }).errors;

async function html(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((_, response) => {
    response
      .writeHead(200, { 'Content-Type': 'text/html' })
      .end('<html><body>Please sign in to the hotel network</body></html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}

const error = (agent: RunningAgent, pattern: RegExp): Promise<string> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.find((line) => line.includes('[ERROR]') && pattern.test(line)),
  );

const withSink = (rig: Rig, method: string): string =>
  `auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`;

describe('scenario: trouble with the server', function () {
  this.timeout(30_000);

  it('starts while the server is dead, is degraded, answers 503 and 502 in the shape of Vault, and logs in when it appears', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const up = await rig.server.down();
      const impatient = withSink(rig, method).replace(
        'use_auto_auth_token = true',
        'use_auto_auth_token = true\n  token_wait = "100ms"',
      );
      const agent = await rig.agent(impatient);
      expect(stateOf(agent, 'listener.1')).to.equal('ok');
      expect(await error(agent, /error authenticating/)).to.match(
        /UPSTREAM_UNREACHABLE.*nothing listens there.*backoff=/,
      );
      expect(stateOf(agent, 'auto_auth.default')).to.equal('degraded');
      const waiting = await agent.ask('/v1/secret/data/app');
      expect([waiting.status, waiting.headers['retry-after'], errorsOf(waiting.json).length]).to.deep.equal([
        503,
        '1',
        1,
      ]);
      const own = await agent.ask('/v1/secret/data/app', { headers: { 'X-Vault-Token': 'own-token-of-client' } });
      expect([own.status, own.headers['content-type']]).to.deep.equal([502, 'application/json']);
      expect(errorsOf(own.json)[0]).to.match(/^failed to get the response: UPSTREAM_UNREACHABLE: .*127\.0\.0\.1/);
      expect(own.headers).to.have.property('x-claviger-request-id').that.has.length.greaterThan(3);
      const health = await agent.ask('/agent/v1/health');
      collect('health', health.text);
      expect(health.text).to.contain('degraded').and.contain('UPSTREAM_UNREACHABLE');
      await up();
      await rig.file('token');
      await until('recovery', () => stateOf(agent, 'auto_auth.default') === 'ok');
      expect((await agent.ask('/v1/secret/data/app')).status).to.equal(404);
    }));

  it('gives the number of the reference with compat { upstream_errors = 500 }', () =>
    onRig({}, async (rig) => {
      const up = await rig.server.down();
      const agent = await rig.agent(`compat {\n  upstream_errors = 500\n}\n${LISTENER}`);
      expect((await agent.ask('/v1/sys/health')).status).to.equal(500);
      await up();
      expect((await agent.ask('/v1/sys/health')).status).to.equal(200);
    }));

  it('says that the answer is no answer of a Vault server when it is HTML, and passes HTML on to clients as it is', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const other = await html();
      try {
        const agent = await rig.agent(`${withSink(rig, method).replace('true\n}', 'true\n  token_wait = "50ms"\n}')}`, {
          address: other.url,
        });
        const line = await error(agent, /error authenticating/);
        expect(line)
          .to.match(/UPSTREAM_BAD_REPLY|AUTH_BAD_ANSWER/)
          .and.match(/HTML|html|JSON/);
        expect(line).to.not.contain('hotel network');
        const passed = await agent.ask('/v1/secret/data/x', { headers: { 'X-Vault-Token': 'own-token-of-client' } });
        expect([passed.status, passed.headers['content-type'], passed.text.startsWith('<html>')]).to.deep.equal([
          200,
          'text/html',
          true,
        ]);
      } finally {
        other.server.closeAllConnections();
        other.server.close();
      }
    }));

  it('names an expired certificate of the server, one that nobody trusts, and one for another name', async () => {
    const ca = makeCertificate({ name: 'Scenario CA', authority: true });
    const cases = [
      {
        made: makeCertificate({ name: 'localhost', issuer: ca, toMs: Date.UTC(2021, 0, 1) }),
        said: /certificate of the server has expired/,
      },
      {
        made: makeCertificate({ name: 'localhost' }),
        said: /self-signed and not trusted|not signed by a trusted authority/,
      },
      { made: makeCertificate({ name: 'other', hosts: ['other.example'], issuer: ca }), said: /is for another name/ },
    ];
    for (const { made, said } of cases) {
      await onRig({ tls: made }, async (rig) => {
        const { method } = await rig.approle('app');
        const vault = `vault {\n  address = "${rig.url}"\n  ca_cert = "${rig.write('ca.pem', ca.cert)}"\n  retry {\n    num_retries = -1\n  }\n}\n`;
        const agent = await rig.agent(`${vault}${withSink(rig, method)}`);
        expect(await error(agent, /error authenticating/))
          .to.match(/UPSTREAM_TLS/)
          .and.match(said);
        const refused = await agent.ask('/v1/sys/health');
        expect([refused.status, said.test(refused.text)]).to.deep.equal([502, true]);
        expect(rig.server.requests.all).to.have.lengthOf(0);
      });
    }
  });

  it('trusts a server whose authority is configured, and reads the authority again on reload (R16)', async () => {
    const [oldCa, newCa] = [1, 2].map((n) => makeCertificate({ name: `CA ${String(n)}`, authority: true }));
    const tls = makeCertificate({ name: 'localhost', issuer: newCa! });
    await onRig({ tls }, async (rig) => {
      const vault = `vault {\n  address = "${rig.url}"\n  ca_cert = "${rig.write('ca.pem', oldCa!.cert)}"\n  retry {\n    num_retries = -1\n  }\n}\n`;
      const agent = await rig.agent(`${vault}${LISTENER}`);
      expect((await agent.ask('/v1/sys/health')).status).to.equal(502);
      rig.write('ca.pem', newCa!.cert);
      expect(await agent.agent.reload()).to.deep.equal([]);
      expect((await agent.ask('/v1/sys/health')).status).to.equal(200);
      rig.write('ca.pem', 'this is no certificate');
      expect(await agent.agent.reload()).to.have.lengthOf(1);
      expect((await agent.ask('/v1/sys/health')).status, 'the old one stays').to.equal(200);
    });
  });

  it('answers 504 when the server keeps silent, and the agent goes on', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      const { method } = await rig.approle('app');
      const agent = await rig.agent(withSink(rig, method));
      await rig.pass(10);
      rig.server.inject({ trouble: { kind: 'hang' }, when: ({ path }) => path === 'secret/data/slow' });
      const slow = agent.ask('/v1/secret/data/slow');
      await until('the request to arrive', () => rig.server.requests.count('GET', 'secret/data/slow'));
      await (rig.clock as VirtualClock).advance(61_000);
      const answer = await slow;
      expect([answer.status, errorsOf(answer.json).length]).to.deep.equal([504, 1]);
      expect((await agent.ask('/v1/secret/data/slow')).status).to.equal(404);
    }));

  it('passes the errors of the server on as they are and stores none of them', () =>
    onRig({}, async (rig) => {
      await rig.engines('5m', '1h');
      const { method } = await rig.approle('app');
      const agent = await rig.agent(withSink(rig, method));
      await rig.file('token');
      for (const status of [400, 403, 500, 503]) {
        rig.server.inject({
          trouble: { kind: 'fail', status, errors: [`made up ${String(status)}`] },
          when: ({ path }) => path === 'aws/creds/app',
        });
        const answer = await agent.ask('/v1/aws/creds/app');
        expect([answer.status, errorsOf(answer.json)]).to.deep.equal([status, [`made up ${String(status)}`]]);
      }
      expect((await agent.ask('/v1/aws/creds/app')).headers['x-cache']).to.equal('MISS');
      expect((await agent.ask('/v1/aws/creds/app')).headers['x-cache']).to.equal('HIT');
    }));

  it('refuses to call itself when its address is its own listener (D-62)', () =>
    onRig({}, async (rig) => {
      const tap = await rig.tap();
      await tap.close();
      const own = tap.url;
      const listener = LISTENER.replace('127.0.0.1:0', own.slice('http://'.length));
      const agent = await rig.agent(listener, { address: own });
      const answer = await ask(agent.url, '/v1/sys/health');
      expect([answer.status, errorsOf(answer.json).length]).to.deep.equal([508, 1]);
    }));
});
