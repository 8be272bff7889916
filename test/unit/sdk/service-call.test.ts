import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import dns from 'node:dns';
import { createServer as createRawServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, callService, refusalText, runProgram, type ServiceRequest } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/index.js';
import { makeCertificate } from '../../../core/sdk/testing/certificates.js';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

describe('callService (5.5)', () => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const servers: Server[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'claviger-service-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  const listening = async (server: Server, at: number | string): Promise<string> => {
    servers.push(server);
    await new Promise<void>((resolve) =>
      typeof at === 'string' ? server.listen(at, resolve) : server.listen(at, '127.0.0.1', resolve),
    );
    return `http://127.0.0.1:${String((server.address() as AddressInfo | null)?.port ?? 0)}`;
  };
  const answering = (handler: Handler): Server =>
    createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => handler(request, response, body));
    });
  const serve = (handler: Handler, at: number | string = 0): Promise<string> => listening(answering(handler), at);
  const call = (url: string, more: Partial<ServiceRequest> = {}) => callService({ url, clock, ...more });
  const failure = async (work: Promise<unknown>): Promise<AgentError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(AgentError);
    return error as AgentError;
  };

  it('sends method, headers and body, and gives status, headers and body back', async () => {
    const url = await serve((request, response, body) => {
      response.setHeader('X-Seen', [request.method!, String(request.headers['x-mine'])]);
      response.end(`${request.url!} ${body} ${String(request.headers['content-length'])}`);
    });
    const answer = await call(`${url}/a?b=1`, { method: 'PUT', headers: { 'X-Mine': 'yes' }, body: 'grüß' });
    expect([answer.status, answer.headers['x-seen'], answer.body.reveal()]).to.deep.equal([
      200,
      'PUT, yes',
      '/a?b=1 grüß 6',
    ]);
    expect(JSON.stringify(answer)).to.not.contain('grüß');
  });

  // whatever is asked, the server says these bytes
  const saying = async (bytes: string): Promise<string> => {
    const raw = createRawServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(bytes));
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    servers.push(Object.assign(raw, { closeAllConnections: () => undefined }) as unknown as Server);
    return `http://127.0.0.1:${String((raw.address() as AddressInfo).port)}`;
  };

  it('an answer that changes the protocol ends the call', async () => {
    const url = await saying('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    const error = await failure(call(url));
    expect(error.message).to.equal(`the answer of ${url}/ is not usable: it changes to another protocol`);
  });

  it('what is no HTTP is an error without the bytes, also in its causes (5.4)', async () => {
    const url = await saying('planted-token in plain text\r\n\r\n');
    const error = await failure(call(url));
    expect([error.code, error.cause]).to.deep.equal(['SERVICE_UNREACHABLE', undefined]);
    expect(error.message).to.not.contain('planted');
  });

  it('calls an address that is none unreachable, without quoting it', async () => {
    for (const bad of ['https://', '//planted@nowhere', 'ftp://example.com/']) {
      const error = await failure(call(bad));
      expect([error.code, error.message.includes('planted')], bad).to.deep.equal(['SERVICE_UNREACHABLE', false]);
    }
  });

  it('asks no name service for localhost (RFC 6761 6.3)', async () => {
    const url = await serve((_, response) => response.end('here'));
    const { lookup } = dns;
    dns.lookup = (() => {
      throw new Error('a name service was asked');
    }) as unknown as typeof lookup;
    try {
      expect((await call(url.replace('127.0.0.1', 'localhost'))).body.reveal()).to.equal('here');
    } finally {
      dns.lookup = lookup;
    }
  });

  it('says why when no address of localhost is served', async () => {
    const url = await serve(() => undefined);
    const [server] = servers.splice(0);
    await new Promise((resolve) => server!.close(resolve));
    const error = await failure(call(url.replace('127.0.0.1', 'localhost')));
    expect(error.message).to.contain('nobody listens there (ECONNREFUSED)');
  });

  it('follows no redirect', async () => {
    let calls = 0;
    const url = await serve((_, response) => {
      calls++;
      response.writeHead(302, { Location: '/elsewhere' }).end();
    });
    expect((await call(url)).status).to.equal(302);
    expect(calls).to.equal(1);
  });

  // in a process of its own: Node reads these variables when it starts
  it('uses no proxy of the environment', async () => {
    const url = await serve((_, response) => response.end('direct'));
    const proxy = await serve((_, response) => response.end('by the proxy'));
    const sdk = new URL('../../../core/sdk/index.js', import.meta.url).href;
    const program = `
      import { callService } from ${JSON.stringify(sdk)};
      const clock = { now: () => 0, after: () => () => undefined };
      const { body } = await callService({ url: ${JSON.stringify(url)}, clock });
      process.stdout.write(body.reveal());
    `;
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];
    const environment = { ...Object.fromEntries(names.map((name) => [name, proxy])), NODE_USE_ENV_PROXY: '1' };
    const argv = [process.execPath, '--input-type=module', '-e', program];
    const end = await runProgram({ argv, environment, ...{ clock, timeoutMs: 60_000, maxBytes: 100, signal } });
    expect([end.why, end.output.reveal()]).to.deep.equal([undefined, 'direct']);
  });

  it('gives up after its bound, and says so', async () => {
    let asked: () => void = () => undefined;
    const came = new Promise<void>((resolve) => (asked = resolve));
    const url = await serve(() => asked());
    const failing = failure(call(`${url}/slow?token=planted`));
    await came;
    await clock.advance(2_000);
    const error = await failing;
    expect([error.code, error.act]).to.deep.equal(['SERVICE_TIMEOUT', 'wait']);
    expect(error.message).to.equal(`${url}/slow did not answer within 2 s`);
  });

  it('refuses an answer above the limit', async () => {
    const url = await serve((_, response) => response.end('x'.repeat(70_000)));
    const error = await failure(call(url));
    expect([error.code, error.message]).to.deep.equal([
      'SERVICE_BAD_ANSWER',
      `the answer of ${url}/ is not usable: it is larger than 65536 bytes`,
    ]);
    expect((await call(url, { maxBytes: 70_000 })).body.length).to.equal(70_000);
  });

  it('calls an answer that is cut off unusable', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('half');
      setImmediate(() => response.destroy());
    });
    expect((await failure(call(url))).code).to.equal('SERVICE_BAD_ANSWER');
  });

  it('names what nobody serves, without query, user and password', async () => {
    const url = await serve(() => undefined);
    const [server] = servers.splice(0);
    await new Promise((resolve) => server!.close(resolve));
    const error = await failure(call(`${url.replace('//', '//planted-user:planted-password@')}/a?planted=1`));
    expect([error.code, error.act]).to.deep.equal(['SERVICE_UNREACHABLE', 'wait']);
    expect(error.message).to.equal(`${url}/a cannot be reached: nobody listens there (ECONNREFUSED)`);
  });

  it('rejects with the reason of an aborted signal, before and during the call', async () => {
    const url = await serve(() => undefined);
    const reason = new Error('stopping');
    const late = new AbortController();
    const running = call(url, { signal: late.signal }).catch((error: unknown) => error);
    late.abort(reason);
    expect(await running).to.equal(reason);
    expect(await call(url, { signal: AbortSignal.abort(reason) }).catch((error: unknown) => error)).to.equal(reason);
  });

  it('refuses a header of two lines before anything is sent, without quoting it', async () => {
    const error = await failure(call('http://127.0.0.1:1/', { headers: { Authorization: 'Bearer planted\r\nX: y' } }));
    expect([error.code, error.message.includes('Authorization'), error.message.includes('planted')]).to.deep.equal([
      'AUTH_CREDENTIAL_INVALID',
      true,
      false,
    ]);
  });

  it('reaches unix sockets', async () => {
    const socketPath = join(folder, 'service.sock');
    await serve((request, response) => response.end(`socket ${String(request.headers.host)}`), socketPath);
    expect((await call('http://service/x', { socketPath })).body.reveal()).to.equal('socket service');
  });

  it('trusts only the authority that it is given', async () => {
    const authority = makeCertificate({ name: 'authority', authority: true });
    const { cert, key } = makeCertificate({ name: 'service', issuer: authority });
    const server = createTlsServer({ cert, key }, (_, response) => response.end('safe'));
    const url = (await listening(server, 0)).replace('http:', 'https:');
    expect((await call(url, { ca: authority.cert })).body.reveal()).to.equal('safe');
    expect((await failure(call(url, { ca: makeCertificate({ name: 'other', authority: true }).cert }))).code).to.equal(
      'SERVICE_UNREACHABLE',
    );
  });

  it('shows of a refusal 200 printable characters, of a success nothing (5.4)', async () => {
    const url = await serve((request, response) => {
      response.writeHead(request.url === '/ok' ? 200 : 500).end(`<b>\u0007no\n${'y'.repeat(500)}`);
    });
    expect(refusalText(await call(`${url}/ok`))).to.equal('it answered 200');
    const text = refusalText(await call(url));
    expect(text).to.match(/^it answered 500: <b> no y+$/);
    expect(text).to.have.lengthOf('it answered 500: '.length + 200);
  });
});
