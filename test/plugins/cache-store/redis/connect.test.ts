// Ways to Redis: login, TLS, Sentinel, Cluster, and that no password shows when they fail.
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../../../core/sdk/index.js';
import { makeCertificate } from '../../../../core/sdk/testing/index.js';
import {
  freePort,
  hasRedisServer,
  startRedis,
  tellRedis,
  type RedisServer,
} from '../../../../plugins/cache-store/redis/harness-server.js';
import { failure, listen, makeStore, until, type Store } from './store.js';

const LIVE = new AbortController().signal;
const PASSWORD = 'planted-pass%word';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const suite = hasRedisServer() ? describe : describe.skip;
suite(`cache store redis: connecting${hasRedisServer() ? '' : ' (skipped: redis-server is not installed)'}`, () => {
  const stores: Store[] = [];
  const servers: RedisServer[] = [];
  let dir = '';
  const serve = async (...args: string[]): Promise<number> => {
    const server = await startRedis({ args });
    servers.push(server);
    return server.port;
  };
  const works = async (settings: object): Promise<Store> => {
    const { store } = await makeStore(settings, stores);
    await store.start(LIVE);
    await store.put('a', bytes('1'));
    expect(Buffer.from((await store.get('a'))!).toString()).to.equal('1');
    return store;
  };
  const refused = async (settings: object): Promise<string> => {
    const { store, fakes } = await makeStore(settings, stores);
    const { code, text } = await failure(store.start(LIVE));
    expect(code).to.equal('CACHE_STORE_UNAVAILABLE');
    expect(`${text} ${fakes.log.text()} ${fakes.health.text()}`).to.not.contain('planted');
    return text;
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'claviger-redis-test-'));
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.stop(LIVE);
    for (const server of servers.splice(0)) await server.kill();
    rmSync(dir, { recursive: true, force: true });
  });

  it('logs in by URL, by keys and by a file; a wrong password is told without showing it', async () => {
    const port = await serve('--requirepass', PASSWORD);
    await tellRedis(port, 'AUTH', PASSWORD);
    writeFileSync(join(dir, 'password'), `${PASSWORD}\n`);
    const url = `redis://127.0.0.1:${port}`;
    await works({ url: new Secret(`redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/2`) });
    await works({ url, username: 'default', password: new Secret(PASSWORD) });
    await works({ url, password_file: join(dir, 'password') });
    expect(await refused({ url, password: new Secret('planted-wrong') })).to.contain('does not accept');
    expect(await refused({ url })).to.contain('does not accept');
    expect(await refused({ url, password_file: join(dir, 'nothing') })).to.contain(join(dir, 'nothing'));
  });

  it('speaks TLS with rediss:, checks the name and shows its own certificate', async () => {
    const authority = makeCertificate({ name: 'test authority', authority: true });
    const own = makeCertificate({ name: 'redis', issuer: authority });
    const file = (name: string, text: string): string => {
      writeFileSync(join(dir, name), text);
      return join(dir, name);
    };
    const ca = file('ca.pem', authority.cert);
    const [cert, key] = [file('cert.pem', own.cert), file('key.pem', own.key)];
    const tlsPort = String(await freePort());
    await serve('--tls-port', tlsPort, '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca);
    const url = `rediss://127.0.0.1:${tlsPort}`;
    const client = { tls_client_cert: cert, tls_client_key: key };
    await works({ url, tls_ca_cert: ca, ...client });
    await works({ url, tls_ca_cert: ca, tls_server_name: 'localhost', ...client });
    expect(await refused({ url, ...client })).to.contain('TLS failed');
    expect(await refused({ url, tls_ca_cert: ca, tls_server_name: 'other.example', ...client })).to.contain(
      'TLS failed',
    );
    await refused({ url, tls_ca_cert: ca });
  });

  it('finds the master by Sentinel', async () => {
    const port = await serve();
    const config = join(dir, 'sentinel.conf');
    writeFileSync(config, `sentinel monitor web 127.0.0.1 ${port} 1\n`);
    const sentinel = await startRedis({ config, args: ['--sentinel'] });
    servers.push(sentinel);
    await works({ sentinel_addresses: [`127.0.0.1:${sentinel.port}`], sentinel_name: 'web' });
    await refused({ sentinel_addresses: [`127.0.0.1:${sentinel.port}`], sentinel_name: 'other' });
    await refused({ sentinel_addresses: [`127.0.0.1:${await freePort()}`] });
  });

  it('keeps all keys of a prefix in one slot of a Cluster, so that batches, swaps and news work there', async () => {
    const bus = ['--cluster-port', String(await freePort()), '--cluster-announce-ip', '127.0.0.1'];
    const port = await serve('--cluster-enabled', 'yes', ...bus);
    await tellRedis(port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => (await tellRedis(port, 'CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const settings = { cluster_addresses: [`127.0.0.1:${port}`] };
    const [one, two] = [await works(settings), await works(settings)];
    const done = new AbortController();
    const heard = listen(one, done.signal);
    await until(() => heard.length > 0);
    await two.batch([{ key: 'a' }, { key: 'b', value: bytes('2') }]);
    expect(await two.swap('b', bytes('2'), bytes('3'))).to.equal(true);
    await until(() => heard.length >= 4);
    const found: string[] = [];
    for await (const [key] of one.entries('')) found.push(key);
    expect(found).to.deep.equal(['b']);
    done.abort();
    await servers[0]!.kill();
    expect((await failure(one.get('b'))).code).to.equal('CACHE_STORE_UNAVAILABLE');
    await refused({ cluster_addresses: [`127.0.0.1:${port}`] });
  });
});
