// How those are reached who want to know of deliveries: real processes, sockets and servers on this machine.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readPid } from '../../../../core/auto-auth/notify/pid-file.js';
import { placeOf, targetsOf } from '../../../../core/auto-auth/notify/targets.js';
import type { NotifyConfig } from '../../../../core/contracts/agent-config.js';
import { systemClock } from '../../../../core/kernel/clock.js';
import { makeCertificate } from '../../../../core/sdk/testing/certificates.js';

const NEWS = { identity: 'default', sink: 'sink.default.1', sequence: 7 };
const NOTHING: NotifyConfig = { signal: undefined, command: undefined, http: undefined };
const alive = (): AbortSignal => new AbortController().signal;

describe('auto-auth/notify targets', () => {
  let dir: string;
  beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'claviger-notify-'))));
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const send = (config: Partial<NotifyConfig>): Promise<string | undefined> => {
    const [target] = targetsOf({ ...NOTHING, ...config }, systemClock());
    return target!.send(NEWS, alive());
  };

  it('there are as many as are configured', () => {
    const signal = { pidFile: '/p', signal: 'SIGHUP' };
    const command = { argv: ['/bin/true'], timeoutMs: 1 };
    const http = { url: 'https://h:1/p?token=x#y', method: 'GET' as const, caCert: '', timeoutMs: 1 };
    expect(targetsOf({ signal, command, http }, systemClock()).map(({ kind, name }) => [kind, name])).to.deep.equal([
      ['signal', 'the process of /p'],
      ['command', 'the program /bin/true'],
      ['http', 'https://h:1/p'],
    ]);
  });

  describe('signal', () => {
    let child: ChildProcess | undefined;
    const start = async (): Promise<ChildProcess> => {
      const script = 'process.on("SIGUSR1", () => process.exit(7)); console.log("up"); setInterval(() => {}, 1000)';
      child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
      await once(child.stdout!, 'data');
      return child;
    };
    afterEach(() => void child?.kill('SIGKILL'));
    const pidFile = async (text: string): Promise<string> => {
      await writeFile(join(dir, 'pid'), text);
      return join(dir, 'pid');
    };

    it('reaches the process whose number is in the file now', async () => {
      const child = await start();
      const path = await pidFile('99\n');
      await pidFile(`${String(child.pid)}\n`);
      const ended = once(child, 'exit');
      expect(await send({ signal: { pidFile: path, signal: 'SIGUSR1' } })).to.equal(undefined);
      expect((await ended)[0]).to.equal(7);
    });

    it('a process that is gone is told in words', async () => {
      const child = await start();
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      const why = await send({ signal: { pidFile: await pidFile(String(child.pid)), signal: 'SIGHUP' } });
      expect(why).to.equal('there is no such process (ESRCH)');
    });

    for (const [what, text] of [
      ['nothing', ''],
      ['words', 'nginx'],
      ['the first process', '1'],
      ['zero, which is the own group', '0'],
      ['a process group', '-4321'],
      ['a number that no process has', '9999999'],
      ['a fraction', '12.5'],
      ['two numbers', '12 13'],
      ['a very long text', `12${' '.repeat(100)}`],
    ] as const) {
      it(`a file with ${what} is refused and nobody gets a signal`, async () => {
        const path = await pidFile(text);
        const why = await send({ signal: { pidFile: path, signal: 'SIGUSR1' } });
        expect(why).to.match(/^\/.*pid (does not hold the number|is too long)/);
      });
    }

    it('a missing file, a folder and the agent itself are refused', async () => {
      await mkdir(join(dir, 'folder'));
      const own = await pidFile(String(process.pid));
      for (const [path, why] of [
        [join(dir, 'none'), /no such file or folder \(ENOENT\)/],
        [join(dir, 'folder'), /is not a regular file|it is a folder/],
        [own, /the number of the agent itself/],
      ] as const)
        expect(await send({ signal: { pidFile: path, signal: 'SIGUSR1' } })).to.match(why);
    });

    it('a symbolic link to the file is followed, blanks around the number do not matter', async () => {
      await pidFile(' 4321 \n');
      await symlink(join(dir, 'pid'), join(dir, 'link'));
      expect(await readPid(join(dir, 'link'))).to.equal(4321);
    });
  });

  describe('command', () => {
    const run = (script: string, timeoutMs = 5_000): Promise<string | undefined> =>
      send({ command: { argv: ['/bin/sh', '-c', script, 'sh', join(dir, 'out')], timeoutMs } });

    it('runs with the arguments as they are, a bare environment, and who and where', async () => {
      expect(await run('env > "$1"')).to.equal(undefined);
      const names = (await readFile(join(dir, 'out'), 'utf8')).split('\n').map((line) => line.split('=')[0]);
      expect(names).to.include.members(['PATH', 'CLAVIGER_IDENTITY', 'CLAVIGER_SINK']);
      expect(names).not.to.include.members(['HOME']);
    });

    it('what it prints is counted, never shown', async () => {
      expect(await run('echo planted-words; exit 3')).to.equal(
        'it ended with code 3; it printed 14 bytes, which are not shown',
      );
    });

    it('one that does not end is killed with all it started', async () => {
      expect(await run('sleep 100 & echo $! > "$1"; wait', 300)).to.equal('it did not end within 0.3 s and was killed');
      const pid = Number(await readFile(join(dir, 'out'), 'utf8'));
      expect(await isGone(pid)).to.equal(true);
    });

    it('one that does not exist is told', async () => {
      expect(await send({ command: { argv: ['/no/such/program'], timeoutMs: 1_000 } })).to.match(/ENOENT/);
    });
  });

  describe('http', () => {
    const servers: Server[] = [];
    afterEach(async () => {
      for (const server of servers.splice(0)) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    });
    interface Seen {
      readonly request: IncomingMessage;
      readonly body: string;
    }
    const serve = async (status: number, at?: string, tls?: { cert: string; key: string }) => {
      const seen: Seen[] = [];
      const answer = (request: IncomingMessage, response: ServerResponse): void => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          seen.push({ request, body });
          response.writeHead(status, { Location: '/other' }).end('planted-answer');
        });
      };
      const server = tls ? createTlsServer(tls, answer) : createServer(answer);
      servers.push(server);
      server.listen(at ?? { host: '127.0.0.1', port: 0 });
      await once(server, 'listening');
      const address = server.address();
      return { seen, port: typeof address === 'object' ? (address as AddressInfo).port : 0 };
    };
    const call = (url: string, over: object = {}): Promise<string | undefined> =>
      send({ http: { url, method: 'POST', caCert: '', timeoutMs: 5_000, ...over } });

    it('sends who and where, and the number of the delivery, never a token', async () => {
      const { seen, port } = await serve(204);
      expect(await call(`http://127.0.0.1:${String(port)}/reload?x=1`)).to.equal(undefined);
      expect(seen).to.have.length(1);
      expect([seen[0]!.request.method, seen[0]!.request.url, JSON.parse(seen[0]!.body)]).to.deep.equal([
        'POST',
        '/reload?x=1',
        NEWS,
      ]);
    });

    it('GET has no body', async () => {
      const { seen, port } = await serve(200);
      expect(await call(`http://127.0.0.1:${String(port)}/`, { method: 'GET' })).to.equal(undefined);
      expect([seen[0]!.request.method, seen[0]!.body]).to.deep.equal(['GET', '']);
    });

    it('a redirect is no success and is not followed', async () => {
      const { seen, port } = await serve(302);
      expect(await call(`http://127.0.0.1:${String(port)}/`)).to.match(/^it answered 302/);
      expect(seen).to.have.length(1);
    });

    it('an error, and nobody who listens, are told', async () => {
      const { port } = await serve(500);
      expect(await call(`http://127.0.0.1:${String(port)}/`)).to.equal('it answered 500: planted-answer');
      expect(await call('http://127.0.0.1:1/')).to.match(/^SERVICE_UNREACHABLE/);
    });

    it('speaks through a unix socket; after # comes the path of the request', async () => {
      const { seen } = await serve(200, join(dir, 'app.sock'));
      expect(await call(`unix://${join(dir, 'app.sock')}#/reload?x=1`)).to.equal(undefined);
      expect(await call(`unix://${join(dir, 'app.sock')}`)).to.equal(undefined);
      expect(seen.map(({ request }) => request.url)).to.deep.equal(['/reload?x=1', '/']);
    });

    it('trusts the authorities of ca_cert only, and reads the file each time', async () => {
      const pair = makeCertificate({ name: 'localhost', hosts: ['localhost', '127.0.0.1'] });
      const { port } = await serve(200, undefined, pair);
      const url = `https://127.0.0.1:${String(port)}/`;
      const caCert = join(dir, 'ca.pem');
      expect(await call(url)).to.match(/^SERVICE_UNREACHABLE/);
      expect(await call(url, { caCert })).to.match(/^AUTH_CREDENTIAL_MISSING: ca_cert/);
      await writeFile(caCert, pair.cert);
      expect(await call(url, { caCert })).to.equal(undefined);
    });

    for (const [text, place] of [
      ['https://h/p?secret=1', { url: 'https://h/p?secret=1', shown: 'https://h/p' }],
      ['unix:///run/a.sock', { url: 'http://localhost/', socketPath: '/run/a.sock', shown: 'unix:/run/a.sock/' }],
      ['unix:///run/a%20b#x?s=1', { url: 'http://localhost/x?s=1', socketPath: '/run/a b', shown: 'unix:/run/a b/x' }],
    ] as const) {
      it(`${text} leads where it says`, () => {
        expect(placeOf(text)).to.deep.equal(place);
      });
    }
  });
});

async function isGone(pid: number): Promise<boolean> {
  for (let look = 0; look < 200; look++) {
    try {
      const state = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined);
      process.kill(pid, 0);
      if (state !== undefined && / Z /.test(state)) return true;
    } catch {
      return true;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return false;
}
