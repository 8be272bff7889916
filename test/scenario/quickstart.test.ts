// What `npm start` does: dev server and agent in one process, four commands to try, and nothing left behind.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { Running } from './cli.js';
import { ask } from './client.js';
import { plant } from './collector.js';
import { onRig, type Rig } from './rig.js';

const AGENT = /curl -si (http:\S+?)\/v1\/aws/;

// As examples/quickstart/agent.hcl, on a free port.
const CONFIG = `
auto_auth {
  method "approle" {
    config = {
      role_id_file_path = "role-id"
      secret_id_file_path = "secret-id"
      remove_secret_id_file_after_reading = false
    }
  }
  sink "file" {
    config = {
      path = "token"
      mode = 0600
    }
  }
}
api_proxy {
  use_auto_auth_token = true
}
cache {
}
listener "tcp" {
  address = "127.0.0.1:0"
  tls_disable = true
}
`;

// The folder for temporary files of the command, to see that it is empty afterwards.
const temporary = (rig: Rig): string => {
  mkdirSync(rig.path('tmp'), { recursive: true });
  return rig.path('tmp');
};

function quickstart(rig: Rig, config = CONFIG, listen = '127.0.0.1:0'): Running {
  const args = ['dev', '-with-agent', `-dev-listen-address=${listen}`, '-dev-root-token-id=root', '-log-level=trace'];
  return rig.command([...args, `-config=${rig.write('quickstart.hcl', config)}`], { env: { TMPDIR: temporary(rig) } });
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const taken = (port = 0): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const isFree = (port: number): Promise<boolean> =>
  taken(port).then(
    (server) => new Promise((resolve) => server.close(() => resolve(true))),
    () => false,
  );

describe('scenario: npm start', function () {
  this.timeout(40_000);

  it('serves a MISS, a HIT with Age and what remains of lease_duration, and a MISS after a revocation through the agent', () =>
    onRig({}, async (rig) => {
      const running = quickstart(rig);
      const agent = (await running.says(AGENT))[1]!;
      expect(running.out).to.contain('NOT FOR PRODUCTION');
      expect(running.out.match(/^ {2}(curl|cat) /gm)).to.have.lengthOf(4);
      const first = await ask(agent, '/v1/aws/creds/readonly');
      const second = await ask(agent, '/v1/aws/creds/readonly');
      expect([first, second].map(({ status, headers }) => [status, headers['x-cache']])).to.deep.equal([
        [200, 'MISS'],
        [200, 'HIT'],
      ]);
      expect(Number(second.headers.age)).to.be.within(0, 5);
      expect([first.json.lease_duration, second.json.lease_id]).to.deep.equal([300, first.json.lease_id]);
      expect(second.json.lease_duration).to.be.within(294, 300);
      const revoked = await ask(agent, '/v1/sys/leases/revoke', {
        method: 'PUT',
        body: { lease_id: first.json.lease_id },
      });
      expect(revoked.status).to.equal(204);
      expect((await ask(agent, '/v1/aws/creds/readonly')).headers['x-cache']).to.equal('MISS');
      expect(await running.stop()).to.equal(0);
    }));

  it('prints commands that work in a shell as they stand', () =>
    onRig({}, async (rig) => {
      const running = quickstart(rig);
      await running.says(/Ctrl-C ends both/);
      const commands = [...running.out.matchAll(/^ {2}((?:curl|cat) .*)$/gm)].map(([, command]) => command!);
      const outputs = commands.map((command) =>
        execFileSync('/bin/sh', ['-c', command], { timeout: 10_000 }).toString(),
      );
      plant('the token of the quickstart', outputs[3]!.trim());
      const folder = dirname(/cat (\S+)/.exec(running.out)![1]!);
      plant('the secret id of the quickstart', readFileSync(join(folder, 'secret-id'), 'utf8'));
      expect(outputs[0]).to.match(/^HTTP\/1\.1 200 [\s\S]*x-cache: MISS/i);
      expect(outputs[1])
        .to.match(/^HTTP\/1\.1 200 [\s\S]*x-cache: HIT/i)
        .and.match(/^age: \d/im);
      expect(outputs[2]).to.match(/^HTTP\/1\.1 204 /);
      expect(outputs[3]).to.match(/^\S{20,}$/);
      expect(await running.stop()).to.equal(0);
    }));

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`leaves no process and no file behind after ${signal}`, () =>
      onRig({}, async (rig) => {
        const running = quickstart(rig);
        const agent = (await running.says(AGENT))[1]!;
        const token = /cat (\S+)/.exec((await running.says(/cat \S+/))[0])![1]!;
        expect(existsSync(dirname(token))).to.equal(true);
        expect(token.startsWith(rig.path('tmp'))).to.equal(true);
        running.signal(signal);
        expect(await running.code()).to.equal(0);
        expect(isAlive(running.pid)).to.equal(false);
        expect(readdirSync(rig.path('tmp'))).to.deep.equal([]);
        expect(await ask(agent, '/v1/sys/health').catch((error: NodeJS.ErrnoException) => error.code)).to.equal(
          'ECONNREFUSED',
        );
      }));
  }

  it('leaves nothing behind when the signal comes before the agent is up', () =>
    onRig({}, async (rig) => {
      const running = quickstart(rig);
      await running.says(/Root Token: root/);
      expect(await running.stop()).to.equal(0);
      expect(readdirSync(rig.path('tmp'))).to.deep.equal([]);
    }));

  const oneLine = async (rig: Rig, running: Running, pattern: RegExp): Promise<void> => {
    expect(await running.code()).to.equal(1);
    const lines = running.err.split('\n').filter((line) => line !== '' && !/^\d{4}-\d\d-\d\dT/.test(line));
    expect(lines.join('\n')).to.match(pattern);
    expect(lines.length, running.err).to.be.within(1, 2);
    expect(running.err).to.not.match(/\n\s+at .*[(:]/);
    expect(readdirSync(rig.path('tmp'))).to.deep.equal([]);
  };

  it('says in one line what to do when the port of the dev server is in use, and exits 1', () =>
    onRig({}, async (rig) => {
      const blocker = await taken();
      const address = `127.0.0.1:${String(portOf(blocker))}`;
      await oneLine(
        rig,
        quickstart(rig, CONFIG, address),
        new RegExp(
          `${address} is (already )?in use.*\\S{3}.*\\[LISTEN_ADDRESS_IN_USE\\]|LISTEN_ADDRESS_IN_USE.*${address}`,
        ),
      );
      blocker.close();
    }));

  it('says in one line what to do when the port of the agent is in use, and exits 1', () =>
    onRig({}, async (rig) => {
      const blocker = await taken();
      const address = `127.0.0.1:${String(portOf(blocker))}`;
      await oneLine(rig, quickstart(rig, CONFIG.replace('127.0.0.1:0', address)), /LISTEN_ADDRESS_IN_USE/);
      blocker.close();
    }));

  it('says in one line what to do when a sink cannot be written, and exits 1', () =>
    onRig({}, async (rig) => {
      await oneLine(
        rig,
        quickstart(rig, CONFIG.replace('path = "token"', 'path = "no-such-folder/token"')),
        /no-such-folder.*/,
      );
    }));

  it('works exactly as shipped, on 8200 and 8100 (skipped when one of these ports is taken)', async function () {
    if (!(await isFree(8200)) || !(await isFree(8100))) return this.skip();
    await onRig({}, async (rig) => {
      const running = rig.command(['dev', '-with-agent', '-dev-root-token-id=root'], {
        env: { TMPDIR: temporary(rig) },
      });
      await running.says(/Ctrl-C ends both|LISTEN_ADDRESS_IN_USE/);
      // somebody else was faster
      if (running.err.includes('LISTEN_ADDRESS_IN_USE')) return this.skip();
      expect((await ask('http://127.0.0.1:8100', '/v1/aws/creds/readonly')).headers['x-cache']).to.equal('MISS');
      expect((await ask('http://127.0.0.1:8200', '/v1/sys/health')).status).to.equal(200);
      expect(await running.stop()).to.equal(0);
      expect(readdirSync(rig.path('tmp'))).to.deep.equal([]);
    });
  });
});
