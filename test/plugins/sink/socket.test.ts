// socket sink beyond the conformance suite: waiting clients, JSON, access, stale files.
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Secret, type AgentError, type Delivery, type Sink } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/sink/socket/plugin.json', import.meta.url).href;
const SIGNAL = new AbortController().signal;
const deliver = (payload: string, expiresAt = 0): Delivery => ({
  payload: new Secret(payload),
  ...{ form: 'plain', identity: 'default', accessor: 'a-1', expiresAt, sequence: 1 },
});

describe('sink socket', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  const sinks: Sink[] = [];
  const clients: Socket[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-socket-sink-'));
    path = join(dir, 'token.sock');
    fakes = makeFakes();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    for (const sink of sinks.splice(0)) await sink.stop?.(SIGNAL);
    await rm(dir, { recursive: true, force: true });
  });
  const make = async (settings: object = {}): Promise<Sink> => {
    const { plugin } = await loadPlugin<Sink>(MANIFEST, { settings: { path, ...settings }, fakes });
    sinks.push(plugin);
    await plugin.start?.(SIGNAL);
    return plugin;
  };
  const client = async (options: object = {}): Promise<{ socket: Socket; text: Promise<string> }> => {
    const socket = connect({ path, ...options });
    clients.push(socket);
    let got = '';
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
    const text = once(socket, 'close').then(() => got);
    await once(socket, 'connect');
    return { socket, text };
  };
  const read = async (): Promise<string> => (await client()).text;
  const failure = async (work: Promise<unknown>): Promise<AgentError> =>
    work.then(
      () => Promise.reject(new Error('no error')),
      (error: unknown) => error as AgentError,
    );

  it('gives each client the current token and then the end', async () => {
    const sink = await make();
    await sink.write(deliver('planted-one'), SIGNAL);
    expect([await read(), await read()]).to.deep.equal(['planted-one', 'planted-one']);
    await sink.write(deliver('planted-two'), SIGNAL);
    expect(await read()).to.equal('planted-two');
    expect(fakes.log.leaks(['planted-one', 'planted-two'])).to.deep.equal([]);
  });

  it('lets clients wait until there is a token, and again after a withdrawal', async () => {
    const sink = await make();
    const [one, two] = [await client(), await client()];
    await sink.write(deliver('first'), SIGNAL);
    expect([await one.text, await two.text]).to.deep.equal(['first', 'first']);
    await sink.withdraw?.(SIGNAL);
    const three = await client();
    await sink.write(deliver('second'), SIGNAL);
    expect(await three.text).to.equal('second');
  });

  it('a client that ends its side at once, as systemd does for LoadCredential=, waits like others', async () => {
    const sink = await make();
    const before = await client({ allowHalfOpen: true });
    before.socket.end();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    await sink.write(deliver('first'), SIGNAL);
    expect(await before.text).to.equal('first');
    const after = await client({ allowHalfOpen: true });
    after.socket.end();
    expect(await after.text).to.equal('first');
  });

  it('cuts off those who have ended their side before it refuses others', async () => {
    const sink = await make({ max_waiting: 2 });
    const [silent, first] = [await client({ allowHalfOpen: true }), await client()];
    silent.socket.end();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    const second = await client();
    expect(await silent.text).to.equal('');
    expect(await (await client()).text, 'no more room').to.equal('');
    await sink.write(deliver('t'), SIGNAL);
    expect([await first.text, await second.text]).to.deep.equal(['t', 't']);
  });

  it('forgets clients that leave, whatever they send', async () => {
    const sink = await make({ max_waiting: 1 });
    const gone = await client();
    gone.socket.end('GET / HTTP/1.1\r\n\r\n');
    gone.socket.destroy();
    await gone.text;
    await new Promise((resolve) => setImmediate(resolve));
    const next = await client();
    await sink.write(deliver('t'), SIGNAL);
    expect(await next.text).to.equal('t');
  });

  it('cuts off those who come when too many wait', async () => {
    const sink = await make({ max_waiting: 1 });
    const first = await client();
    expect(await (await client()).text).to.equal('');
    await sink.write(deliver('t'), SIGNAL);
    expect(await first.text).to.equal('t');
  });

  it('cuts off a client that does not take what it asked for', async () => {
    const sink = await make();
    await sink.write(deliver('x'.repeat(4 << 20)), SIGNAL);
    const { socket, text } = await client();
    socket.pause();
    while (fakes.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await fakes.clock.advance(5_000);
    socket.resume();
    expect((await text).length).to.be.lessThan(4 << 20);
  });

  it('writes a line of JSON when asked', async () => {
    const sink = await make({ format: 'json' });
    await sink.write(deliver('tok"en', Date.UTC(2026, 0, 2)), SIGNAL);
    const told = { token: 'tok"en', form: 'plain', identity: 'default', accessor: 'a-1' };
    const text = await read();
    expect(text.endsWith('\n')).to.equal(true);
    expect(JSON.parse(text)).to.deep.equal({ ...told, expires_at: '2026-01-02T00:00:00.000Z' });
    await sink.write(deliver('t'), SIGNAL);
    expect(JSON.parse(await read()).expires_at).to.equal(null);
  });

  it('has mode 0600 by default, from its first moment, and goes at the end', async () => {
    const sink = await make();
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    await sink.stop?.(SIGNAL);
    expect(await stat(path).catch(() => 'gone')).to.equal('gone');
  });

  it('stops although clients wait', async () => {
    const sink = await make();
    const { text } = await client();
    await sink.stop?.(SIGNAL);
    expect(await text).to.equal('');
  });

  it('takes the place of a socket that nobody serves, and of nothing else', async () => {
    const dead = createServer().listen(path);
    await once(dead, 'listening');
    const other = await failure(make());
    expect([other.code, other.act]).to.deep.equal(['SINK_NOT_WRITABLE', 'fix-host']);
    expect(other.message).to.contain('already in use');
    await new Promise((resolve) => dead.close(resolve));
    await writeFile(path, 'precious');
    expect((await failure(make())).message).to.contain('not a socket');
    await rm(path);
    await make();
  });

  it('names a user that does not exist, a folder that is missing, a path that is too long', async () => {
    expect((await failure(make({ owner: 'nobody-of-that-name' }))).message).to.contain('nobody-of-that-name');
    expect((await failure(make({ path: join(dir, 'no', 'x') }))).message).to.contain('does not exist');
    expect((await failure(make({ path: join(dir, 'x'.repeat(120)) }))).message).to.contain('longer than');
  });
});
