import { expect } from 'chai';
import { createAdminRoutes } from '../../../core/admin/routes.js';
import { VirtualClock } from '../../../core/sdk/testing/index.js';
import { IdentityFake, state } from './identity-fake.js';
import { Rig, auth, json, lease, until, type Answer } from './rig.js';

const CREDS = '/v1/db/creds/app';

describe('the request path, end to end', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.close();
    rig = undefined;
  });
  const start = async (options: Parameters<typeof Rig.start>[0]): Promise<Rig> => (rig = await Rig.start(options));
  const body = (text: string): Record<string, never> => JSON.parse(text) as Record<string, never>;

  const leases = (): Answer => {
    let count = 0;
    return (call, response) => {
      if (call.target === CREDS) json(response, 200, lease(`db/creds/app/id${++count}`));
      else if (/evoke|mounts/.test(call.target)) response.writeHead(204).end();
      else json(response, 200, { data: { a: 1 } });
    };
  };

  describe('hits', () => {
    it('answers the second read from memory with HIT, Age and a UTC Date (P-11, D-26)', async () => {
      const agent = await start({ answer: leases(), identity: new IdentityFake('default', state('hvs.auto')) });
      const first = await agent.send('GET', CREDS);
      const second = await agent.send('GET', CREDS);
      expect(first.headers['x-cache']).to.equal('MISS');
      expect(second.headers['x-cache']).to.equal('HIT');
      expect(second.headers.age).to.equal('0');
      expect(second.headers.date).to.match(/GMT$/);
      expect(second.headers['cache-control']).to.equal('no-store');
      expect(body(second.text)).to.deep.include({ lease_id: 'db/creds/app/id1', request_id: 'r-1' });
      expect(agent.targets).to.deep.equal([`GET ${CREDS}`]);
      expect(agent.calls[0]!.token).to.equal('hvs.auto');
      expect([
        agent.count('agent.cache.hit'),
        agent.count('agent.cache.miss'),
        agent.count('agent.proxy.success'),
      ]).to.deep.equal([1, 1, 2]);
    });

    it('tells the remaining seconds (D-4), and leaves all other bytes alone', async () => {
      const clock = new VirtualClock();
      const text =
        '{ "lease_id":"db/creds/app/x","renewable":true, "lease_duration" : 3600 ,"data":{"p":"\\u003c \u00e9","lease_duration":3600}}\n';
      const agent = await start({
        answer: (_call, response) => json(response, 200, text),
        identity: new IdentityFake('default', state('hvs.auto')),
        cache: { clock },
      });
      await agent.send('GET', CREDS);
      await clock.advance(600_400);
      const hit = await agent.send('GET', CREDS);
      expect(hit.text).to.equal(text.replace('3600', '2999'));
      expect(hit.headers.age).to.equal('600');
      expect(Number(hit.headers['content-length'])).to.equal(Buffer.byteLength(hit.text));
      await clock.advance(1700_000);
      expect((await agent.send('GET', CREDS)).text).to.equal(text.replace('3600', '1299'));
      expect(agent.calls.length).to.equal(1);
    });

    it('repeats the original seconds with verbatim_hits', async () => {
      const clock = new VirtualClock();
      const agent = await start({
        answer: leases(),
        identity: new IdentityFake('default', state('hvs.auto')),
        cache: { clock, verbatimHits: true },
      });
      await agent.send('GET', CREDS);
      await clock.advance(60_000);
      expect(body((await agent.send('GET', CREDS)).text)).to.deep.include({ lease_duration: 3600 });
    });

    it("serves from memory while the server is down, and answers 502 in Vault's shape for the rest (D-28)", async () => {
      let down = false;
      const agent = await start({
        answer: (call, response, request) => (down ? request.socket.destroy() : leases()(call, response, request)),
        identity: new IdentityFake('default', state('hvs.auto')),
      });
      await agent.send('GET', CREDS);
      down = true;
      expect((await agent.send('GET', CREDS)).headers['x-cache']).to.equal('HIT');
      const miss = await agent.send('GET', '/v1/secret/data/app');
      expect(miss.status).to.equal(502);
      expect(miss.text).to.match(/^\{"errors":\["failed to get the response: UPSTREAM_UNREACHABLE.*"\]\}\n$/);
      expect(miss.headers['x-cache']).to.equal(undefined);
      expect(miss.headers['x-claviger-request-id']).to.be.a('string');
      expect(agent.count('agent.proxy.error')).to.equal(1);
    });

    it('answers 500 for it with upstream_errors = 500', async () => {
      const agent = await start({ answer: leases(), compat: { upstreamErrors: '500' }, address: 'http://127.0.0.1:1' });
      expect((await agent.send('GET', '/v1/secret/data/app')).status).to.equal(500);
    });
  });

  describe('tokens', () => {
    it('caches a login and what is made with its token (15-2)', async () => {
      let made = 0;
      const agent = await start({
        answer: (call, response) =>
          json(
            response,
            200,
            call.target.endsWith('/login') ? auth('hvs.logged') : auth(`hvs.child${++made}`, { orphan: false }),
          ),
      });
      const login = (): Promise<unknown> => agent.send('POST', '/v1/auth/approle/login', { body: '{"role_id":"r"}' });
      await login();
      await login();
      const create = { headers: { 'X-Vault-Token': 'hvs.logged' }, body: '{"ttl":"30m"}' };
      await agent.send('POST', '/v1/auth/token/create', create);
      const second = await agent.send('POST', '/v1/auth/token/create', create);
      expect(second.text).to.contain('hvs.child1');
      expect(agent.targets).to.deep.equal(['POST /v1/auth/approle/login', 'POST /v1/auth/token/create']);
    });

    it('does not cache the lease of a token that it does not manage', async () => {
      const agent = await start({ answer: leases() });
      const own = { headers: { 'X-Vault-Token': 'hvs.own' } };
      await agent.send('GET', CREDS, own);
      expect((await agent.send('GET', CREDS, own)).headers['x-cache']).to.equal('MISS');
      expect(agent.calls.length).to.equal(2);
    });

    it('keeps the answers of different tokens and namespaces apart', async () => {
      const agent = await start({ answer: leases(), identity: new IdentityFake('default', state('hvs.auto')) });
      await agent.send('GET', CREDS);
      await agent.send('GET', CREDS, { headers: { 'X-Vault-Namespace': 'ns1' } });
      expect(
        (await agent.send('GET', CREDS, { headers: { 'X-Vault-Namespace': '/ns1/' } })).headers['x-cache'],
      ).to.equal('HIT');
      await agent.send('GET', CREDS, { headers: { 'X-Vault-Token': 'hvs.other' } });
      expect(agent.calls.length).to.equal(3);
      expect(agent.calls[1]!.headers['x-vault-namespace']).to.equal('ns1/');
    });
  });

  describe('revocations through the agent', () => {
    const forms: [string, string, string, string?][] = [
      ['by body (E-2)', 'PUT', '/v1/sys/leases/revoke', '{"lease_id":"db/creds/app/id1"}'],
      ['by form body', 'PUT', '/v1/sys/leases/revoke', 'lease_id=db%2Fcreds%2Fapp%2Fid1'],
      ['by URL (D-11)', 'PUT', '/v1/sys/leases/revoke/db/creds/app/id1'],
      ['by encoded URL', 'PUT', '/v1/sys/leases/%72evoke/db%2Fcreds%2Fapp%2Fid1'],
      ['by the old path (D-11)', 'PUT', '/v1/sys/revoke/db/creds/app/id1'],
      ['by prefix (D-12)', 'PUT', '/v1/sys/leases/revoke-prefix/db/creds'],
      ['by force (D-12)', 'PUT', '/v1/sys/leases/revoke-force/db'],
      ['by unmounting the engine', 'DELETE', '/v1/sys/mounts/db'],
      ["of the agent's own token", 'POST', '/v1/auth/token/revoke-self', '{}'],
      ['by accessor', 'POST', '/v1/auth/token/revoke-accessor', '{"accessor":"acc-hvs.auto"}'],
      ['as an orphan', 'POST', '/v1/auth/token/revoke-orphan', '{"token":"hvs.auto"}'],
    ];
    for (const [name, method, target, text] of forms) {
      it(`evict at once: ${name}`, async () => {
        const agent = await start({ answer: leases(), identity: new IdentityFake('default', state('hvs.auto')) });
        await agent.send('GET', CREDS);
        expect((await agent.send(method, target, text === undefined ? {} : { body: text })).status).to.equal(204);
        const after = await agent.send('GET', CREDS);
        expect(after.headers['x-cache']).to.equal('MISS');
        expect(after.text).to.contain('id2');
      });
    }

    it('evict nothing when the server refuses, or when the prefix is half a segment', async () => {
      const agent = await start({
        answer: (call, response, request) =>
          call.target.endsWith('/refused')
            ? json(response, 403, { errors: ['permission denied'] })
            : leases()(call, response, request),
        identity: new IdentityFake('default', state('hvs.auto')),
      });
      await agent.send('GET', CREDS);
      await agent.send('PUT', '/v1/sys/leases/revoke-prefix/db/creds/refused');
      await agent.send('PUT', '/v1/sys/leases/revoke-prefix/db/cr');
      expect((await agent.send('GET', CREDS)).headers['x-cache']).to.equal('HIT');
    });
  });

  describe('what is never cached', () => {
    it('renewal answers; but they move the expiry that hits show (D-1)', async () => {
      const clock = new VirtualClock();
      const agent = await start({
        answer: (call, response) => json(response, 200, lease('db/creds/app/id1', call.target === CREDS ? 3600 : 7200)),
        identity: new IdentityFake('default', state('hvs.auto')),
        cache: { clock },
      });
      await agent.send('GET', CREDS);
      const renew = { body: '{"lease_id":"db/creds/app/id1","increment":7200}' };
      await agent.send('PUT', '/v1/sys/leases/renew', renew);
      expect((await agent.send('PUT', '/v1/sys/leases/renew', renew)).headers['x-cache']).to.equal('MISS');
      expect(body((await agent.send('GET', CREDS)).text)).to.deep.include({ lease_duration: 7200 });
      expect(agent.calls.length).to.equal(3);
    });

    it('unwrapping (D-2), wrapped answers, and what the client wants fresh (D-55)', async () => {
      const agent = await start({ answer: (_call, response) => json(response, 200, auth('hvs.x')) });
      for (let time = 0; time < 2; time++) {
        await agent.send('POST', '/v1/sys/wrapping/unwrap', { headers: { 'X-Vault-Token': 'hvs.wrap' } });
        await agent.send('POST', '/v1/auth/approle/login', { headers: { 'X-Vault-Wrap-TTL': '5m' }, body: '{}' });
        await agent.send('POST', '/v1/auth/approle/login', { headers: { 'Cache-Control': 'no-store' }, body: '{}' });
      }
      expect(agent.calls.length).to.equal(6);
    });
  });

  describe('coalescing', () => {
    it('makes one call of 100 equal requests (C-10)', async () => {
      const agent = await start({ answer: leases(), identity: new IdentityFake('default', state('hvs.auto')) });
      const all = await Promise.all(Array.from({ length: 100 }, () => agent.send('GET', CREDS)));
      expect(agent.calls.length).to.equal(1);
      expect(all.filter((got) => got.headers['x-cache'] === 'HIT').length).to.equal(99);
      expect(new Set(all.map((got) => got.text.replace(/"lease_duration":\d+/, ''))).size).to.equal(1);
    });

    const received = (agent: Rig): number =>
      agent.log.lines.filter((line) => line.message === 'received request').length;

    it('lets those go on by themselves, and all at once, who waited for an answer that cannot be cached', async () => {
      const held: (() => void)[] = [];
      const agent = await start({
        answer: (_call, response) => void held.push(() => json(response, 200, { data: { a: 1 } })),
      });
      const all = Promise.all(Array.from({ length: 20 }, () => agent.send('GET', '/v1/kv/a')));
      await until(() => received(agent) === 20 && held.length === 1);
      held.shift()!();
      await until(() => held.length === 19);
      for (const release of held) release();
      expect((await all).every((got) => got.status === 200)).to.equal(true);
      expect(agent.calls.length).to.equal(20);
    });

    it('shares the failure of the one call that could not reach the server', async () => {
      const held: (() => void)[] = [];
      const agent = await start({
        answer: (_call, _response, request) => void held.push(() => request.socket.destroy()),
      });
      const all = Promise.all(Array.from({ length: 10 }, () => agent.send('GET', CREDS)));
      await until(() => received(agent) === 10 && held.length === 1);
      held[0]!();
      expect((await all).every((got) => got.status === 502)).to.equal(true);
      expect(agent.calls.length).to.equal(1);
    });
  });

  describe('clients that leave (D-30)', () => {
    const hanging =
      (release: { answer?: () => void }): Answer =>
      (_call, response) => {
        release.answer = () => json(response, 200, lease('db/creds/app/id1'));
      };

    it('cancel the call when it can hold no secret', async () => {
      const agent = await start({ answer: hanging({}) });
      const leaving = new AbortController();
      const gone = agent
        .send('GET', '/v1/secret/data/app', { signal: leaving.signal })
        .catch((error: Error) => error.name);
      await until(() => agent.calls.length === 1);
      leaving.abort();
      expect(await gone).to.equal('AbortError');
      await until(() => agent.calls[0]!.aborted);
    });

    it('cancel it when the last of several left, not before', async () => {
      const agent = await start({ answer: hanging({}) });
      const leaving = [new AbortController(), new AbortController()];
      const gone = leaving.map(({ signal }) => agent.send('GET', '/v1/kv/a', { signal }).catch(() => 'gone'));
      await until(() => agent.calls.length === 1);
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      leaving[0]!.abort();
      for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(agent.calls[0]!.aborted).to.equal(false);
      leaving[1]!.abort();
      await until(() => agent.calls[0]!.aborted);
      await Promise.all(gone);
      expect(agent.calls.length).to.equal(1);
    });

    it('do not cancel what issues a secret: it is finished and stored for the next', async () => {
      const release: { answer?: () => void } = {};
      const agent = await start({ answer: hanging(release), identity: new IdentityFake('default', state('hvs.auto')) });
      const leaving = new AbortController();
      const gone = agent.send('GET', CREDS, { signal: leaving.signal }).catch(() => 'gone');
      await until(() => release.answer !== undefined);
      leaving.abort();
      await gone;
      release.answer!();
      await until(() => agent.cache!.size === 1);
      expect((await agent.send('GET', CREDS)).headers['x-cache']).to.equal('HIT');
      expect(agent.calls.length).to.equal(1);
    });
  });

  describe('bodies', () => {
    it('stream through when the answer is no candidate: the first bytes arrive before the last are sent (D-35)', async () => {
      let finish: (() => void) | undefined;
      const agent = await start({
        answer: (_call, response) => {
          response.writeHead(200, { 'Content-Type': 'text/plain' });
          response.write('first ');
          finish = () => response.end('last');
        },
      });
      const { default: http } = await import('node:http');
      const chunks: string[] = [];
      const whole = await new Promise<string>((resolve, reject) => {
        http
          .get({ host: '127.0.0.1', port: agent.port, path: '/v1/sys/monitor', agent: false }, (response) => {
            response.on('data', (chunk: Buffer) => {
              chunks.push(chunk.toString());
              if (chunks.length === 1) finish!();
            });
            response.on('end', () => resolve(chunks.join('')));
          })
          .on('error', reject);
      });
      expect(whole).to.equal('first last');
      expect(chunks.length).to.be.greaterThan(1);
    });

    it('of requests arrive unchanged, long and without a length too', async () => {
      const agent = await start({ answer: (_call, response) => json(response, 200, { data: {} }) });
      const long = 'x'.repeat(3_000_000);
      await agent.send('POST', '/v1/secret/data/big', { body: long });
      await agent.send('POST', '/v1/sys/storage/raft/snapshot', { body: long });
      await agent.send('POST', '/v1/sys/tools/hash', { headers: { 'Transfer-Encoding': 'chunked' }, body: 'chunky' });
      expect(agent.calls.map((call) => call.body.length)).to.deep.equal([3_000_000, 3_000_000, 6]);
    });
  });

  it('answers 502 when the server dies in the middle of an answer it would have stored, and recovers', async () => {
    let die = true;
    const agent = await start({
      answer: (call, response, request) => {
        if (!die) return leases()(call, response, request);
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 500 });
        response.write('{"lease_id":');
        setImmediate(() => request.socket.destroy());
      },
      identity: new IdentityFake('default', state('hvs.auto')),
    });
    expect((await agent.send('GET', CREDS)).status).to.equal(502);
    die = false;
    expect((await agent.send('GET', CREDS)).status).to.equal(200);
    expect((await agent.send('GET', CREDS)).headers['x-cache']).to.equal('HIT');
  });

  describe('the target', () => {
    const targets = [
      '/v1/secret/data/a%2Fb?version=1&x=%20y',
      '/v1/secret/metadata/?list=true',
      '/v1//secret/x',
      '/v1',
      '/agent/v1/unknown',
      '/ui/',
    ];
    for (const target of targets) {
      it(`travels as it came: ${target} (D-36, D-72, D-76)`, async () => {
        const agent = await start({ answer: (_call, response) => json(response, 404, { errors: [] }) });
        const got = await agent.send('GET', target);
        expect([got.status, got.text, got.headers['x-cache']]).to.deep.equal([404, '{"errors":[]}', undefined]);
        expect(agent.targets).to.deep.equal([`GET ${target}`]);
      });
    }

    it('passes LIST and HEAD', async () => {
      const agent = await start({ answer: (_call, response) => json(response, 200, { data: { keys: [] } }) });
      expect((await agent.send('LIST', '/v1/secret/metadata')).headers['x-cache']).to.equal('MISS');
      const head = await agent.send('HEAD', '/v1/sys/health');
      expect([head.status, head.text]).to.deep.equal([200, '']);
      expect(agent.targets).to.deep.equal(['LIST /v1/secret/metadata', 'HEAD /v1/sys/health']);
    });
  });

  it('refuses a request that has already passed this agent (D-62)', async () => {
    const agent = await start({ answer: (_call, response) => json(response, 200, {}) });
    await agent.send('GET', '/v1/sys/health');
    const mark = agent.calls[0]!.headers['x-claviger-hop'] as string;
    const looped = await agent.send('GET', '/v1/sys/health', { headers: { 'X-Claviger-Hop': mark } });
    expect(looped.status).to.equal(508);
    expect((await agent.send('GET', '/v1/sys/health', { headers: { 'X-Claviger-Hop': 'another' } })).status).to.equal(
      200,
    );
    expect(agent.calls.length).to.equal(2);
  });

  describe("the agent's own token in answers (3.4)", () => {
    const lookup =
      '{"data":{"accessor":"acc-hvs.auto","creation_ttl":3600,"id":"hvs.auto","keys":["x","acc-hvs.auto"]},"auth":null}\n';
    it('is removed below data and keeps the order and the bytes of the rest, in any namespace (D-23, D-74)', async () => {
      const agent = await start({
        answer: (_call, response) => json(response, 200, lookup),
        identity: new IdentityFake('default', state('hvs.auto')),
      });
      const got = await agent.send('GET', '/v1/ns1/auth/token/lookup-self');
      expect(got.text).to.equal('{"data":{"creation_ttl":3600,"keys":["x"]},"auth":null}\n');
      expect(Number(got.headers['content-length'])).to.equal(got.text.length);
    });

    it('is blanked below auth, on a hit as well (D-3, D-73)', async () => {
      const agent = await start({
        answer: (_call, response) =>
          json(response, 200, auth('hvs.child', { orphan: false, metadata: { parent: 'hvs.auto' } })),
        identity: new IdentityFake('default', state('hvs.auto')),
      });
      const first = await agent.send('POST', '/v1/auth/token/create', { body: '{}' });
      const second = await agent.send('POST', '/v1/auth/token/create', { body: '{}' });
      expect(second.headers['x-cache']).to.equal('HIT');
      for (const got of [first, second]) {
        expect(got.text).to.contain('"parent":""');
        expect(got.text).to.contain('hvs.child');
      }
    });

    it('follows the identity: after a new login the new token is hidden, in hits too', async () => {
      const identity = new IdentityFake('default', state('hvs.auto'));
      const agent = await start({
        answer: (_call, response) =>
          json(response, 200, auth('hvs.child', { metadata: { a: 'hvs.new', b: 'hvs.auto' } })),
        identity,
      });
      const login = { headers: { 'X-Vault-Token': 'hvs.own' }, body: '{}' };
      await agent.send('POST', '/v1/auth/approle/login', login);
      expect((await agent.send('POST', '/v1/auth/approle/login', login)).text).to.contain('"a":"hvs.new","b":""');
      identity.publish(state('hvs.new', 'default', 2));
      const hit = await agent.send('POST', '/v1/auth/approle/login', login);
      expect([hit.headers['x-cache'], hit.text.includes('"a":"","b":"hvs.auto"')]).to.deep.equal(['HIT', true]);
    });

    it('stays where it is when no request uses it', async () => {
      const agent = await start({
        answer: (_call, response) => json(response, 200, lookup),
        identity: new IdentityFake('default', state('hvs.auto')),
        apiProxy: { useAutoAuthToken: 'never' },
      });
      expect(
        (await agent.send('GET', '/v1/auth/token/lookup-self', { headers: { 'X-Vault-Token': 'hvs.auto' } })).text,
      ).to.equal(lookup);
    });
  });

  describe('listeners', () => {
    const routes = (): ReturnType<typeof createAdminRoutes> =>
      createAdminRoutes({
        cache: undefined,
        metrics: { snapshot: () => [], naming: { prefix: 'vault' }, prometheus: false, clock: new VirtualClock() },
        status: { components: () => [], ready: () => true },
        shutdown: () => undefined,
      });

    it('with require_request_header refuse without it, control endpoints too, metrics not (L-10, D-24, D-75)', async () => {
      const agent = await start({
        answer: (_c, response) => json(response, 200, {}),
        listener: { requireRequestHeader: true },
        admin: routes(),
      });
      const without = await agent.send('GET', '/v1/secret/data/app');
      expect([without.status, without.text]).to.deep.equal([
        412,
        '{"errors":["missing \\"X-Vault-Request\\" header"]}\n',
      ]);
      expect((await agent.send('GET', '/v1/x', { headers: { 'X-Vault-Request': 'yes' } })).status).to.equal(412);
      expect((await agent.send('POST', '/agent/v1/cache-clear', { body: '{"type":"all"}' })).status).to.equal(412);
      expect((await agent.send('GET', '/agent/v1/metrics')).status).to.equal(200);
      expect(agent.calls.length).to.equal(0);
      expect((await agent.send('GET', '/v1/x', { headers: { 'X-Vault-Request': 'true' } })).status).to.equal(200);
    });

    it('leave the control endpoints open with open_control_endpoints', async () => {
      const agent = await start({
        answer: (_c, response) => json(response, 200, {}),
        listener: { requireRequestHeader: true },
        compat: { openControlEndpoints: true },
        admin: routes(),
      });
      expect((await agent.send('POST', '/agent/v1/cache-clear', { body: '{"type":"all"}' })).status).to.equal(200);
    });

    it('of role metrics_only know nothing else (L-12)', async () => {
      const agent = await start({
        answer: (_c, response) => json(response, 200, {}),
        listener: { role: 'metrics_only' },
        admin: routes(),
      });
      expect((await agent.send('GET', '/agent/v1/metrics')).status).to.equal(200);
      for (const path of ['/v1/x', '/agent/v1/cache-clear', '/agent/v1/quit', '/']) {
        const got = await agent.send('GET', path);
        expect([got.status, got.text, got.headers['content-type']]).to.deep.equal([
          404,
          '404 page not found\n',
          'text/plain; charset=utf-8',
        ]);
      }
      expect(agent.calls.length).to.equal(0);
    });

    it("have quit only where it is enabled (D-33), and forward the other product's paths (L-9)", async () => {
      const agent = await start({ answer: (_c, response) => json(response, 404, { errors: [] }), admin: routes() });
      expect((await agent.send('POST', '/agent/v1/quit')).status).to.equal(404);
      expect(agent.calls.length).to.equal(0);
      await agent.send('POST', '/proxy/v1/cache-clear', { body: '{}' });
      expect(agent.targets).to.deep.equal(['POST /proxy/v1/cache-clear']);
    });
  });

  it('never shows a token in its log', async () => {
    const agent = await start({ answer: leases(), identity: new IdentityFake('default', state('hvs.secretauto')) });
    await agent.send('GET', CREDS);
    await agent.send('GET', CREDS, { headers: { 'X-Vault-Token': 'hvs.secretown' } });
    agent.cache!.clear({ type: 'token', value: 'hvs.secretauto' });
    expect(agent.log.lines.length).to.be.greaterThan(5);
    expect(agent.log.leaks(['hvs.secretauto', 'hvs.secretown', 'db/creds/app/id1'])).to.deep.equal([]);
  });
});
