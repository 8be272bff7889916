// Several addresses of the server in a whole agent: which one is used when one is down, sealed, of another cluster, or the agent itself (D-62).
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createDevServer } from '../../core/dev-server/server.js';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { ask } from './client.js';
import { LISTENER, onRig, SERVE, type Rig, type RunningAgent } from './rig.js';
import type { Tap } from './tap.js';
import { until } from './until.js';

const addresses = (urls: readonly string[]): string =>
  `vault {\n  address = "${urls[0]!}"\n  addresses = ${JSON.stringify(urls)}\n  retry {\n    num_retries = -1\n  }\n` +
  '  failover {\n    check_interval = "5s"\n    cool_down = "10s"\n  }\n}\n';

interface Seen {
  readonly address: string;
  readonly state: string;
  readonly current: boolean;
}

const upstreams = async (agent: RunningAgent): Promise<Seen[]> =>
  (await agent.ask('/agent/v1/cache?limit=0')).json.upstreams as Seen[];
const current = async (agent: RunningAgent): Promise<string | undefined> =>
  (await upstreams(agent)).find((seen) => seen.current)?.address;

/** A node of the cluster of the rig that can be sealed. */
class Node {
  sealed = false;
  /** Requests that carried a token while it was sealed. */
  readonly refused: string[] = [];
  readonly #server: Server;
  #url = '';

  constructor(rig: Rig) {
    this.#server = createServer((request, response) => this.#serve(rig, request, response));
  }

  get url(): string {
    return this.#url;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#url = `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #serve(rig: Rig, request: IncomingMessage, response: ServerResponse): void {
    if (!this.sealed) {
      const { method, url = '/', headers } = request;
      const onward = httpRequest(`${rig.url}${url}`, { method, headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      return void request.pipe(onward);
    }
    if (request.headers['x-vault-token'] !== undefined) this.refused.push(request.url ?? '');
    const health = request.url?.startsWith('/v1/sys/health') === true;
    response
      .writeHead(503, { 'Content-Type': 'application/json' })
      .end(JSON.stringify(health ? { initialized: true, sealed: true } : { errors: ['Vault is sealed'] }));
  }
}

const lines = (agent: RunningAgent, text: RegExp): number => agent.lines.filter((line) => text.test(line)).length;

describe('scenario: several addresses of the server', function () {
  this.timeout(20_000);

  const withTaps = (
    play: (rig: Rig, taps: readonly [Tap, Tap], agent: () => Promise<RunningAgent>) => Promise<unknown>,
  ): Promise<unknown> =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.engines('10m', '1h');
      await rig.admin('POST', 'secret/data/app', { data: { color: 'red' } });
      const taps = [await rig.tap(), await rig.tap()] as const;
      const { method } = await rig.approle('app');
      const agent = async (): Promise<RunningAgent> => {
        const started = await rig.agent(`${addresses(taps.map(({ url }) => url))}auto_auth {\n${method}}\n${SERVE}`);
        await rig.pass(100);
        return started;
      };
      return play(rig, taps, agent);
    });

  it('uses the first; when it is down at the start, logs in and serves through the second', () =>
    withTaps(async (rig, [first, second], start) => {
      await first.close();
      const agent = await start();
      expect((await agent.ask('/v1/secret/data/app')).status).to.equal(200);
      expect(await current(agent)).to.equal(second.url);
      expect(rig.server.requests.count('PUT', 'auth/approle/login')).to.equal(1);
    }));

  it('goes over in the middle of work, a write included, stays there when the first is back, and comes back when the second dies', () =>
    withTaps(async (rig, [first, second], start) => {
      const agent = await start();
      expect(await current(agent)).to.equal(first.url);
      const lease = (await agent.ask('/v1/aws/creds/app')).json.lease_id as string;
      await first.close();
      const written = await agent.ask('/v1/secret/data/app', { method: 'POST', body: { data: { color: 'blue' } } });
      // without retries one request may meet the dead address
      if (written.status !== 200) expect(written.status).to.equal(502);
      await rig.pass(1000);
      expect(
        (await agent.ask('/v1/secret/data/app', { method: 'POST', body: { data: { color: 'blue' } } })).status,
      ).to.equal(200);
      expect(await current(agent)).to.equal(second.url);
      expect((await agent.ask('/v1/aws/creds/app')).json.lease_id).to.equal(lease);
      await first.open();
      await rig.pass(60_000);
      expect(await current(agent), 'sticky').to.equal(second.url);
      expect((await upstreams(agent)).map(({ state }) => state)).to.deep.equal(['active', 'active']);
      await second.close();
      await agent.ask('/v1/secret/data/app');
      await rig.pass(6_000);
      expect((await agent.ask('/v1/secret/data/app')).status).to.equal(200);
      expect(await current(agent)).to.equal(first.url);
      expect(lines(agent, /switched to another address/)).to.equal(2);
      expect(rig.server.requests.count('PUT', 'auth/approle/login'), 'no new login').to.equal(1);
    }));

  it('renews leases and its own token through the address that is left', () =>
    withTaps(async (rig, [first], start) => {
      const agent = await start();
      const lease = (await agent.ask('/v1/aws/creds/app')).json.lease_id as string;
      await first.close();
      await rig.pass(20 * 60_000);
      const hit = await agent.ask('/v1/aws/creds/app');
      expect([hit.headers['x-cache'], hit.json.lease_id]).to.deep.equal(['HIT', lease]);
      expect(rig.server.requests.count('PUT', 'sys/leases/renew')).to.be.greaterThan(1);
      expect(rig.server.requests.count('PUT', 'auth/approle/login')).to.equal(1);
    }));

  it('with all down it says so in the shape of Vault, and heals', () =>
    withTaps(async (rig, [first, second], start) => {
      const agent = await start();
      await Promise.all([first.close(), second.close()]);
      await rig.pass(15_000);
      const answer = await agent.ask('/v1/secret/data/app');
      expect([answer.status, (answer.json as { errors: string[] }).errors.length]).to.deep.equal([502, 1]);
      expect(lines(agent, /no address of the server is usable/)).to.equal(1);
      await second.open();
      await rig.pass(15_000);
      expect((await agent.ask('/v1/secret/data/app')).status).to.equal(200);
    }));

  it('a sealed server is left, gets no more tokens, and is not taken before it is unsealed', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.admin('POST', 'secret/data/app', { data: { color: 'red' } });
      const nodes = [new Node(rig), new Node(rig)] as const;
      try {
        for (const node of nodes) await node.open();
        const { method } = await rig.approle('app');
        const agent = await rig.agent(`${addresses(nodes.map(({ url }) => url))}auto_auth {\n${method}}\n${SERVE}`);
        await rig.pass(100);
        nodes[0].sealed = true;
        await rig.pass(6_000);
        expect(await current(agent)).to.equal(nodes[1].url);
        expect(nodes[0].refused).to.deep.equal([]);
        for (let time = 0; time < 3; time++) expect((await agent.ask('/v1/secret/data/app')).status).to.equal(200);
        expect(nodes[0].refused, 'no token for the sealed one').to.deep.equal([]);
        expect((await upstreams(agent)).map(({ state }) => state)).to.deep.equal(['down', 'active']);
        nodes[0].sealed = false;
        nodes[1].sealed = true;
        await rig.pass(16_000);
        expect((await agent.ask('/v1/secret/data/app')).status).to.equal(200);
        expect(await current(agent)).to.equal(nodes[0].url);
      } finally {
        for (const node of nodes) node.close();
      }
    }));

  it('an address of another cluster is refused: it gets no token, not even when all else is down', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      const other = createDevServer({ rootToken: rig.rootToken, clock: rig.clock });
      try {
        const { url } = await other.listen('127.0.0.1', 0);
        const tap = await rig.tap();
        const { method } = await rig.approle('app');
        const agent = await rig.agent(`${addresses([tap.url, url])}auto_auth {\n${method}}\n${SERVE}`);
        await rig.pass(11_000);
        expect((await upstreams(agent)).map(({ state }) => state)).to.deep.equal(['active', 'foreign']);
        expect(lines(agent, /\[ERROR\].*belongs to another cluster/)).to.equal(1);
        await tap.close();
        await rig.pass(30_000);
        const answer = await agent.ask('/v1/secret/data/app', { headers: { 'X-Vault-Token': rig.rootToken } });
        expect(answer.status).to.equal(502);
        expect(new Set(other.requests.all.map(({ path }) => path))).to.deep.equal(new Set(['sys/health']));
        expect(other.requests.all.every(({ accessor }) => accessor === '')).to.equal(true);
      } finally {
        await other.close();
      }
    }));

  it('its own listener among the addresses is never used, and nothing goes round (D-62)', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.admin('POST', 'secret/data/app', { data: { color: 'red' } });
      const [own, tap] = [await rig.tap(), await rig.tap()];
      await own.close();
      const { method } = await rig.approle('app');
      const serve = SERVE.replace('127.0.0.1:0', own.url.slice('http://'.length));
      const agent = await rig.agent(`${addresses([own.url, tap.url])}auto_auth {\n${method}}\n${serve}`);
      await rig.pass(30_000);
      expect((await ask(own.url, '/v1/secret/data/app')).status).to.equal(200);
      expect(await current(agent)).to.equal(tap.url);
      expect((await upstreams(agent)).find(({ address }) => address === own.url)?.state).to.equal('down');
      await tap.close();
      await agent.ask('/v1/secret/data/app');
      await rig.pass(6_000);
      expect((await agent.ask('/v1/secret/data/app')).status).to.be.oneOf([502, 508]);
      await tap.open();
      await rig.pass(15_000);
      expect((await agent.ask('/v1/secret/data/app')).status).to.equal(200);
    }));

  it('an agent whose only address is its own listener says so at once: nobody waits for himself (D-62)', () =>
    onRig({}, async (rig) => {
      const own = await rig.tap();
      await own.close();
      const { method } = await rig.approle('app');
      const serve = SERVE.replace('127.0.0.1:0', own.url.slice('http://'.length));
      const agent = await rig.agent(`auto_auth {\n${method}}\n${serve}`, { address: own.url });
      const login = { method: 'PUT', body: { role_id: 'x', secret_id: 'y' } };
      expect((await agent.ask('/v1/auth/approle/login', login)).status).to.equal(508);
      await until('the complaint', () => lines(agent, /error authenticating.*508/));
    }));

  it('without auto-auth and cache clients are served through the address that works', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.admin('POST', 'secret/data/app', { data: { color: 'red' } });
      const [dead, tap] = [await rig.tap(), await rig.tap()];
      await dead.close();
      const agent = await rig.agent(`${addresses([dead.url, tap.url])}${LISTENER}`);
      const headers = { 'X-Vault-Token': rig.rootToken };
      await agent.ask('/v1/secret/data/app', { headers });
      await rig.pass(1_000);
      expect((await agent.ask('/v1/secret/data/app', { headers })).status).to.equal(200);
    }));
});
