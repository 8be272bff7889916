// Faults that show after the agent is ready: it stays up, says what is wrong in one log line, is degraded and answers requests.
import { mkdirSync } from 'node:fs';
import { createServer as createPlain, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { makeCertificate } from '../../../core/sdk/testing/index.js';
import { ask } from '../client.js';
import { plant } from '../collector.js';
import { fileSink, LISTENER, onRig, SERVE, type Rig } from '../rig.js';
import { Call } from '../terminal.js';
import { until } from '../until.js';

interface Component {
  readonly id: string;
  readonly state: string;
  readonly code?: string;
}

/** One degraded agent: what its log says, what its health says, how it answers; then it stops as any other. */
async function degraded(
  rig: Rig,
  hcl: string,
  wanted: { readonly line: RegExp; readonly code: string },
): Promise<Call> {
  const call = new Call(['agent', '-config', rig.config(hcl)]);
  const url = await call.url();
  await call.says(wanted.line);
  const health = await until('the degraded health', async () => {
    const { json } = await ask(url, '/agent/v1/health');
    const found = (json.components as Component[]).find(({ id }) => id === 'auto_auth.default');
    return found?.state === 'degraded' ? { ready: json.ready as boolean, code: found.code } : undefined;
  });
  expect(health).to.deep.equal({ ready: true, code: wanted.code });
  expect(call.text, 'no stack').to.not.match(/^\s+at .*:\d+:\d+\)?$/m);
  return call;
}

const stops = async (call: Call): Promise<void> => void expect((await call.stop()).code).to.equal(0);

const INLINE = `method "approle" {\n  config = {\n    role_id = "${plant('an inline role id', 'inline-role-id-4711')}"\n    secret_id = "${plant('an inline secret id', 'inline-secret-id-4711')}"\n  }\n}\n`;

const identity = (rig: Rig, method: string): string => `auto_auth {\n${method}${fileSink(rig.path('token'))}}\n`;

async function served(server: Server, work: (address: string) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe('bad input: after the agent is ready', function () {
  this.timeout(20_000);

  it('a server whose certificate has expired, 502 for requests', () =>
    onRig({}, async (rig) => {
      const { cert, key } = makeCertificate({ name: 'server', toMs: Date.UTC(2021, 0, 1) });
      await served(createSecure({ cert, key }), async (address) => {
        const vault = `vault {\n  address = "https://${address}"\n  ca_cert = "${rig.write('ca.pem', cert)}"\n}\n`;
        const call = await degraded(rig, `${vault}${identity(rig, INLINE)}${LISTENER}`, {
          line: /\[ERROR\] +agent\.auth\.handler: error authenticating: error="UPSTREAM_TLS: TLS to https:\S+ failed: the certificate of the server has expired; /,
          code: 'UPSTREAM_TLS',
        });
        const answer = await ask(await call.url(), '/v1/secret/data/x');
        expect(answer.status).to.equal(502);
        expect(answer.json.errors[0]).to.include('the certificate of the server has expired');
        await stops(call);
      });
    }));

  it('a server that answers HTML: told to check vault.address; the page itself is passed on', () =>
    onRig({}, async (rig) => {
      const page = '<html><body>It works!</body></html>';
      const html = createPlain((_request, response) => response.setHeader('Content-Type', 'text/html').end(page));
      await served(html, async (address) => {
        const vault = `vault {\n  address = "http://${address}"\n}\n`;
        const call = await degraded(rig, `${vault}${identity(rig, INLINE)}${LISTENER}`, {
          line: /error="UPSTREAM_BAD_REPLY: http:\S+ did not answer like Vault: it sent status 200 with text\/html, not JSON; check vault\.address"/,
          code: 'UPSTREAM_BAD_REPLY',
        });
        expect((await ask(await call.url(), '/v1/secret/data/x')).text).to.equal(page);
        await stops(call);
        expect(() => rig.read('token')).to.throw('ENOENT');
      });
    }));

  it('a dead server: connection refused in words, 502; it logs in by itself once the server is there', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const tap = await rig.tap();
      await tap.close();
      const vault = `vault {\n  address = "${tap.url}"\n}\n`;
      const call = await degraded(rig, `${vault}${identity(rig, method)}${SERVE}`, {
        line: /error="UPSTREAM_UNREACHABLE: cannot reach http:\S+: nothing listens there \(connection refused\)" backoff=/,
        code: 'UPSTREAM_UNREACHABLE',
      });
      await tap.open();
      await rig.file('token');
      await stops(call);
    }));

  it('a token that the server refuses, told with the status', () =>
    onRig({}, async (rig) => {
      const dead = rig.write('dead-token', plant('a dead token', 'hvs.dead-token-of-the-test'));
      const method = `method "token_file" {\n  config = {\n    token_file_path = "${dead}"\n  }\n}\n`;
      const call = await degraded(rig, `${identity(rig, method)}${LISTENER}`, {
        line: /error authenticating: error="AUTH_REFUSED: the server refused the login with 403: permission denied; the token in \S+\/dead-token is not valid \(any more\); write a new one into it"/,
        code: 'AUTH_REFUSED',
      });
      expect((await ask(await call.url(), '/v1/sys/health')).status).to.equal(200);
      await stops(call);
      expect(() => rig.read('token')).to.throw('ENOENT');
    }));

  it('a secret id that cannot be read, as a child process: named with its setting and path, exit code 0 on SIGTERM, no file left', () =>
    onRig({}, async (rig) => {
      const { roleIdFile } = await rig.approle('app');
      mkdirSync(rig.path('secret'));
      const method = `method "approle" {\n  config = {\n    role_id_file_path = "${roleIdFile}"\n    secret_id_file_path = "${rig.path('secret')}"\n  }\n}\n`;
      const pid = `pid_file = "${rig.path('pid')}"\n`;
      const agent = rig.command(['agent', '-config', rig.config(`${pid}${identity(rig, method)}${LISTENER}`)]);
      const url = (await agent.says(/Api Address 1: (\S+)/))[1]!;
      await agent.says(
        /AUTH_CREDENTIAL_UNREADABLE: auth-method \\?"approle\\?" \(auth_method\.default\): secret_id_file_path: \S+\/secret cannot be read \(it is a directory\)/,
      );
      expect((await ask(url, '/v1/sys/health')).status).to.equal(200);
      const { json } = await ask(url, '/agent/v1/health');
      expect(json.components.find((one: Component) => one.id === 'auto_auth.default')).to.include({
        state: 'degraded',
        code: 'AUTH_CREDENTIAL_UNREADABLE',
      });
      await rig.file('pid');
      expect(await agent.stop()).to.equal(0);
      expect(() => rig.read('pid')).to.throw('ENOENT');
    }));
});
