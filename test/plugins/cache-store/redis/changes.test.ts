// Two agents on one Redis: races, news, gaps.
import { expect } from 'chai';
import {
  freePort,
  hasRedisServer,
  startRedis,
  tellRedis,
  type RedisServer,
} from '../../../../plugins/cache-store/redis/harness-server.js';
import { Relay } from './relay.js';
import { listen, makeStore, until, type Store } from './store.js';

const LIVE = new AbortController().signal;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const url = (port: number): string => `redis://127.0.0.1:${port}`;

const suite = hasRedisServer() ? describe : describe.skip;
suite(`cache store redis: sharing${hasRedisServer() ? '' : ' (skipped: redis-server is not installed)'}`, () => {
  const stores: Store[] = [];
  let server: RedisServer;
  let done = new AbortController();
  const start = async (settings: object): Promise<Store> => {
    const { store } = await makeStore(settings, stores);
    await store.start(LIVE);
    return store;
  };

  before(async () => {
    server = await startRedis();
  });
  beforeEach(async () => {
    done = new AbortController();
    await tellRedis(server.port, 'FLUSHALL');
  });
  afterEach(async () => {
    done.abort();
    for (const store of stores.splice(0)) await store.stop(LIVE);
  });
  after(() => server.kill());

  it('R-7: of fifty swaps at once from two agents exactly one wins, and the value is the winner\u2019s', async () => {
    const [one, two] = [await start({ url: url(server.port) }), await start({ url: url(server.port) })];
    const won = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? one : two).swap('claim', undefined, bytes(`by ${n}`))),
    );
    expect(won.filter(Boolean)).to.have.length(1);
    expect(Buffer.from((await two.get('claim'))!).toString()).to.equal(`by ${won.indexOf(true)}`);
  });

  it('R-7: a swap takes a record that has ended for nothing', async () => {
    const store = await start({ url: url(server.port) });
    await store.put('claim', bytes('old'), Date.now() + 30);
    await until(() => store.swap('claim', undefined, bytes('new')));
  });

  it('R-7: tells what others write and delete, in order, and nothing of its own', async () => {
    const [one, two] = [await start({ url: url(server.port) }), await start({ url: url(server.port) })];
    const heard = listen(one, done.signal);
    await until(() => heard.length > 0);
    await one.put('mine', bytes('x'));
    await two.put('x/a key\nwith lines', bytes('x'));
    await two.batch([{ key: 'x/b', value: bytes('x') }, { key: 'x/a key\nwith lines' }]);
    await until(() => heard.length >= 4);
    expect(heard.map((news) => ('key' in news ? news.key : news.news))).to.deep.equal([
      'gap',
      'x/a key\nwith lines',
      'x/b',
      'x/a key\nwith lines',
    ]);
  });

  it('R-7: clear of another agent is a gap', async () => {
    const [one, two] = [await start({ url: url(server.port) }), await start({ url: url(server.port) })];
    const heard = listen(one, done.signal);
    await until(() => heard.length > 0);
    await two.put('a', bytes('x'));
    await until(() => heard.length === 2);
    await two.clear();
    await until(() => heard.some((news, at) => at > 0 && news.news === 'gap'));
  });

  it('R-7: a restart of Redis is a gap, and news go on after it', async () => {
    const port = await freePort();
    const first = await startRedis({ port });
    const [one, two] = [await start({ url: url(port) }), await start({ url: url(port) })];
    const heard = listen(one, done.signal);
    await until(() => heard.length > 0);
    await first.kill();
    const second = await startRedis({ port });
    try {
      await until(() => heard.filter(({ news }) => news === 'gap').length >= 2);
      await until(() =>
        two.put('after', bytes('x')).then(
          () => true,
          () => false,
        ),
      );
      await until(() => heard.some((news) => 'key' in news && news.key === 'after'));
    } finally {
      await second.kill();
    }
  });

  it('R-7: a connection that was cut is a gap', async () => {
    const relay = await new Relay(() => server.port).start();
    const one = await start({ url: url(relay.port) });
    const heard = listen(one, done.signal);
    await until(() => heard.length === 1);
    relay.cut();
    await until(() => heard.length === 2);
    expect(heard.at(-1)).to.deep.equal({ news: 'gap' });
    await one.stop(LIVE);
    await relay.stop();
  });
});
