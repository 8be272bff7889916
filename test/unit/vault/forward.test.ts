import { expect } from 'chai';
import { PassThrough, Writable } from 'node:stream';
import { once, setMaxListeners } from 'node:events';
import { createServer as createNetServer, type AddressInfo, type Server } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, type AgentError } from '../../../core/sdk/index.js';
import type { Body, ByteStream, Reply } from '../../../core/contracts/exchange.js';
import { VirtualClock, settle } from '../../../core/sdk/testing/virtual-clock.js';
import type { VaultConfig } from '../../../core/contracts/agent-config.js';
import { client, config, exchange, json, upstream, type Answer, type Upstream } from './rig.js';

const stream = (body: Body): ByteStream => body as ByteStream;
const textOf = async (reply: Reply): Promise<string> =>
  Buffer.from((await stream(reply.body).collect(1_000_000)) ?? []).toString();
const failing = async (promise: Promise<unknown>): Promise<AgentError> =>
  promise.then(
    () => expect.fail('there was an answer'),
    (error: unknown) => error as AgentError,
  );
const headerMap = (list: readonly string[]): Map<string, string[]> => {
  const map = new Map<string, string[]>();
  for (let i = 0; i < list.length; i += 2) {
    const name = (list[i] as string).toLowerCase();
    map.set(name, [...(map.get(name) ?? []), list[i + 1] as string]);
  }
  return map;
};
async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000 && !done(); turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(done(), 'it never happened').to.equal(true);
}

describe('vault/forward', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const open = async (answer: Answer, options: Parameters<typeof upstream>[1] = {}): Promise<Upstream> => {
    const server = await upstream(answer, options);
    closing.push(() => server.close());
    return server;
  };
  const connect = (
    address: string,
    over: Partial<VaultConfig> = {},
    clock?: VirtualClock,
  ): ReturnType<typeof client> => {
    const made = client(config(address, over), clock);
    closing.push(() => made.close());
    return made;
  };
  const raw = async (
    answer: (head: string) => string | undefined,
  ): Promise<{ url: string; server: Server; heads: string[] }> => {
    const heads: string[] = [];
    const server = createNetServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        heads.push(data.toString('latin1'));
        const text = answer(data.toString('latin1'));
        if (text === undefined) socket.destroy();
        else socket.write(text);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, heads };
  };

  it('sends the raw target as it was received (D-36, D-72)', async () => {
    const server = await open(json(200, {}));
    const { forward } = connect(server.url);
    await textOf(await forward(exchange({ path: '/v1/a%2Fb//c/', query: 'x=%20&a=1&x=2' })));
    expect(server.seen[0]?.url).to.equal('/v1/a%2Fb//c/?x=%20&a=1&x=2');
  });

  for (const method of ['GET', 'LIST', 'SCAN', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD']) {
    it(`sends the verb ${method} through`, async () => {
      const { url, heads } = await raw(() => 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      const reply = await connect(url).forward(exchange({ method }));
      expect(reply.status).to.equal(200);
      expect(heads[0]).to.match(new RegExp(`^${method} /v1/secret/foo HTTP/1.1\r\n`));
    });
  }

  it('strips hop-by-hop headers, those that Connection names, and Accept-Encoding (D-32)', async () => {
    const server = await open(json(200, {}));
    const headers = [
      'Host', 'agent', 'Connection', 'Upgrade, HTTP2-Settings, X-Private', 'Upgrade', 'h2c', 'HTTP2-Settings', 'AAA',
      'X-Private', '1', 'TE', 'trailers', 'Proxy-Authorization', 'x', 'Keep-Alive', 'timeout=5', 'Accept-Encoding', 'gzip',
      'X-Keep', 'one', 'X-Keep', 'two', 'Expect', '100-continue',
    ]; // prettier-ignore
    await textOf(await connect(server.url).forward(exchange({ headers })));
    const sent = headerMap(server.seen[0]?.headers ?? []);
    expect(sent.get('x-keep')).to.deep.equal(['one', 'two']);
    for (const gone of [
      'upgrade',
      'http2-settings',
      'x-private',
      'te',
      'proxy-authorization',
      'accept-encoding',
      'expect',
    ]) {
      expect(sent.has(gone), gone).to.equal(false);
    }
    expect(sent.get('host')).to.deep.equal([new URL(server.url).host]);
  });

  it('names itself and keeps the client as suffix (U-3)', async () => {
    const server = await open(json(200, {}));
    const { forward } = connect(server.url);
    await textOf(await forward(exchange({ headers: ['User-Agent', 'curl/8'] })));
    await textOf(await forward(exchange()));
    const agents = server.seen.map((seen) => headerMap(seen.headers).get('user-agent')?.[0]);
    expect(agents[0]).to.match(/^Claviger API Proxy\/0\.0\.1 \(.*\); curl\/8$/);
    expect(agents[1]).to.match(/^Claviger API Proxy\/0\.0\.1 \([^)]*\)$/);
  });

  it('puts the token of the exchange in place of every token of the client, and the canonical namespace (U-4)', async () => {
    const server = await open(json(200, {}));
    const headers = ['X-Vault-Token', 'client', 'x-vault-token', 'other', 'X-Vault-Namespace', '/ns1'];
    await textOf(
      await connect(server.url).forward(exchange({ headers, token: new Secret('agent'), namespace: 'ns1/' })),
    );
    const sent = headerMap(server.seen[0]?.headers ?? []);
    expect(sent.get('x-vault-token')).to.deep.equal(['agent']);
    expect(sent.get('x-vault-namespace')).to.deep.equal(['ns1/']);
  });

  it('does not let a client name the token away in Connection', async () => {
    const server = await open(json(200, {}));
    const headers = ['Connection', 'X-Vault-Token, X-Vault-Namespace'];
    await textOf(await connect(server.url).forward(exchange({ headers, token: new Secret('agent'), namespace: 'a/' })));
    expect(headerMap(server.seen[0]?.headers ?? []).get('x-vault-token')).to.deep.equal(['agent']);
  });

  it('leaves the token of the client alone when the exchange has none', async () => {
    const server = await open(json(200, {}));
    await textOf(await connect(server.url).forward(exchange({ headers: ['X-Vault-Token', 'client'] })));
    expect(headerMap(server.seen[0]?.headers ?? []).get('x-vault-token')).to.deep.equal(['client']);
  });

  it('sends body bytes verbatim, in memory and streaming', async () => {
    const server = await open(json(200, {}));
    const { forward } = connect(server.url);
    const body = Buffer.from('{"a": 1}');
    await textOf(await forward(exchange({ method: 'POST', body })));
    const source = {
      collect: () => Promise.resolve(undefined),
      pipeTo: (out: Writable) => void out.end('streamed'),
      cancel: () => undefined,
    };
    await textOf(await forward(exchange({ method: 'PUT', headers: ['Content-Length', '8'], body: source })));
    expect(server.seen.map((seen) => seen.body)).to.deep.equal(['{"a": 1}', 'streamed']);
    expect(headerMap(server.seen[1]?.headers ?? []).get('content-length')).to.deep.equal(['8']);
  });

  it('relays status and headers in order with duplicates, without hop-by-hop ones', async () => {
    const { url } = await raw(
      () =>
        'HTTP/1.1 201 Created\r\nX-B: 1\r\nConnection: keep-alive, X-Gone\r\nX-Gone: 1\r\nX-A: 2\r\nX-B: 3\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nhi',
    );
    const reply = await connect(url).forward(exchange());
    expect(reply.status).to.equal(201);
    expect(reply.headers).to.deep.equal(['X-B', '1', 'X-A', '2', 'X-B', '3', 'Content-Length', '2']);
    expect(await textOf(reply)).to.equal('hi');
  });

  it('passes over informational answers', async () => {
    const { url } = await raw(
      () => 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    const reply = await connect(url).forward(exchange());
    expect([reply.status, await textOf(reply)]).to.deep.equal([200, 'ok']);
  });

  it('relays an answer that is no JSON as it is', async () => {
    const server = await open(
      (_request, response) => void response.writeHead(404, { 'content-type': 'text/html' }).end('<p>'),
    );
    const reply = await connect(server.url).forward(exchange());
    expect([reply.status, await textOf(reply)]).to.deep.equal([404, '<p>']);
  });

  it('collect gives up at the limit and the stream can still be piped from its beginning', async () => {
    const server = await open((_request, response) => void response.end('x'.repeat(300_000)));
    const reply = await connect(server.url).forward(exchange());
    expect(await stream(reply.body).collect(1000)).to.equal(undefined);
    const out = new PassThrough();
    stream(reply.body).pipeTo(out);
    let total = 0;
    for await (const chunk of out) total += (chunk as Buffer).byteLength;
    expect(total).to.equal(300_000);
  });

  it('pipes with back-pressure: a slow reader stops the server (D-35)', async () => {
    let written = 0;
    const server = await open((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const pump = (): void => {
        while (written < 64 * 1024 * 1024) {
          written += chunk.byteLength;
          if (!response.write(chunk)) return void response.once('drain', pump);
        }
        response.end();
      };
      pump();
    });
    const reply = await connect(server.url).forward(exchange());
    const pending: (() => void)[] = [];
    const slow = new Writable({ highWaterMark: 1024, write: (_chunk, _encoding, done) => void pending.push(done) });
    stream(reply.body).pipeTo(slow);
    await until(() => pending.length > 0);
    await settle(200);
    expect(written).to.be.lessThan(32 * 1024 * 1024);
    slow.destroy();
  });

  it('a client that leaves in the middle of the answer ends the work of the server (D-30)', async () => {
    let gone = false;
    const server = await open((request, response) => {
      response.write('first');
      request.socket.on('close', () => (gone = true));
    });
    const reply = await connect(server.url).forward(exchange());
    const out = new PassThrough();
    stream(reply.body).pipeTo(out);
    await once(out, 'data');
    out.destroy();
    await until(() => gone);
    expect(gone).to.equal(true);
  });

  it('a client that leaves before the answer ends the work of the server (D-30)', async () => {
    let gone = false;
    const server = await open((request) => void request.socket.on('close', () => (gone = true)));
    const control = new AbortController();
    const waiting = failing(connect(server.url).forward(exchange({ signal: control.signal })));
    await until(() => server.seen.length === 1);
    control.abort();
    expect((await waiting).code).to.equal('UPSTREAM_CANCELLED');
    await until(() => gone);
  });

  it('a burst of clients that left does not block the pool for those that follow', async () => {
    let answering = false;
    const server = await open((_request, response) => {
      if (answering) response.end('ok');
    });
    const { forward, pending } = connect(server.url);
    const control = new AbortController();
    setMaxListeners(300, control.signal);
    const left = Array.from({ length: 200 }, () => failing(forward(exchange({ signal: control.signal }))));
    await until(() => server.seen.length >= 64);
    answering = true;
    control.abort();
    await Promise.all(left);
    expect(pending).to.equal(0);
    const replies = await Promise.all(Array.from({ length: 70 }, () => forward(exchange()).then(textOf)));
    expect(replies).to.deep.equal(Array.from({ length: 70 }, () => 'ok'));
  });

  it('does not ask for an abort signal when the answer comes at once', async () => {
    const server = await open(json(200, {}));
    let asked = 0;
    const lazy = Object.defineProperty(exchange(), 'signal', { get: () => void (asked += 1) });
    await textOf(await connect(server.url, {}, new VirtualClock()).forward(lazy));
    expect(asked).to.equal(0);
  });

  it('an answer that breaks off in the middle is an error for the collector and destroys the pipe', async () => {
    const { url } = await raw(() => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart');
    const server = await open((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('part', () => request.socket.destroy());
    });
    const { forward } = connect(server.url);
    const reply = await forward(exchange());
    expect((await failing(stream(reply.body).collect(1000))).code).to.equal('UPSTREAM_UNREACHABLE');
    const out = new PassThrough();
    const error = once(out, 'error');
    stream((await forward(exchange())).body).pipeTo(out);
    expect(((await error)[0] as AgentError).code).to.equal('UPSTREAM_UNREACHABLE');
    expect(url).to.be.a('string');
  });

  it('fails with UPSTREAM_TIMEOUT when no head comes within the bound (U-7)', async () => {
    const server = await open(() => undefined);
    const clock = new VirtualClock();
    const waiting = failing(connect(server.url, { timeoutMs: 60_000 }, clock).forward(exchange()));
    await until(() => server.seen.length === 1);
    await clock.advance(60_100);
    const error = await waiting;
    expect([error.code, error.message]).to.deep.equal(['UPSTREAM_TIMEOUT', `${server.url} did not answer within 60 s`]);
  });

  it('speaks to a unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'claviger-'));
    closing.unshift(() => rm(folder, { recursive: true }));
    const server = await open(json(200, { ok: true }), { where: join(folder, 's') });
    expect(await textOf(await connect(server.url).forward(exchange()))).to.equal('{"ok":true}');
  });

  it('keeps the path of the configured address', async () => {
    const server = await open(json(200, {}));
    await textOf(await connect(`${server.url}/base/`).forward(exchange()));
    expect(server.seen[0]?.url).to.equal('/base/v1/secret/foo');
  });

  it('follows a redirect to the same server once, with the body (D-31)', async () => {
    const server = await open((request, response) => {
      if (request.url === '/v1/other') return void response.end('there');
      response.writeHead(307, { location: `${server.url}/v1/other` }).end();
    });
    const reply = await connect(server.url).forward(exchange({ method: 'PUT', body: Buffer.from('b') }));
    expect(await textOf(reply)).to.equal('there');
    expect(server.seen.map((seen) => [seen.method, seen.url, seen.body])).to.deep.equal([
      ['PUT', '/v1/secret/foo', 'b'],
      ['PUT', '/v1/other', 'b'],
    ]);
  });

  it('relays a second redirect, and one that leads to another host: the token stays here (D-31)', async () => {
    const other = await open(json(200, {}));
    const server = await open((request, response) => {
      const location = request.url === '/v1/loop' ? '/v1/loop' : `${other.url}/v1/x`;
      response.writeHead(307, { location }).end();
    });
    const { forward } = connect(server.url);
    expect((await forward(exchange({ token: new Secret('t') }))).status).to.equal(307);
    expect((await forward(exchange({ path: '/v1/loop' }))).status).to.equal(307);
    expect(server.seen).to.have.length(3);
    expect(other.seen).to.have.length(0);
  });

  describe('retries (corrections, D-29)', () => {
    const scripted = (statuses: readonly number[], headers: Record<string, string> = {}): Answer => {
      let turn = 0;
      return (request, response) => {
        const status = statuses[Math.min(turn++, statuses.length - 1)] as number;
        if (status === 0) request.socket.destroy();
        else json(status, { errors: [] }, headers)(request, response);
      };
    };
    const run = async (server: Upstream, over: Partial<Parameters<typeof exchange>[0]> = {}) => {
      const clock = new VirtualClock();
      const made = connect(server.url, { retries: 3 }, clock);
      let result: number | string | undefined;
      void made.forward(exchange(over)).then(
        (reply) => (result = reply.status),
        (error: unknown) => (result = (error as AgentError).code),
      );
      for (let turn = 0; turn < 400 && result === undefined; turn++) await clock.advance(100);
      return { result, requests: server.seen.length, retries: made.counts.by.get('agent.upstream.retries') ?? 0 };
    };

    for (const status of [412, 429, 500, 502, 503, 504]) {
      it(`sends a GET again after ${status}`, async () => {
        const got = await run(await open(scripted([status, status, 200])));
        expect(got).to.deep.equal({ result: 200, requests: 3, retries: 2 });
      });
    }
    for (const status of [412, 429]) {
      it(`sends a write again after ${status}, which was not carried out`, async () => {
        const got = await run(await open(scripted([status, 200])), { method: 'POST', body: Buffer.from('{}') });
        expect(got.requests).to.equal(2);
      });
    }
    for (const status of [500, 502, 503, 504, 0]) {
      it(`sends a write once when ${status === 0 ? 'the connection breaks' : status} comes`, async () => {
        const got = await run(await open(scripted([status, 200])), { method: 'PUT', body: Buffer.from('{}') });
        expect(got).to.deep.equal({ result: status === 0 ? 'UPSTREAM_UNREACHABLE' : status, requests: 1, retries: 0 });
      });
    }
    it('sends a write again after 503 with Retry-After', async () => {
      const got = await run(await open(scripted([503, 200], { 'retry-after': '1' })), {
        method: 'POST',
        body: Buffer.from('{}'),
      });
      expect(got.requests).to.equal(2);
    });
    it('sends a read again after a reset, but not one that may have issued a lease', async () => {
      expect((await run(await open(scripted([0, 200])))).requests).to.equal(2);
      expect((await run(await open(scripted([0, 200])), { path: '/v1/database/creds/app' })).requests).to.equal(1);
    });
    it('gives the last answer when the retries are used up', async () => {
      expect(await run(await open(scripted([500])))).to.deep.equal({ result: 500, requests: 4, retries: 3 });
    });
    for (const path of ['/v1/sys/health', '/v1/sys/seal-status', '/v1/sys/leader', '/v1/ns1/sys/health']) {
      it(`never sends ${path} again`, async () => {
        expect(await run(await open(scripted([503, 200])), { path })).to.deep.equal({
          result: 503,
          requests: 1,
          retries: 0,
        });
      });
    }
    it('never sends a streamed body again', async () => {
      const body = {
        collect: () => Promise.resolve(undefined),
        pipeTo: (out: Writable) => void out.end('x'),
        cancel: () => undefined,
      };
      expect((await run(await open(scripted([429, 200])), { method: 'POST', body })).requests).to.equal(1);
    });
    it('sends a write again when nobody listened', async () => {
      const server = await open(json(200, {}));
      await server.close();
      const clock = new VirtualClock();
      const made = connect(server.url, { retries: 12, timeoutMs: 60_000 }, clock);
      let status = 0;
      const done = made
        .forward(exchange({ method: 'POST', body: Buffer.from('{}') }))
        .then((reply) => (status = reply.status));
      await until(() => made.counts.by.get('agent.upstream.retries') === 1);
      const again = await open(json(200, {}), { where: Number(new URL(server.url).port) });
      for (let turn = 0; turn < 200 && status === 0; turn++) await clock.advance(500);
      await done;
      expect([status, again.seen.length]).to.deep.equal([200, 1]);
    });
    it('ends within the bound of 60 s when nobody ever listens, in words', async () => {
      const server = await open(json(200, {}));
      await server.close();
      const clock = new VirtualClock();
      let error: AgentError | undefined;
      const waiting = failing(connect(server.url, { retries: 1000 }, clock).forward(exchange())).then(
        (e) => (error = e),
      );
      const start = clock.now();
      for (let turn = 0; turn < 400 && error === undefined; turn++) await clock.advance(250);
      await waiting;
      expect(clock.now() - start).to.be.at.most(60_000);
      expect(error?.message).to.equal(`cannot reach ${server.url}: nothing listens there (connection refused)`);
    });
  });
});
