// Redis killed, restarted, slow, mute, wrong: the worst outcome is a call that fails at once with a code (issue 4, bad input and faults).
import { expect } from 'chai';
import {
  freePort,
  hasRedisServer,
  startRedis,
  tellRedis,
  type RedisServer,
} from '../../../../plugins/cache-store/redis/harness-server.js';
import { Relay, rubbishServer } from './relay.js';
import { failure, makeStore, until, type Store } from './store.js';

const LIVE = new AbortController().signal;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const url = (port: number): string => `redis://127.0.0.1:${port}`;

const suite = hasRedisServer() ? describe : describe.skip;
suite(`cache store redis: faults${hasRedisServer() ? '' : ' (skipped: redis-server is not installed)'}`, () => {
  const stores: Store[] = [];
  let server: RedisServer;
  const make = (settings: object) => makeStore(settings, stores);

  before(async () => {
    server = await startRedis();
  });
  beforeEach(() => tellRedis(server.port, 'FLUSHALL'));
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.stop(LIVE);
  });
  after(() => server.kill());

  it('is unavailable at start when nobody listens, and works by itself once Redis is there', async () => {
    const port = await freePort();
    const { store, fakes } = await make({ url: url(port) });
    const { code, text } = await failure(store.start(LIVE));
    expect([code, text.includes(`127.0.0.1:${port}`)]).to.deep.equal(['CACHE_STORE_UNAVAILABLE', true]);
    const late = await startRedis({ port });
    try {
      await until(() =>
        store.put('a', bytes('1')).then(
          () => true,
          () => false,
        ),
      );
      expect(fakes.health.state).to.equal('ok');
    } finally {
      await late.kill();
    }
  });

  it('fails at once while Redis is killed, says so once, and heals after a restart', async () => {
    const port = await freePort();
    const first = await startRedis({ port });
    const { store, fakes } = await make({ url: url(port) });
    await store.start(LIVE);
    await store.put('a', bytes('1'));
    await first.kill();
    for (let n = 0; n < 3; n++) expect((await failure(store.get('a'))).code).to.equal('CACHE_STORE_UNAVAILABLE');
    const second = await startRedis({ port });
    try {
      await until(() =>
        store.put('b', bytes('2')).then(
          () => true,
          () => false,
        ),
      );
      const told = fakes.log.lines
        .filter(({ level }) => level === 'warn' || level === 'info')
        .map(({ message }) => message);
      expect(told).to.deep.equal(['redis is away; going on without it', 'redis is back']);
    } finally {
      await second.kill();
    }
  });

  it('gives up a command that Redis swallows within its bound, and takes a new connection', async () => {
    const relay = await new Relay(() => server.port).start();
    const { store } = await make({ url: url(relay.port) });
    await store.start(LIVE);
    relay.swallows = true;
    const failed = await Promise.all([failure(store.get('a')), failure(store.swap('a', undefined, bytes('x')))]);
    for (const { code } of failed) expect(code).to.equal('CACHE_STORE_UNAVAILABLE');
    relay.swallows = false;
    await until(() =>
      store.get('a').then(
        () => true,
        () => false,
      ),
    );
    await store.stop(LIVE);
    await relay.stop();
  });

  it('gives up a handshake that is never answered', async () => {
    const relay = await new Relay(() => server.port).start();
    relay.swallows = true;
    const { store } = await make({ url: url(relay.port) });
    expect((await failure(store.start(LIVE))).code).to.equal('CACHE_STORE_UNAVAILABLE');
    await store.stop(LIVE);
    await relay.stop();
  });

  for (const rubbish of [
    '\u0000\u0001\u0002',
    '+OK\r\n',
    '$-5\r\nxx',
    ':notanumber\r\n',
    '*3\r\n*1\r\n$1\r\na\r\n',
    'HTTP/1.1 400 Bad Request\r\n\r\n',
  ]) {
    it(`survives a server that answers ${JSON.stringify(rubbish)}`, async () => {
      const fake = await rubbishServer(rubbish);
      const { store } = await make({ url: url(fake.port) });
      const codes = ['CACHE_STORE_UNAVAILABLE', 'CACHE_STORE_CORRUPT'];
      try {
        await store.start(LIVE);
        expect(codes).to.include((await failure(store.get('a'))).code);
        expect(codes).to.include((await failure(store.put('a', bytes('x')))).code);
      } catch (error) {
        expect(codes).to.include((error as { code: string }).code);
      }
      await store.stop(LIVE);
      await fake.stop();
    });
  }

  it('calls keys of a wrong type and foreign bytes corrupt; one bad record costs one record', async () => {
    const { store, fakes } = await make({ url: url(server.port) });
    await store.start(LIVE);
    for (const key of ['a', 'b', 'c']) await store.put(key, bytes(key));
    await tellRedis(server.port, 'SET', '{test}:d:a', 'foreign');
    await tellRedis(server.port, 'DEL', '{test}:d:b');
    await tellRedis(server.port, 'RPUSH', '{test}:d:b', 'list');
    for (const key of ['a', 'b']) expect((await failure(store.get(key))).code).to.equal('CACHE_STORE_CORRUPT');
    expect((await failure(store.swap('a', undefined, bytes('x')))).code).to.equal('CACHE_STORE_CORRUPT');
    const found: string[] = [];
    for await (const [key] of store.entries('')) found.push(key);
    expect(found).to.deep.equal(['c']);
    expect(fakes.log.lines.filter(({ level }) => level === 'warn')).to.have.length(2);
    await tellRedis(server.port, 'SET', '{test}:index', 'no index');
    expect((await failure(store.put('d', bytes('d')))).code).to.equal('CACHE_STORE_CORRUPT');
    await store.clear();
    await store.put('d', bytes('d'));
  });

  it('clears its own prefix only, and another prefix is another store', async () => {
    const { store } = await make({ url: url(server.port), prefix: 'one' });
    const { store: other } = await make({ url: url(server.port), prefix: 'one-more' });
    for (const each of [store, other]) await each.start(LIVE);
    await tellRedis(server.port, 'SET', 'foreign', 'stays');
    await store.put('k', bytes('1'));
    await other.put('k', bytes('2'));
    await store.clear();
    expect(await store.get('k')).to.equal(undefined);
    expect(Buffer.from((await other.get('k'))!).toString()).to.equal('2');
    expect(await tellRedis(server.port, 'GET', 'foreign')).to.contain('stays');
  });

  it('leaves nothing in its index of records that ended by themselves', async () => {
    const { store } = await make({ url: url(server.port) });
    await store.start(LIVE);
    for (let n = 0; n < 5; n++) await store.put(`short/${n}`, bytes('x'), Date.now() + 5);
    await until(async () => (await tellRedis(server.port, 'EXISTS', '{test}:d:short/4')) === ':0\r\n');
    await store.put('long', bytes('x'));
    expect(await tellRedis(server.port, 'ZCARD', '{test}:index')).to.equal(':1\r\n');
    expect(await tellRedis(server.port, 'ZCARD', '{test}:ends')).to.equal(':0\r\n');
  });
});
