import { expect } from 'chai';
import { createServer, type AddressInfo } from 'node:net';
import type { VaultConfig } from '../../../core/contracts/agent-config.js';
import type { ByteStream, Reply } from '../../../core/contracts/exchange.js';
import { createServe } from '../../../core/proxy/create-serve.js';
import { createHttpServer } from '../../../core/sdk/http-server.js';
import { Secret } from '../../../core/sdk/index.js';
import { LogSpy } from '../../../core/sdk/testing/log-spy.js';
import { VirtualClock, settle } from '../../../core/sdk/testing/virtual-clock.js';
import { createVaultClient, type VaultClient } from '../../../core/vault/client.js';
import { Counts, config, exchange, json, upstream, type Answer, type Upstream } from './rig.js';

const textOf = async (reply: Reply): Promise<string> =>
  Buffer.from((await (reply.body as ByteStream).collect(1_000_000)) ?? []).toString();
const tokensOf = (server: Upstream): string[] =>
  server.seen.flatMap(({ headers }) => headers.filter((_, at) => headers[at - 1]?.toLowerCase() === 'x-vault-token'));
const requests = (server: Upstream): string[] =>
  server.seen.map(({ url }) => url).filter((url) => url !== '/v1/sys/health');

/** A server whose health (0: it breaks the connection) and answers a test can change. */
interface Node {
  readonly server: Upstream;
  health: number;
  cluster: string;
  answer: Answer;
}

describe('vault/upstreams: several addresses', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const node = async (name: string, where = 0): Promise<Node> => {
    const made = { health: 200, cluster: 'c1', answer: json(200, { name }) } as {
      -readonly [K in keyof Node]: Node[K];
    };
    made.server = await upstream(
      (request, response) => {
        if (request.url !== '/v1/sys/health') return made.answer(request, response);
        if (made.health === 0) return void request.socket.destroy();
        json(made.health, { cluster_id: made.cluster })(request, response);
      },
      { where },
    );
    closing.push(() => made.server.close().catch(() => undefined));
    return made;
  };
  const rig = (urls: readonly string[], over: Partial<VaultConfig> = {}) => {
    const clock = new VirtualClock();
    const log = new LogSpy();
    const counts = new Counts();
    const settings = { retries: 3, ...over, addresses: urls };
    const made = createVaultClient({
      ...{ clock, metrics: counts, config: config(urls[0]!, settings), random: () => 0 },
      log: { named: () => log },
      keepAlive: { idle: true, keepAlives: true },
      userAgent: { version: '1' },
    });
    closing.push(() => made.close());
    return { client: made, clock, log, switches: () => counts.by.get('agent.upstream.switches') ?? 0 };
  };
  const ask = async (client: VaultClient, over: Parameters<typeof exchange>[0] = {}): Promise<string> =>
    textOf(await client.forward(exchange({ token: new Secret('t'), ...over })));
  const until = async (done: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 3000 && !done(); turn++) await settle(1);
    expect(done(), 'it never happened').to.equal(true);
  };
  const current = (client: VaultClient): string | undefined => client.upstreams().find((each) => each.current)?.address;
  const known = (client: VaultClient) => until(() => client.upstreams().every(({ state }) => state !== 'unknown'));
  const free = async (): Promise<string> => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return `http://127.0.0.1:${port}`;
  };

  it('a lone address is never asked for its health and costs no timer', async () => {
    const one = await node('one');
    const { client, clock } = rig([one.server.url]);
    await ask(client);
    await clock.advance(60_000);
    expect([one.server.seen.length, clock.pending]).to.deep.equal([1, 0]);
    expect(client.upstreams()).to.deep.equal([{ address: one.server.url, state: 'unknown', current: true }]);
  });

  it('stays on the first address and asks each for its health without a token', async () => {
    const [one, two] = [await node('one'), await node('two')];
    const { client, clock, switches } = rig([one.server.url, two.server.url]);
    expect(await ask(client)).to.equal('{"name":"one"}');
    await known(client);
    await clock.advance(10_000);
    await until(() => one.server.seen.length === 3);
    expect([two.server.seen.length, tokensOf(two.server), switches()]).to.deep.equal([1, [], 0]);
    expect(tokensOf(one.server)).to.deep.equal(['t']);
  });

  it('a request that was refused a connection goes to the next address at once, whatever its method', async () => {
    const [dead, two] = [await free(), await node('two')];
    const { client, log, switches } = rig([dead, two.server.url]);
    expect(await ask(client, { method: 'POST', body: Buffer.from('{"a":1}') })).to.equal('{"name":"two"}');
    expect(two.server.seen.at(-1)?.body).to.equal('{"a":1}');
    await until(() => switches() === 1);
    expect(current(client)).to.equal(two.server.url);
    const line = log.lines.find(({ level }) => level === 'warn');
    expect(line?.fields).to.deep.include({ from: dead, to: two.server.url });
    expect(line?.fields['why']).to.match(/connection refused/);
  });

  it('without retries a refused request ends, and the next one finds the other address', async () => {
    const [dead, two] = [await free(), await node('two')];
    const { client, switches } = rig([dead, two.server.url], { retries: 0 });
    const error = await client.forward(exchange()).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'UPSTREAM_UNREACHABLE');
    await until(() => switches() === 1);
    expect(await ask(client)).to.equal('{"name":"two"}');
  });

  it("the agent's own calls reach the next address too, a login that never retries included", async () => {
    const [dead, two] = [await free(), await node('two')];
    const { client } = rig([dead, two.server.url]);
    const answer = await client.vault('auto-auth').request('POST', 'auth/approle/login', { body: { role_id: 'r' } });
    expect(answer.body).to.deep.equal({ name: 'two' });
  });

  it('a sealed server is left when a request meets it; a standby serves when there is no active one', async () => {
    const [one, two] = [await node('one'), await node('two')];
    two.health = 429;
    const { client, clock } = rig([one.server.url, two.server.url]);
    await ask(client);
    await known(client);
    one.health = 503;
    one.answer = json(503, { errors: ['Vault is sealed'] });
    await clock.advance(1_100);
    expect((await client.forward(exchange({ method: 'PUT', body: Buffer.from('{}') }))).status).to.equal(503);
    await until(() => current(client) === two.server.url);
    expect(await ask(client)).to.equal('{"name":"two"}');
  });

  it('the health question of the interval notices a sealed server, and nobody goes back by himself', async () => {
    const [one, two, three] = [await node('one'), await node('two'), await node('three')];
    two.health = 429;
    const { client, clock, switches } = rig([one.server.url, two.server.url, three.server.url]);
    await ask(client);
    await known(client);
    one.health = 503;
    await clock.advance(10_000);
    await until(() => current(client) === three.server.url);
    one.health = 200;
    await clock.advance(60_000);
    await until(() => client.upstreams()[0]?.state === 'active');
    expect([await ask(client), switches()]).to.deep.equal(['{"name":"three"}', 1]);
  });

  it('an address that failed rests for its cool-down: it is not asked before', async () => {
    const [one, two] = [await node('one'), await node('two')];
    const { client, clock } = rig([one.server.url, two.server.url]);
    await ask(client);
    await known(client);
    one.health = 501;
    await clock.advance(10_000);
    await until(() => current(client) === two.server.url);
    const asked = one.server.seen.length;
    await clock.advance(20_000);
    expect(one.server.seen.length).to.equal(asked);
    await clock.advance(20_000);
    await until(() => one.server.seen.length > asked);
  });

  it('a hung health question is bounded and counts as a failure', async () => {
    const [one, two] = [await node('one'), await node('two')];
    const { client, clock } = rig([one.server.url, two.server.url]);
    await ask(client);
    await known(client);
    const listeners = one.server.server.listeners('request');
    one.server.server.removeAllListeners('request').on('request', () => undefined);
    for (let turn = 0; turn < 40 && current(client) !== two.server.url; turn++) {
      await clock.advance(1000);
      await settle(20);
    }
    expect([current(client), listeners.length]).to.deep.equal([two.server.url, 1]);
  });

  it('resets count at once: a server that breaks every connection is left', async () => {
    const [one, two] = [await node('one'), await node('two')];
    const { client, switches } = rig([one.server.url, two.server.url], { retries: 0 });
    await ask(client);
    await known(client);
    one.answer = (request) => void request.socket.destroy();
    one.health = 0;
    for (let turn = 0; turn < 2; turn++) await client.forward(exchange({ method: 'PUT' })).catch(() => undefined);
    await until(() => switches() === 1);
    expect(await ask(client)).to.equal('{"name":"two"}');
  });

  it('an address of another cluster gets no token, is named in the log once, and is not used when the other is down', async () => {
    const [one, stranger] = [await node('one'), await node('stranger')];
    stranger.cluster = 'c2';
    const { client, clock, log } = rig([one.server.url, stranger.server.url], { retries: 1 });
    await ask(client);
    await until(() => client.upstreams()[1]?.state === 'foreign');
    await one.server.close();
    const failure = client.forward(exchange({ token: new Secret('t') })).catch((error: unknown) => error);
    for (let turn = 0; turn < 10; turn++) await clock.advance(1000);
    expect(await failure).to.have.property('code', 'UPSTREAM_UNREACHABLE');
    expect([tokensOf(stranger.server), requests(stranger.server)]).to.deep.equal([[], []]);
    const errors = log.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => [fields['address'], fields['cluster'], fields['expected']])).to.deep.equal([
      [stranger.server.url, 'c2', 'c1'],
    ]);
  });

  it('with all addresses down the error is that of one address, in words, and the first that comes back serves', async () => {
    const urls = [await free(), await free()];
    const { client, clock } = rig(urls, { retries: 0 });
    const error = await client.forward(exchange()).catch((thrown: unknown) => thrown as Error);
    expect(error).to.have.property('message', `cannot reach ${urls[0]}: nothing listens there (connection refused)`);
    const back = await node('back', Number(new URL(urls[1]!).port));
    await clock.advance(10_000);
    await until(() => current(client) === back.server.url);
    expect(await ask(client)).to.equal('{"name":"back"}');
  });

  it('a redirect to another configured address is followed with the body and the token, once (D-31)', async () => {
    const [standby, active] = [await node('standby'), await node('active')];
    standby.answer = (_request, response) =>
      void response.writeHead(307, { location: `${active.server.url}/v1/secret/foo` }).end();
    const { client } = rig([standby.server.url, active.server.url]);
    const body = Buffer.from('{"b":1}');
    expect(await ask(client, { method: 'PUT', body })).to.equal('{"name":"active"}');
    const own = await client.vault('renewal').request('PUT', 'secret/foo', { token: new Secret('t'), body: { c: 1 } });
    expect(own.body).to.deep.equal({ name: 'active' });
    expect(active.server.seen.map((each) => each.body).filter((text) => text !== '')).to.deep.equal([
      '{"b":1}',
      '{"c":1}',
    ]);
    expect(tokensOf(active.server)).to.deep.equal(['t', 't']);
  });

  it('a redirect to a configured address of another cluster is relayed (D-31)', async () => {
    const [one, stranger] = [await node('one'), await node('stranger')];
    stranger.cluster = 'c2';
    one.answer = (_request, response) =>
      void response.writeHead(307, { location: `${stranger.server.url}/v1/x` }).end();
    const { client } = rig([one.server.url, stranger.server.url]);
    await client.forward(exchange());
    await until(() => client.upstreams()[1]?.state === 'foreign');
    expect((await client.forward(exchange({ token: new Secret('t') }))).status).to.equal(307);
    expect(tokensOf(stranger.server)).to.deep.equal([]);
  });

  it('our own listener among the addresses is refused and failover goes on (D-62)', async () => {
    const [one, two] = [await node('one'), await node('two')];
    let listening = '';
    const holder: { client?: VaultClient } = {};
    const log = new LogSpy();
    const server = createHttpServer({
      request: (request, response) =>
        createServe({
          ...{ product: 'agent', identities: new Map(), admin: new Map(), metrics: new Counts(), namespaceDefault: '' },
          listener: { role: 'default', requireRequestHeader: false, enableQuit: false, autoAuth: 'default' },
          forward: holder.client!.forward,
          apiProxy: {
            ...{ useAutoAuthToken: 'never', tokenWaitMs: 50, enforceConsistency: 'never', whenInconsistent: 'fail' },
            prependConfiguredNamespace: false,
          },
          compat: { upstreamErrors: 'honest', openControlEndpoints: false },
          log: { named: () => log },
          clock: new VirtualClock(),
          instance: holder.client!.instance,
        }).request(request, response),
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
    closing.push(() => server.close(0));
    listening = `http://127.0.0.1:${(server.node.address() as AddressInfo).port}`;
    const { client } = rig([one.server.url, listening, two.server.url]);
    holder.client = client;
    await ask(client);
    await known(client);
    expect(client.upstreams().map(({ state }) => state)).to.deep.equal(['active', 'down', 'active']);
    await one.server.close();
    expect(await ask(client)).to.equal('{"name":"two"}');
    await until(() => current(client) === two.server.url);
  });

  it('reload and close reach every address', async () => {
    const [one, two] = [await node('one'), await node('two')];
    const { client, clock } = rig([one.server.url, two.server.url]);
    await ask(client);
    await known(client);
    client.reload();
    expect(await ask(client)).to.equal('{"name":"one"}');
    await client.close();
    expect([clock.pending, client.pending]).to.deep.equal([0, 0]);
  });

  it('an address twice in the list counts once', async () => {
    const one = await node('one');
    expect(rig([one.server.url, one.server.url]).client.upstreams()).to.have.length(1);
  });
});
