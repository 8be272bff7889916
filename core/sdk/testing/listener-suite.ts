// Conformance of a listener (architecture 2.13): a real client talks to a bound one.
import assert from 'node:assert/strict';
import { lstat, rename, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { AgentError } from '../errors.js';
import type { Serve } from '../http-server.js';
import type { Bound, Listener } from '../kinds/listener.js';
import type { ListenerHarness, SecureSettings } from './harness.js';
import { call, dial, parseAnswer, readToEnd, requestBytes, type ClientAnswer } from './http-client.js';
import { inScene, thrownBy, within, type Scene, type SuiteOptions } from './suite.js';
import { commonTraits, handles, noMoreThan } from './traits.js';
import { settle } from './virtual-clock.js';

type ListenerScene = Scene<Listener, ListenerHarness>;
type Check = (scene: ListenerScene, bind: Binder) => Promise<void>;
type Binder = (serve?: Serve, settings?: object) => Promise<Bound>;

const GRACE_MS = 1000;

/** Runs the conformance checks of a listener. A harness is required. */
export function listenerSuite(options: SuiteOptions): void {
  commonTraits(options, 'listener', ['bind']);
  const check = (name: string, body: Check): unknown =>
    options.test(name, () => inScene<Listener, ListenerHarness>(options, (scene) => withBinder(scene, body)));

  check('serves and echoes method, target, headers and body', async (_scene, bind) => {
    const { url } = await bind();
    const answer = await call(url, {
      method: 'PUT',
      path: '/v1/a%2Fb//c?d=%20',
      headers: { 'X-Case': 'Kept' },
      body: 'héllo',
    });
    const echo = JSON.parse(answer.body) as Echo;
    assert.equal(answer.status, 200);
    assert.deepEqual([echo.method, echo.url, echo.body], ['PUT', '/v1/a%2Fb//c?d=%20', 'héllo']);
    assert.ok(echo.headers.includes('X-Case'), 'header names keep their case');
  });
  check('LIST and SCAN arrive as such, also byte by byte', listAndScan);
  check('answers fifty clients at once', async (_scene, bind) => {
    const { url } = await bind();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => call(url, { path: `/${n}` })));
    answers.forEach((answer, n) => assert.equal((JSON.parse(answer.body) as Echo).url, `/${n}`));
  });
  check('keeps a connection for several requests, pipelined too', keepAlive);
  check('takes 48 KiB of headers and 8 MiB of body', async (_scene, bind) => {
    const { url } = await bind();
    const big = await call(url, { headers: { 'X-Big': 'h'.repeat(48 * 1024) } });
    assert.equal(big.status, 200);
    const body = await call(url, { method: 'POST', body: Buffer.alloc(8 * 1024 * 1024, 'b') });
    assert.equal((JSON.parse(body.body) as Echo).length, 8 * 1024 * 1024);
  });
  check(
    'refuses 80 KiB of headers with 431 and garbage with 400, in the error shape of Vault',
    async (_scene, bind) => {
      const { url } = await bind();
      refused(await call(url, { headers: { 'X-Big': 'h'.repeat(80 * 1024) } }), 431);
      const socket = await dial(url);
      socket.write('this is no HTTP\r\n\r\n');
      refused(parseAnswer(await readToEnd(socket)), 400);
      assert.equal((await call(url)).status, 200);
    },
  );
  check('close lets a request in flight finish, then nobody is served', drains);
  check('close cuts what is left after the grace, and is safe twice', cuts);
  check('an address in use is LISTEN_ADDRESS_IN_USE', inUse);
  check('binds again after close', async (scene, bind) => {
    const first = await bind();
    const settings = await scene.harness.sameAddress(scene.bench, first.url, scene.settings);
    await first.close(GRACE_MS);
    const second = await bind(echoServe, settings);
    assert.equal((await call(second.url)).status, 200);
  });
  check('leaves no handle behind after close', async (_scene, bind) => {
    const before = handles();
    const bound = await bind();
    await call(bound.url);
    await bound.close(GRACE_MS);
    await noMoreThan(before);
  });
  tlsChecks(check);
  socketChecks(check);
}

function tlsChecks(check: (name: string, body: Check) => unknown): void {
  check('supports.tls: serves TLS, LIST included', async (scene, bind) => {
    const secure = await secured(scene);
    if (secure === undefined) return;
    const { url } = await bind(echoServe, secure.settings);
    const answer = await call(url, { method: 'LIST', path: '/v1/kv', ca: secure.ca });
    assert.equal((JSON.parse(answer.body) as Echo).method, 'LIST');
  });
  check('supports.tls: reload serves the new certificate and drops no connection', async (scene, bind) => {
    const secure = await secured(scene);
    if (secure === undefined) return;
    const bound = await bind(echoServe, secure.settings);
    const old = await dial(bound.url, secure.ca);
    const before = serialOf(old as TLSSocket);
    await secure.rotate();
    await bound.reload?.();
    const fresh = await dial(bound.url, secure.ca);
    assert.notEqual(serialOf(fresh as TLSSocket), before, 'the certificate is still the old one');
    fresh.destroy();
    old.write(requestBytes({ headers: { Connection: 'close' } }));
    assert.equal(parseAnswer(await readToEnd(old)).status, 200);
  });
  check('supports.tls: a reload that fails keeps the old certificate and says LISTEN_TLS', async (scene, bind) => {
    const secure = await secured(scene);
    if (secure === undefined) return;
    const bound = await bind(echoServe, secure.settings);
    await secure.spoil();
    const error = await thrownBy(() => bound.reload?.(), 'reload');
    assert.ok(error instanceof AgentError && error.code === 'LISTEN_TLS', String(error));
    assert.equal((await call(bound.url, { ca: secure.ca })).status, 200);
  });
}

function socketChecks(check: (name: string, body: Check) => unknown): void {
  check('supports.path: the socket has the permission bits that were asked for and goes away', async (scene, bind) => {
    const socket = scene.harness.socket;
    if (scene.manifest.supports?.path !== true || socket === undefined) return;
    for (const bits of [0o600, 0o666]) {
      const bound = await bind(echoServe, await socket.settings(scene.bench, bits));
      assert.equal((await lstat(socket.path(scene.bench))).mode & 0o777, bits);
      await bound.close(GRACE_MS);
      assert.equal(
        await lstat(socket.path(scene.bench)).catch(() => undefined),
        undefined,
        'the socket is still there',
      );
    }
  });
  check('supports.path: a socket nobody answers on is replaced, another file is not', async (scene, bind) => {
    const socket = scene.harness.socket;
    if (scene.manifest.supports?.path !== true || socket === undefined) return;
    const path = socket.path(scene.bench);
    await leaveStaleSocket(path);
    const bound = await bind();
    assert.equal((await call(bound.url)).status, 200);
    await bound.close(GRACE_MS);
    await writeFile(path, 'precious');
    const error = await thrownBy(() => bind(), 'bind');
    assert.ok(error instanceof AgentError && error.code === 'LISTEN_ADDRESS', String(error));
    assert.ok((await lstat(path)).isFile());
  });
}

async function withBinder(scene: ListenerScene, body: Check): Promise<void> {
  const bounds: Bound[] = [];
  const bind: Binder = async (serve = echoServe, settings = scene.settings) => {
    const bound = await (await scene.make(settings)).bind(serve);
    bounds.push(bound);
    return bound;
  };
  try {
    await body(scene, bind);
  } finally {
    await Promise.all(bounds.map((bound) => bound.close(0)));
  }
}

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly length: number;
}

/** Answers each request with what it was. */
const echoServe: Serve = {
  request(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => parts.push(bytes));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const text = body.length > 1000 ? '' : body.toString('utf8');
      const { method, url, rawHeaders } = request;
      const headers = rawHeaders.filter((value) => value.length < 100);
      response.end(JSON.stringify({ method, url, headers, body: text, length: body.length }));
    });
  },
};

const listAndScan: Check = async (_scene, bind) => {
  const { url } = await bind();
  for (const method of ['LIST', 'SCAN', 'LINK', 'SEARCH']) {
    assert.equal((JSON.parse((await call(url, { method })).body) as Echo).method, method);
    const socket = await dial(url);
    const answer = readToEnd(socket);
    const bytes = requestBytes({ method, headers: { Connection: 'close' }, body: `${method} / HTTP/1.1\r\n\r\n` });
    for (const byte of bytes) await new Promise<void>((sent) => socket.write(Buffer.from([byte]), () => sent()));
    const echo = JSON.parse(parseAnswer(await answer).body) as Echo;
    assert.deepEqual([echo.method, echo.body], [method, `${method} / HTTP/1.1\r\n\r\n`]);
  }
};

const keepAlive: Check = async (_scene, bind) => {
  const { url } = await bind();
  const socket = await dial(url);
  const all = readToEnd(socket);
  const last = requestBytes({ method: 'LIST', path: '/3', headers: { Connection: 'close' } });
  socket.write(Buffer.concat([requestBytes({ path: '/1' }), requestBytes({ method: 'LIST', path: '/2' }), last]));
  const text = (await all).toString();
  assert.deepEqual(
    [...text.matchAll(/"method":"(\w+)","url":"(\/\d)"/g)].map(([, method, target]) => `${method} ${target}`),
    ['GET /1', 'LIST /2', 'LIST /3'],
  );
};

const drains: Check = async (_scene, bind) => {
  const gate = gated();
  const bound = await bind(gate.serve);
  const idle = await dial(bound.url);
  const idleEnd = readToEnd(idle);
  const inFlight = call(bound.url);
  await gate.arrived;
  const closing = bound.close(60_000);
  await within(GRACE_MS, idleEnd, 'the end of an idle connection');
  await thrownBy(() => dial(bound.url), 'a new connection');
  gate.open();
  assert.equal((await inFlight).status, 200);
  await within(GRACE_MS, closing, 'close');
};

const cuts: Check = async ({ bench }, bind) => {
  const gate = gated();
  const bound = await bind(gate.serve);
  const socket = await dial(bound.url);
  const answer = readToEnd(socket);
  socket.write(requestBytes({}));
  await gate.arrived;
  const closing = bound.close(5000);
  await settle();
  await bench.fakes.clock.advance(5000);
  await within(GRACE_MS, Promise.all([closing, bound.close(5000)]), 'close');
  assert.equal((await answer).length, 0, 'an answer came');
};

const inUse: Check = async (scene, bind) => {
  const first = await bind();
  const settings = await scene.harness.sameAddress(scene.bench, first.url, scene.settings);
  const error = await thrownBy(() => bind(echoServe, settings), 'bind');
  assert.ok(error instanceof AgentError && error.code === 'LISTEN_ADDRESS_IN_USE', String(error));
  assert.equal((await call(first.url)).status, 200);
};

/** A serve that holds its first request until it is opened. */
function gated(): { readonly serve: Serve; readonly arrived: Promise<void>; readonly open: () => void } {
  let arrive: () => void = () => undefined;
  let open: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const opened = new Promise<void>((resolve) => (open = resolve));
  const request = (_request: IncomingMessage, response: ServerResponse): void => {
    arrive();
    void opened.then(() => response.end('{}'));
  };
  return { serve: { request }, arrived, open: () => open() };
}

async function secured({ manifest, harness, bench }: ListenerScene): Promise<SecureSettings | undefined> {
  if (manifest.supports?.tls !== true) return undefined;
  assert.ok(harness.secure !== undefined, 'supports.tls needs secure() in the harness');
  return harness.secure(bench);
}

function serialOf(socket: TLSSocket): string {
  return socket.getPeerCertificate().serialNumber;
}

function refused(answer: ClientAnswer, status: number): void {
  assert.equal(answer.status, status);
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.equal((JSON.parse(answer.body) as { errors: string[] }).errors.length, 1);
}

/** Leaves a socket file behind as a crashed process does: bound elsewhere, moved here, closed. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.old`, resolve));
  await rename(`${path}.old`, path);
  await new Promise((resolve) => server.close(resolve));
}
