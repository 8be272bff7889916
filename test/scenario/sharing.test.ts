// Several whole agents behind one server, sharing through a real Redis.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { hasRedisServer } from '../../plugins/cache-store/redis/harness-server.js';
import type { Answer, Question } from './client.js';
import { OPEN_POLICY } from './rig.js';
import { CREDS, onStage, type SharingAgent } from './sharing-stage.js';

interface Held {
  readonly lease: string;
  readonly accessor: string;
}

const RENEW = /^(auth\/token\/renew-self|sys\/leases\/renew)$/;
const has = hasRedisServer();

(has ? describe : describe.skip)(
  `scenario: agents that share leases${has ? '' : ' (no redis-server is installed)'}`,
  function () {
    this.timeout(20_000);

    it('R-7: two agents give one lease out', () =>
      onStage(async (stage) => {
        const [a, b] = [await stage.agent('a'), await stage.agent('b')];
        const first = await a.get();
        const [lease] = await stage.leases();
        expect(first).to.equal(`MISS ${String(lease)}`);
        expect([await b.get(), await a.get(), await b.get()]).to.deep.equal(Array(3).fill(`HIT ${String(lease)}`));
        expect(await stage.leases()).to.have.lengthOf(1);
        expect([await a.states(), await b.states()]).to.deep.equal([['renewing'], ['foreign']]);
      }));

    it('R-7: of 20 requests at once on both exactly one lease is left, and nobody got a dead one', () =>
      onStage(async (stage) => {
        const [a, b] = [await stage.agent('a'), await stage.agent('b')];
        const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? a : b).get()));
        await stage.pass(10);
        const [lease, ...more] = await stage.leases();
        expect(more).to.deep.equal([]);
        expect([...new Set(answers.map((answer) => answer.split(' ')[1]))]).to.deep.equal([lease]);
        const issued = stage.calls(/^aws\/creds\/app$/).length;
        expect(issued, 'one of each agent at most').to.be.within(1, 2);
        expect(stage.calls(/^sys\/leases\/revoke$/)).to.have.lengthOf(issued - 1);
      }));

    it('R-7: the owner renews once a period, the others never; when it is gone another renews its token and then the lease', () =>
      onStage(async (stage) => {
        const [a, b] = [await stage.agent('a'), await stage.agent('b')];
        const first = await a.get();
        const lease = first.replace('MISS ', '');
        expect(await b.get()).to.equal(`HIT ${lease}`);
        await stage.pass(180_000);
        const renewals = stage.calls(RENEW);
        expect(new Set(renewals).size, 'one owner').to.equal(1);
        expect(renewals.length).to.be.within(3, 5);
        expect([await a.get(), await b.get()]).to.deep.equal([`HIT ${lease}`, `HIT ${lease}`]);
        await a.stop();
        stage.rig.server.requests.clear();
        for (let second = 0; second < 120; second += 5) {
          await stage.pass(5_000);
          expect(await b.get(), `after ${String(second)} s`).to.equal(`HIT ${lease}`);
        }
        const [owner] = renewals.map((call) => call.split(' ')[1]);
        expect(stage.calls(RENEW).slice(0, 2)).to.deep.equal([
          `auth/token/renew-self ${String(owner)}`,
          `sys/leases/renew ${String(owner)}`,
        ]);
        expect(await stage.leases()).to.deep.equal([lease]);
      }));

    const revocations: readonly [string, (on: Held) => Question & { path: string }][] = [
      ['by lease', ({ lease }) => ({ path: 'sys/leases/revoke', method: 'PUT', body: { lease_id: lease } })],
      ['by prefix', () => ({ path: 'sys/leases/revoke-prefix/aws/creds', method: 'PUT' })],
      [
        "by the accessor of its agent's token",
        ({ accessor }) => ({ path: 'auth/token/revoke-accessor', method: 'POST', body: { accessor } }),
      ],
    ];
    for (const [how, request] of revocations)
      it(`R-7: a revocation ${how} through one agent is a MISS at once at the other`, () =>
        onStage(async (stage) => {
          const [a, b] = [await stage.agent('a'), await stage.agent('b')];
          const lease = (await a.get()).replace('MISS ', '');
          expect(await b.get()).to.equal(`HIT ${lease}`);
          const accessor = stage.calls(/^aws/)[0]!.split(' ')[1]!;
          const { path, ...question } = request({ lease, accessor });
          const root = { 'X-Vault-Token': stage.rig.rootToken };
          expect((await b.ask(`/v1/${path}`, { ...question, headers: root })).status).to.be.oneOf([200, 202, 204]);
          const held = async (): Promise<number> => [...(await a.states()), ...(await b.states())].length;
          await stage.passUntil('the news', async () => (await held()) === 0, 1);
          const next = await stage.getPassing(a);
          expect(next).to.match(/^MISS aws/);
          expect(next).not.to.contain(lease);
          const [, own] = (await b.get()).split(' ');
          expect(await stage.leases())
            .to.include(own)
            .and.to.include(next.split(' ')[1]);
        }));

    it('R-7: what a client gets with a token of its own is not shared, and nothing of it with another agent', () =>
      onStage(async (stage) => {
        const [a, b] = [await stage.agent('a'), await stage.agent('b')];
        const made = await stage.rig.admin('POST', 'auth/token/create', { policies: ['app'], ttl: '5m' });
        const headers = { 'X-Vault-Token': made.auth.client_token as string };
        const answers = [await a.get(CREDS, { headers }), await b.get(CREDS, { headers })];
        expect(answers.every((answer) => answer.startsWith('MISS'))).to.equal(true);
        const child = { method: 'POST', body: { ttl: '5m' } };
        const login = (agent: SharingAgent): Promise<Answer> =>
          agent.ask('/v1/auth/token/create', { ...child, headers });
        const tokens = [await login(a), await login(b)].map(({ json }) => json.auth.client_token as string);
        expect(tokens[0]).not.to.equal(tokens[1]);
      }));

    it('R-7: nothing is shared with other policies or another entity', () =>
      onStage(async (stage) => {
        const a = await stage.agent('a');
        await a.get();
        await stage.rig.admin('POST', 'sys/policies/acl/more', { policy: OPEN_POLICY });
        await stage.rig.admin('POST', 'auth/approle/role/app', { token_policies: ['app', 'more'] });
        const b = await stage.agent('b');
        expect(await b.get()).to.match(/^MISS/);
        await stage.rig.admin('POST', 'auth/approle/role/app', { token_policies: ['app'] });
        const { roleIdFile, secretIdFile } = await stage.rig.approle('app2', { token_policies: ['app'] });
        stage.rig.write('app.role-id', readFileSync(roleIdFile, 'utf8'));
        stage.rig.write('app.secret-id', readFileSync(secretIdFile, 'utf8'));
        const c = await stage.agent('c');
        expect(await c.get()).to.match(/^MISS/);
        expect(await stage.leases()).to.have.lengthOf(3);
        expect(await b.get()).to.match(/^HIT/);
      }));

    it('R-7: the same path of two namespaces is two answers, each of them shared', () =>
      onStage(async (stage) => {
        const { rig } = stage;
        const headers = { 'X-Vault-Namespace': 'team' };
        await rig.admin('POST', 'sys/namespaces/team', {});
        for (const [path, body] of [
          ['sys/mounts/aws', { type: 'aws' }],
          ['aws/config/root', { access_key: 'AKIADEV', secret_key: 'dev', region: 'us-east-1' }],
          ['aws/roles/app', { credential_type: 'iam_user', policy_document: '{}' }],
        ] as const)
          await rig.server.call('POST', path, { headers, body });
        const policy = `${OPEN_POLICY}\npath "team/aws/*" { capabilities = ["read"] }`;
        await rig.admin('POST', 'sys/policies/acl/app', { policy });
        const [a, b] = [await stage.agent('a'), await stage.agent('b')];
        const [root, team] = [await a.get(), await a.get(CREDS, { headers })];
        expect([root, team]).to.satisfy((all: string[]) => all.every((one) => one.startsWith('MISS')));
        expect([await b.get(), await b.get(CREDS, { headers })]).to.deep.equal(
          [root, team].map((one) => one.replace('MISS', 'HIT')),
        );
        expect(root).not.to.equal(team);
      }));

    it('R-7: an answer that is too old for its path is fetched once for all agents', () =>
      onStage(async (stage) => {
        const cache = 'path "aws/*" {\n    max_age = "20s"\n  }';
        const [a, b] = [await stage.agent('a', { cache }), await stage.agent('b', { cache })];
        const old = (await a.get()).replace('MISS ', '');
        expect(await b.get()).to.equal(`HIT ${old}`);
        await stage.pass(21_000);
        const fresh = (await b.get()).replace('MISS ', '');
        expect(fresh).not.to.equal(old);
        await stage.pass(10);
        expect([await a.get(), await b.get()]).to.deep.equal([`HIT ${fresh}`, `HIT ${fresh}`]);
        await stage.pass(60_000);
        expect(await stage.leases(), 'the old one is not renewed').to.not.include(old);
        expect(await stage.leases()).to.include(fresh);
      }));

    it('R-7: an agent that starts while Redis is away serves, and shares when it is there', () =>
      onStage(async (stage) => {
        await stage.redis.kill();
        const a = await stage.agent('a', { waits: true });
        expect(await a.get()).to.match(/^MISS/);
        expect(await a.get()).to.match(/^HIT/);
        await stage.restart();
        await stage.ready(a);
        const shared = (await a.get('/v1/database/creds/app')).replace('MISS ', '');
        await stage.passUntil('the claim', async () => (await stage.dump()).includes('@x/'));
        const b = await stage.agent('b');
        await stage.ready(b);
        expect(await b.get('/v1/database/creds/app')).to.equal(`HIT ${shared}`);
      }));

    it('R-7: a Redis that comes back empty is filled again; meanwhile memory is enough up to share_bound, then a lookup', () =>
      onStage(async (stage) => {
        const [a, b] = [await stage.agent('a'), await stage.agent('b')];
        const lease = (await a.get()).replace('MISS ', '');
        await b.get();
        await stage.redis.kill();
        await stage.pass(5_000);
        const { requests } = stage.rig.server;
        requests.clear();
        expect([await a.get(), await b.get()]).to.deep.equal([`HIT ${lease}`, `HIT ${lease}`]);
        expect(requests.all, 'from memory').to.deep.equal([]);
        await stage.pass(10_000);
        expect([await a.get(), await b.get()]).to.deep.equal([`HIT ${lease}`, `HIT ${lease}`]);
        expect(stage.calls(/^sys\/leases\/lookup$/)).to.have.lengthOf(2);
        await stage.pass(20_000);
        for (const agent of [a, b]) {
          expect(agent.lines.filter((line) => line.includes('the shared store is away'))).to.have.lengthOf(1);
          expect(agent.lines.filter((line) => line.includes('redis is away'))).to.have.lengthOf(1);
          const ready = await agent.ask('/agent/v1/readyz?verbose');
          expect(ready.text).to.contain('[-]cache_sharing degraded CACHE_STORE_UNAVAILABLE');
          expect(ready.status).to.equal(200);
          expect((await agent.ask('/agent/v1/health')).text).to.contain('CACHE_STORE_UNAVAILABLE');
        }
        await stage.restart();
        await stage.pass(15_000);
        for (const agent of [a, b]) {
          expect(agent.lines.filter((line) => line.includes('the shared store is back'))).to.have.lengthOf(1);
          expect((await agent.ask('/agent/v1/readyz?verbose')).text).to.not.contain('[-]');
        }
        const c = await stage.agent('c');
        expect(await c.get()).to.equal(`HIT ${lease}`);
        expect(await stage.leases()).to.deep.equal([lease]);
      }));

    it('R-7: a revocation while Redis is away is told when it comes back with its old data; nobody gets the dead lease', () =>
      onStage(
        async (stage) => {
          const [a, b] = [await stage.agent('a'), await stage.agent('b')];
          const lease = (await a.get()).replace('MISS ', '');
          await b.get();
          await stage.redis.kill();
          await stage.pass(11_000);
          const body = { lease_id: lease };
          expect((await b.ask('/v1/sys/leases/revoke', { method: 'PUT', body })).status).to.equal(204);
          expect(await a.get(), 'looked up').to.match(/^MISS/);
          await stage.restart();
          expect(await stage.dump()).to.contain('{team}:d:@x/');
          await stage.pass(15_000);
          const c = await stage.agent('c');
          const answers = [await c.get(), await b.get(), await a.get()];
          expect(answers.join(' ')).not.to.contain(lease);
          const living = await stage.leases();
          for (const answer of answers) expect(living).to.include(answer.split(' ')[1]);
        },
        ['--appendonly', 'yes', '--appendfsync', 'always'],
      ));

    it('R-7: a slow Redis is waited for; one that is too slow or mute costs no request', () =>
      onStage(async (stage) => {
        const persist = 'command_timeout = "300ms"\n connect_timeout = "300ms"';
        const [a, b] = [await stage.agent('a'), await stage.agent('b', { persist })];
        b.relay.manner = { delayMs: 40 };
        const lease = (await a.get()).replace('MISS ', '');
        expect(await b.get()).to.equal(`HIT ${lease}`);
        for (const manner of ['mute', { delayMs: 1_000 }] as const) {
          b.relay.manner = manner;
          const path = `/v1/database/creds/app`;
          expect(await b.get(path)).to.match(/^MISS/);
          expect(await b.get(path)).to.match(/^HIT/);
          expect(await b.get()).to.equal(`HIT ${lease}`);
          b.relay.manner = 'passes';
          await stage.passUntil('the end of the outage', async () =>
            (await b.ask('/agent/v1/readyz?verbose')).text.includes('[+]cache_sharing'),
          );
          const body = { lease_id: (await b.get(path)).split(' ')[1] };
          await b.ask('/v1/sys/leases/revoke', { method: 'PUT', body });
        }
        expect(await a.get()).to.equal(`HIT ${lease}`);
        expect(await stage.leases()).to.deep.equal([lease]);
      }));

    it('R-7: an agent that is started again finds the shared lease, and its own private one in its own records', () =>
      onStage(async (stage) => {
        const [a, b] = [await stage.agent('a'), await stage.agent('b')];
        const shared = (await a.get()).replace('MISS ', '');
        const headers = await stage.login(a);
        const own = (await a.get(CREDS, { headers })).replace('MISS ', '');
        expect(await b.get()).to.equal(`HIT ${shared}`);
        await stage.pass(1_000);
        await a.stop();
        stage.rig.server.requests.clear();
        const again = await stage.agent('a');
        expect(stage.calls(/login/)).to.deep.equal([]);
        expect([await again.get(), await again.get(CREDS, { headers })]).to.deep.equal([`HIT ${shared}`, `HIT ${own}`]);
        expect((await stage.leases()).sort()).to.deep.equal([own, shared].sort());
      }));

    it('R-7: cache-clear all at one agent forgets the shared answers for all, and no private ones of another', () =>
      onStage(async (stage) => {
        const [a, b] = [await stage.agent('a'), await stage.agent('b')];
        const headers = await stage.login(b);
        const own = (await b.get(CREDS, { headers })).replace('MISS ', '');
        const shared = (await b.get('/v1/database/creds/app')).replace('MISS ', '');
        expect(await a.get('/v1/database/creds/app')).to.equal(`HIT ${shared}`);
        const cleared = await a.ask('/agent/v1/cache-clear', { method: 'POST', body: { type: 'all' } });
        expect(cleared.status).to.equal(200);
        await stage.passUntil('the news', async () => (await b.states()).length === 2, 1);
        expect(await b.get('/v1/database/creds/app')).to.match(/^MISS/);
        expect(await b.get(CREDS, { headers })).to.equal(`HIT ${own}`);
        await b.stop();
        const again = await stage.agent('b');
        expect(await again.get(CREDS, { headers })).to.equal(`HIT ${own}`);
      }));

    it('R-7: all that lies in Redis is sealed, and no log line has the password of its URL', () =>
      onStage(async (stage) => {
        const [a, b] = [await stage.agent('a'), await stage.agent('b')];
        const answers = [await a.ask(CREDS), await b.ask('/v1/database/creds/app')];
        await b.get(CREDS, { headers: await stage.login(b) });
        await stage.pass(1_000);
        const dump = await stage.dump();
        expect(dump).to.contain('{team}:d:@x/').and.to.contain('{team}:d:a/').and.to.contain('{team}:d:b/');
        const secrets = [
          ...answers.flatMap(({ json }) => [json.lease_id, ...Object.values(json.data as object)]),
          ...stage.rig.server.world.tokens.all().flatMap(({ id, accessor }) => [id, accessor]),
        ].filter((secret): secret is string => typeof secret === 'string' && secret.length >= 8);
        expect(secrets).to.have.lengthOf.at.least(8);
        for (const secret of secrets) expect(dump.includes(secret), secret).to.equal(false);
        await stage.redis.kill();
        await stage.pass(11_000);
        expect([...a.lines, ...b.lines].join('\n')).not.to.contain('planted-redis-password');
      }));

    it('R-7: an agent with the name of another says so, and neither harms the other', () =>
      onStage(async (stage) => {
        const a = await stage.agent('a');
        const lease = (await a.get()).replace('MISS ', '');
        const twin = await stage.agent('a', { waits: true });
        expect(twin.lines.join('\n')).to.contain('CACHE_STORE_LOCKED');
        expect((await twin.ask('/agent/v1/readyz?verbose')).text).to.contain('CACHE_STORE_LOCKED');
        expect(await twin.get()).to.match(/^MISS/);
        expect(await a.get()).to.equal(`HIT ${lease}`);
        await a.stop();
        await stage.pass(60_000);
        expect((await twin.ask('/agent/v1/readyz?verbose')).text).to.not.contain('CACHE_STORE_LOCKED');
      }));
  },
);
