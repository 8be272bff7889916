// http sink beyond the conformance suite: where it sends, what it sends, and what it never shows.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, Secret, type Delivery, type Sink } from '../../../core/sdk/index.js';
import { loadPlugin, makeCertificate, makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';
import { HttpDouble, type Asked, type Reply } from '../../doubles/http-double.js';

const MANIFEST = new URL('../../../plugins/sink/http/plugin.json', import.meta.url).href;
const SIGNAL = new AbortController().signal;
const TOKEN = 'planted-token-of-the-http-sink';
const delivery: Delivery = {
  payload: new Secret(TOKEN),
  ...{ form: 'plain', identity: 'web', accessor: 'a-1', expiresAt: 0, sequence: 1 },
};

describe('sink http', () => {
  let dir: string;
  let fakes: Fakes;
  const doubles: HttpDouble[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-http-sink-'));
    fakes = makeFakes();
  });
  afterEach(async () => {
    for (const double of doubles.splice(0)) await double.close();
    await rm(dir, { recursive: true, force: true });
  });
  const make = async (settings: object): Promise<Sink> =>
    (await loadPlugin<Sink>(MANIFEST, { settings, fakes })).plugin;
  const serve = async (answer: (asked: Asked) => Reply, tls?: { cert: string; key: string }): Promise<HttpDouble> => {
    const double = new HttpDouble({ answer, ...(tls && { tls }) });
    doubles.push(double);
    await double.open();
    return double;
  };
  const failure = async (work: Promise<unknown> | undefined): Promise<AgentError> => {
    const error: unknown = await work?.then(
      () => 'no error',
      (reason: unknown) => reason,
    );
    if (error instanceof AgentError) return error;
    throw new Error(`no AgentError but ${String(error)}`);
  };
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };

  it('sends the bare token, or JSON, with its own headers', async () => {
    const asked: Asked[] = [];
    const { url } = await serve((one) => (asked.push(one), { status: 200, body: 'planted in the answer' }));
    await (await make({ url: `${url}/t`, headers: { 'X-Team': 'web' } })).write(delivery, SIGNAL);
    await (await make({ url: `${url}/t`, method: 'POST', format: 'json' })).write(delivery, SIGNAL);
    expect(
      asked.map(({ method, body, headers }) => [method, body, headers['content-type'], headers['x-team']]),
    ).to.deep.equal([
      ['PUT', TOKEN, 'text/plain; charset=utf-8', 'web'],
      [
        'POST',
        `{"token":"${TOKEN}","form":"plain","identity":"web","accessor":"a-1","expires_at":null}\n`,
        'application/json',
        undefined,
      ],
    ]);
    expect(fakes.log.leaks([TOKEN, 'planted in the answer'])).to.deep.equal([]);
  });

  it('proves itself with a bearer token, read at each request, and checks the receiver', async () => {
    const authority = makeCertificate({ name: 'authority', authority: true });
    const seen: unknown[] = [];
    const server = makeCertificate({ name: 'receiver', issuer: authority });
    const { url } = await serve(({ headers }) => (seen.push(headers.authorization), { status: 204 }), server);
    const bearer = await file('bearer', 'planted-bearer-one\n');
    const sink = await make({ url, bearer_token_file: bearer, ca_cert: await file('ca.pem', authority.cert) });
    await sink.write(delivery, SIGNAL);
    await file('bearer', 'planted-bearer-two');
    await sink.write(delivery, SIGNAL);
    expect(seen).to.deep.equal(['Bearer planted-bearer-one', 'Bearer planted-bearer-two']);
    const other = makeCertificate({ name: 'other', authority: true });
    const untrusting = await make({ url, ca_cert: await file('other.pem', other.cert) });
    expect((await failure(untrusting.write(delivery, SIGNAL))).code).to.equal('SINK_WRITE_FAILED');
  });

  it('reaches a unix socket', async () => {
    const socket = join(dir, 'app.sock');
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      await (await make({ url: 'http://app/token', socket })).write(delivery, SIGNAL);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(bodies).to.deep.equal([TOKEN]);
  });

  it('follows no redirect, and shows what a refusal says without the token and the bearer token (5.4)', async () => {
    const echo = await serve(({ body, headers }) => ({
      status: 400,
      body: `no: ${body} ${String(headers.authorization)}`,
    }));
    const settings = { url: `${echo.url}/t?planted=secret`, bearer_token_file: await file('b', 'planted-bearer') };
    const refused = await failure((await make(settings)).write(delivery, SIGNAL));
    expect(refused.message).to.equal(`cannot write ${echo.url}/t: it answered 400: no: [secret] Bearer [secret]`);
    const quoting = await serve(({ body }) => ({ status: 400, body: `bad ${JSON.parse(body).token as string}` }));
    const json = await failure((await make({ url: quoting.url, format: 'json' })).write(delivery, SIGNAL));
    expect(json.message).to.contain('it answered 400: bad [secret]');
    const away = await serve(() => ({ status: 200 }));
    away.trouble = 'redirect';
    expect((await failure((await make({ url: away.url })).write(delivery, SIGNAL))).message).to.contain('302');
  });

  it('gives up after its bound and when the delivery is no longer wanted', async () => {
    const silent = await serve(() => ({ status: 200 }));
    silent.trouble = 'silent';
    const failing = failure((await make({ url: silent.url, timeout: 3_000 })).write(delivery, SIGNAL));
    while (silent.requests === 0) await new Promise((resolve) => setImmediate(resolve));
    await fakes.clock.advance(3_000);
    expect((await failing).message).to.contain('did not answer within 3 s');
    const over = new AbortController();
    const leaving = (await make({ url: silent.url })).write(delivery, over.signal).catch((error: unknown) => error);
    const reason = new Error('stopping');
    over.abort(reason);
    expect(await leaving).to.equal(reason);
  });

  it('takes the token back with DELETE when asked to', async () => {
    const methods: string[] = [];
    const { url } = await serve(({ method }) => (methods.push(method), { status: 204 }));
    await (await make({ url })).withdraw?.(SIGNAL);
    await (await make({ url, delete_on_withdraw: true })).withdraw?.(SIGNAL);
    expect(methods).to.deep.equal(['DELETE']);
  });

  it('what is gone already needs no DELETE; any other refusal of it is a failure', async () => {
    let status = 404;
    const { url } = await serve(() => ({ status }));
    const sink = await make({ url, delete_on_withdraw: true });
    await sink.withdraw?.(SIGNAL);
    await failure(sink.write(delivery, SIGNAL));
    status = 403;
    expect((await failure(sink.withdraw?.(SIGNAL))).message).to.contain('it answered 403');
  });

  for (const [settings, why] of [
    [{ url: 'http://example.com/' }, 'neither https:, nor http: to this machine'],
    [{ url: 'ftp://127.0.0.1/' }, 'neither https:, nor http: to this machine'],
    [{ url: 'http://127.0.0.1.example.com/' }, 'neither https:, nor http: to this machine'],
    [{ url: 'nowhere' }, 'it is no URL'],
    [{ url: 'https://planted-user:planted-password@example.com/' }, 'user and password'],
    [{ url: 'https://example.com/', socket: '/run/x' }, 'plain HTTP'],
    [{ url: 'https://example.com/', headers: { 'X-A': 'a\r\nX-B: c' } }, 'line breaks'],
    [{ url: 'https://example.com/', headers: { 'X A': 'a' } }, 'name of a header'],
    [{ url: 'https://example.com/', headers: { Authorization: 'x' } }, 'set by the sink'],
    [{ url: 'https://example.com/', headers: { upgrade: 'x' } }, 'set by the sink'],
    [{ url: 'https://example.com/', ca_cert: '/no/such.pem' }, 'does not exist'],
  ] as const)
    it(`refuses at start: ${JSON.stringify(settings)}`, async () => {
      const error = await failure((await make(settings)).start?.(SIGNAL));
      expect([error.code, error.act]).to.deep.equal(['SINK_NOT_WRITABLE', 'fix-host']);
      expect(error.message).to.contain(why);
      expect(error.message).to.not.contain('planted');
    });
});
