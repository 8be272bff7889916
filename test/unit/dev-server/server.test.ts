// The server on a real socket: headers, verbs, trouble on demand, its address.
import { connect } from 'node:net';
import { expect } from 'chai';
import { AgentError } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { createDevServer, type DevServer } from '../../../core/dev-server/server.js';
import { startDevServer } from '../../../core/dev-server/start.js';

interface Live {
  readonly server: DevServer;
  readonly clock: VirtualClock;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
}

async function live(work: (live: Live) => Promise<void>): Promise<void> {
  const clock = new VirtualClock();
  const server = createDevServer({ rootToken: 'root', clock });
  const { url } = await server.listen('127.0.0.1', 0);
  const get: Live['get'] = (path, headers = {}) =>
    fetch(`${url}/v1/${path}`, { headers: { 'X-Vault-Token': 'root', ...headers }, redirect: 'manual' });
  try {
    await work({ server, clock, get });
  } finally {
    await server.close();
  }
}

const failed = (promise: Promise<Response>): Promise<boolean> =>
  promise.then(
    () => false,
    () => true,
  );

describe('dev server: on a socket', () => {
  it('every answer has no-store, JSON and transport security; a named namespace comes back', () =>
    live(async ({ get }) => {
      for (const path of ['sys/health', 'nowhere', 'auth/token/lookup-self']) {
        const { headers } = await get(path, { 'X-Vault-Namespace': 'root' });
        expect(headers.get('cache-control')).to.equal('no-store');
        expect(headers.get('content-type')).to.equal('application/json');
        expect(headers.get('strict-transport-security')).to.equal('max-age=31536000; includeSubDomains');
        expect(headers.get('x-vault-namespace')).to.equal('root');
      }
    }));

  it('a double slash is a 307 to the clean path', () =>
    live(async ({ get }) => {
      const answer = await get('sys//health?x=%20');
      expect([answer.status, answer.headers.get('location')]).to.deep.equal([307, '/v1/sys/health?x=%20']);
    }));

  it('leads to a page where the real server has its web interface', () =>
    live(async ({ server }) => {
      for (const path of ['/', '/ui', '/ui/']) {
        const answer = await fetch(server.address.url + path);
        expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([200, 'text/html; charset=utf-8']);
        expect(await answer.text()).to.contain('no web interface');
      }
    }));

  it('help is allowed to every living token, and only with help in the query', async () => {
    const server = createDevServer({ rootToken: 'root', clock: new VirtualClock() });
    const made = await server.call('POST', 'auth/token/create', { body: { policies: ['default'] } });
    const token = (made.body as { auth: { client_token: string } }).auth.client_token;
    expect((await server.call('GET', 'sys/mounts?help=1', { token })).status).to.equal(200);
    expect((await server.call('GET', 'sys/mounts?help=1', { token: 'hvs.none' })).status).to.equal(403);
    expect((await server.call('GET', 'sys/mounts', { token })).status).to.equal(403);
    await server.close();
  });

  it('LIST works on the wire', () =>
    live(async ({ server }) => {
      const address = server.address;
      const text = await new Promise<string>((resolve, reject) => {
        let got = '';
        const socket = connect(address.port, address.host, () => {
          socket.write(
            'LIST /v1/sys/policies/acl HTTP/1.1\r\nHost: x\r\nX-Vault-Token: root\r\nConnection: close\r\n\r\n',
          );
        });
        socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
        socket.on('end', () => resolve(got));
        socket.on('error', reject);
      });
      expect(text).to.match(/^HTTP\/1\.1 200 OK/);
      expect(text).to.contain('"keys":["default","root"]');
    }));

  it('remembers who asked for what, without tokens', () =>
    live(async ({ server, get }) => {
      await get('auth/token/lookup-self?x=1');
      await get('auth/token/lookup-self', { 'X-Vault-Token': 'wrong' });
      expect(server.requests.count('GET', 'auth/token/lookup-self')).to.equal(2);
      const [first, second] = server.requests.all;
      expect(first).to.include({
        method: 'GET',
        target: '/v1/auth/token/lookup-self?x=1',
        displayName: 'root',
        status: 200,
      });
      expect(first?.accessor).to.have.length(24);
      expect(second).to.include({ accessor: '', status: 403 });
      expect(JSON.stringify(server.requests.all)).not.to.contain('wrong');
      server.requests.clear();
      expect(server.requests.all).to.have.length(0);
    }));

  it('fails the next matching requests with what it is told, then works again', () =>
    live(async ({ server, get }) => {
      server.inject({
        trouble: { kind: 'fail', status: 503, errors: ['Vault is sealed'], headers: { 'Retry-After': '1' } },
        times: 2,
        when: (request) => request.path === 'auth/token/lookup-self',
      });
      expect((await get('sys/health')).status).to.equal(200);
      const answer = await get('auth/token/lookup-self');
      expect([answer.status, answer.headers.get('retry-after')]).to.deep.equal([503, '1']);
      expect(await answer.json()).to.deep.equal({ errors: ['Vault is sealed'] });
      expect((await get('auth/token/lookup-self')).status).to.equal(503);
      expect((await get('auth/token/lookup-self')).status).to.equal(200);
    }));

  it('closes connections, and can lose the answer of work that was done', () =>
    live(async ({ server, get }) => {
      server.inject({ trouble: { kind: 'close' } });
      expect(await failed(get('sys/policies/acl?list=true'))).to.equal(true);
      server.inject({ trouble: { kind: 'lose' } });
      const before = server.world.tokens.all().length;
      const { url } = server.address;
      const lost = fetch(`${url}/v1/auth/token/create`, { method: 'POST', headers: { 'X-Vault-Token': 'root' } });
      expect(await failed(lost)).to.equal(true);
      expect(server.world.tokens.all()).to.have.length(before + 1);
    }));

  it('hangs until the client gives up, and answers late by its own clock', () =>
    live(async ({ server, clock, get }) => {
      server.inject({ trouble: { kind: 'hang' } });
      const controller = new AbortController();
      const hanging = fetch(`${server.address.url}/v1/sys/health`, { signal: controller.signal });
      while (server.requests.all.length === 0) await clock.advance(0);
      controller.abort();
      expect(await failed(hanging)).to.equal(true);
      const takeBack = server.inject({ trouble: { kind: 'delay', delayMs: 5_000 }, times: 1 });
      const late = get('sys/health');
      while (clock.pending === 0 || clock.nextInMs !== 5_000) await clock.advance(0);
      await clock.advance(5_000);
      expect((await late).status).to.equal(200);
      takeBack();
    }));

  it('answers to the byte what a test makes up', () =>
    live(async ({ server, get }) => {
      const body = '{"data": {"n": 12345678901234567890}}';
      server.inject({ trouble: { kind: 'answer', status: 200, body, headers: { 'X-Odd': '1' } } });
      const answer = await get('secret/data/x');
      expect([await answer.text(), answer.headers.get('x-odd')]).to.deep.equal([body, '1']);
    }));

  it('goes down so that connections are refused, and comes back on the same port with all it knew', () =>
    live(async ({ server, get }) => {
      const { port } = server.address;
      await server.call('POST', 'cubbyhole/x', { body: { a: 1 } });
      const up = await server.down();
      const code = await fetch(`http://127.0.0.1:${String(port)}/v1/sys/health`).catch(
        (error: unknown) => ((error as Error).cause as NodeJS.ErrnoException).code,
      );
      expect(code).to.equal('ECONNREFUSED');
      await up();
      expect(server.address.port).to.equal(port);
      expect((await get('cubbyhole/x')).status).to.equal(200);
    }));

  it('an outage cuts everybody off until it is over; trouble can be taken back', () =>
    live(async ({ server, get }) => {
      expect((await get('sys/health')).status).to.equal(200);
      const over = server.outage();
      expect(await failed(get('sys/health'))).to.equal(true);
      over();
      expect((await get('sys/health')).status).to.equal(200);
      server.inject({ trouble: { kind: 'fail', status: 500 } })();
      expect((await get('sys/health')).status).to.equal(200);
    }));
});

describe('dev server: start', () => {
  it('generates a root token, mounts KV 2 at secret/ and says where it listens', async () => {
    const clock = new VirtualClock();
    const started = await startDevServer({ listenAddress: '127.0.0.1:0', clock });
    try {
      expect(started.rootToken).to.match(/^s\.\w{24}$/);
      expect(started.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
      const mount = await started.server.call('GET', 'sys/mounts/secret');
      expect(mount.body).to.deep.include({ type: 'kv', options: { version: '2' } });
    } finally {
      await started.close();
    }
  });

  it('seeds the quickstart so that its AppRole can read all it names', async () => {
    const started = await startDevServer({
      rootToken: 'root',
      listenAddress: '127.0.0.1:0',
      clock: new VirtualClock(),
      seed: true,
    });
    try {
      const { server, quickstart } = started;
      if (quickstart === undefined) throw new Error('not seeded');
      const body = { role_id: quickstart.roleId, secret_id: quickstart.secretId };
      const login = await server.call('POST', 'auth/approle/login', { token: '', body });
      const token = (login.body as { auth: { client_token: string } }).auth.client_token;
      for (const path of [quickstart.secretPath, quickstart.awsPath, quickstart.databasePath]) {
        expect((await server.call('GET', path, { token })).status, path).to.equal(200);
      }
      expect((await server.call('GET', 'sys/mounts', { token })).status).to.equal(403);
    } finally {
      await started.close();
    }
  });

  it('names an address that is taken or that is none', async () => {
    const clock = new VirtualClock();
    const first = await startDevServer({ listenAddress: '127.0.0.1:0', clock });
    const codes: unknown[] = [];
    for (const listenAddress of [first.url.slice(7), 'nonsense', '127.0.0.1:70000']) {
      await startDevServer({ listenAddress, clock }).catch((error: unknown) => {
        codes.push(error instanceof AgentError ? error.code : error);
      });
    }
    await first.close();
    expect(codes).to.deep.equal(['LISTEN_ADDRESS_IN_USE', 'LISTEN_ADDRESS', 'LISTEN_ADDRESS']);
  });
});
