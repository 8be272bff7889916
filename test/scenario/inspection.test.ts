// What a running agent tells of its caches: the list, the command line. No secret is in any of it.
import { expect } from 'chai';
import { CACHE_REASONS } from '../../core/contracts/reasons.js';
import type { Question } from './client.js';
import { collect, plant, spellingsOf } from './collector.js';
import { LISTENER, onRig, type AppRole, type Rig, type RunningAgent } from './rig.js';
import { until } from './until.js';

const POLICY = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }';
const PROXY = 'api_proxy {\n  use_auto_auth_token = true\n}\n';
const CACHE = 'cache {\n  static_secrets {\n  }\n}\n';

interface Entry {
  readonly id: string;
  readonly kind: string;
  readonly path: string;
  readonly namespace: string;
  readonly state: string;
  readonly why: string;
  readonly parent: string;
  readonly children: number;
  readonly keys: number;
  readonly renewals: number;
  readonly bytes: number;
  readonly age_seconds: number;
  readonly remaining_seconds: number | null;
  readonly next_in_seconds: number | null;
}
interface Listed {
  readonly entries: readonly Entry[];
  readonly matched: number;
  readonly size: number;
}

const sorted = (texts: readonly string[]): string[] => [...texts].sort();
const kinds = ({ entries }: Listed): string[] => sorted(entries.map(({ kind }) => kind));

const PASSWORD = plant('a static secret', 'the-static-password');

interface Filled {
  readonly lease: string;
  readonly token: string;
  /** What no inspection may show. */
  readonly secrets: readonly string[];
}

/** Fills a cache with one of each kind: a lease of the agent, a client's login with a lease below it, a static secret. */
async function fill(rig: Rig, agent: RunningAgent, question: Question = {}): Promise<Filled> {
  await rig.admin('POST', 'secret/data/app', { data: { password: PASSWORD } });
  const { headers = {} } = question;
  const own = await agent.ask('/v1/aws/creds/app', question);
  const body = { policies: ['app'], ttl: '1h' };
  const child = (await agent.ask('/v1/auth/token/create', { method: 'POST', body, headers })).json.auth;
  const token = child.client_token as string;
  const below = await agent.ask('/v1/aws/creds/app', { headers: { ...headers, 'X-Vault-Token': token } });
  await until(
    'the static secret',
    async () => (await agent.ask('/v1/secret/data/app', question)).headers['x-cache'] === 'HIT',
  );
  const lease = own.json.lease_id as string;
  const secrets = [PASSWORD, token, child.accessor as string];
  for (const { json } of [own, below])
    secrets.push(json.data.secret_key as string, (json.lease_id as string).split('/').at(-1)!);
  return { lease, token, secrets };
}

const start = async (rig: Rig, serve: string): Promise<{ agent: RunningAgent; role: AppRole }> => {
  await rig.engines('5m', '1h');
  const role = await rig.approle('app', { policy: POLICY });
  const agent = await rig.agent(`auto_auth {\n${role.method}}\n${PROXY}${CACHE}${serve}`);
  return { agent, role };
};

describe('scenario: inspection', function () {
  this.timeout(30_000);

  it('lists what is held: kind, path, state, ages, relations; by kind, path, namespace, id and with a limit', () =>
    onRig({}, async (rig) => {
      const { agent } = await start(rig, LISTENER);
      await fill(rig, agent);
      const list = async (query = ''): Promise<Listed> => (await agent.ask(`/agent/v1/cache${query}`)).json as Listed;
      const all = await list();
      expect([kinds(all), all.matched, all.size]).to.deep.equal([['lease', 'lease', 'static', 'token'], 4, 4]);
      const token = all.entries.find(({ kind }) => kind === 'token')!;
      const below = all.entries.find(({ parent }) => parent === token.id)!;
      expect([below.kind, below.path, below.why, below.state]).to.deep.equal([
        'lease',
        '/v1/aws/creds/app',
        'stored-lease',
        'renewing',
      ]);
      expect([token.path, token.parent, token.children]).to.deep.equal([
        '/v1/auth/token/create',
        'identity default',
        1,
      ]);
      for (const entry of all.entries) {
        expect(entry.bytes).to.be.greaterThan(100);
        expect(entry.age_seconds).to.be.within(0, 30);
        expect(entry.remaining_seconds).to.be.within(1, 3600);
      }
      expect(kinds(await list('?kind=lease'))).to.deep.equal(['lease', 'lease']);
      expect(kinds(await list('?path=secret/data'))).to.deep.equal(['static']);
      expect(kinds(await list('?path=/v1/auth/'))).to.deep.equal(['token']);
      expect(kinds(await list(`?id=${below.id}`))).to.deep.equal(['lease']);
      expect([kinds(await list('?namespace=team')), kinds(await list('?namespace=root')).length]).to.deep.equal([
        [],
        4,
      ]);
      const few = await list('?limit=1');
      expect([few.entries.length, few.matched]).to.deep.equal([1, 4]);
      const bad = [await agent.ask('/agent/v1/cache?kind=x'), await agent.ask('/agent/v1/cache?limit=-1')];
      expect(bad.map(({ status }) => status)).to.deep.equal([400, 400]);
      expect((await agent.ask('/agent/v1/cache', { method: 'DELETE' })).status).to.equal(405);
    }));

  it('holds no secret, in no answer and under no spelling: tokens, accessors, lease ids, passwords', () =>
    onRig({}, async (rig) => {
      const { agent } = await start(rig, LISTENER);
      const { token, secrets } = await fill(rig, agent);
      const all = [...secrets, ...[...rig.server.world.tokens.all()].flatMap(({ id, accessor }) => [id, accessor])];
      const said: string[] = [];
      for (const query of [
        'cache',
        'cache/explain?path=aws/creds/app',
        'cache/explain?path=secret/data/app',
        'metrics',
        'health',
      ]) {
        const { text, status } = await agent.ask(`/agent/v1/${query}`, { headers: { 'X-Vault-Token': token } });
        expect(status).to.equal(200);
        collect(query, text);
        said.push(text);
      }
      expect(said.join('').length).to.be.greaterThan(1000);
      const text = said.join('');
      expect(all.filter((secret) => secret.length >= 8)).to.have.lengthOf.greaterThan(6);
      expect(
        all.filter((secret) => secret.length >= 8 && spellingsOf(secret).some((form) => text.includes(form))),
      ).to.deep.equal([]);
    }));

  it('logs at every level without tokens and ids of leases (D-39)', () =>
    onRig({}, async (rig) => {
      const { agent } = await start(rig, LISTENER);
      const { lease, token, secrets } = await fill(rig, agent);
      await agent.ask('/v1/aws/creds/app', { headers: { 'X-Vault-Token': token, 'Cache-Control': 'no-store' } });
      await agent.ask('/v1/sys/leases/renew', { method: 'PUT', body: { lease_id: lease } });
      await agent.ask(`/v1/sys/leases/revoke/${lease}`, { method: 'PUT' });
      await agent.ask('/agent/v1/cache-clear', { method: 'POST', body: { type: 'token', value: token } });
      await agent.ask('/v1/auth/token/revoke', { method: 'PUT', body: { token } });
      await agent.stop();
      const text = agent.lines.join('');
      expect(text).to.match(/storing response into the cache/);
      expect(secrets.filter((secret) => spellingsOf(secret).some((form) => text.includes(form)))).to.deep.equal([]);
    }));

  it('metrics have the names that the agents and proxies of the reference emit, with gauges for what is held (D-45)', () =>
    onRig({}, async (rig) => {
      const { agent } = await start(rig, LISTENER);
      await fill(rig, agent);
      const json = (await agent.ask('/agent/v1/metrics')).json as Record<
        'Counters' | 'Gauges',
        readonly { Name: string; Value?: number }[]
      >;
      const names = [...json.Counters, ...json.Gauges].map(({ Name }) =>
        Name.replace(/^vault\.(?:[^.]+\.)?(?=agent\.)/, ''),
      );
      expect(names).to.include.members([
        'agent.proxy.success',
        'agent.cache.hit',
        'agent.cache.miss',
        'agent.authenticated',
      ]);
      const held = json.Gauges.find(({ Name }) => Name.endsWith('agent.cache.entries'));
      expect(held?.Value).to.equal(3);
    }));

  it('stands behind the request header where a listener asks for it, and is open with compat (D-24, D-25)', async () => {
    const guarded = LISTENER.replace('tls_disable', 'require_request_header = true\n  tls_disable');
    for (const [compat, expected] of [
      ['', 412],
      ['compat {\n  open_control_endpoints = true\n}\n', 200],
    ] as const) {
      await onRig({}, async (rig) => {
        const { agent } = await start(rig, `${guarded}${compat}`);
        for (const path of ['cache', 'cache/explain?path=secret/data/app'])
          expect((await agent.ask(`/agent/v1/${path}`)).status).to.equal(expected);
        expect((await agent.ask('/agent/v1/cache', { headers: { 'X-Vault-Request': 'true' } })).status).to.equal(200);
        expect((await agent.ask('/agent/v1/metrics')).status).to.equal(200);
      });
    }
  });

  it('explain tells the last reason besides its own judgement, and asks nothing of the server', () =>
    onRig({}, async (rig) => {
      const { agent } = await start(rig, LISTENER);
      await fill(rig, agent);
      await agent.ask('/v1/secret/data/absent');
      const before = rig.server.requests.all.length;
      const explain = async (query: string): Promise<Record<string, unknown>> =>
        (await agent.ask(`/agent/v1/cache/explain?${query}`)).json as Record<string, unknown>;
      const held = await explain('path=aws/creds/app');
      expect([held.verdict, held.token, held.last_reason]).to.deep.equal(['hit', 'identity default', 'stored-lease']);
      const absent = await explain('path=/v1/secret/data/absent');
      expect([absent.verdict, absent.last_reason, absent.last_meaning]).to.deep.equal([
        'miss',
        'status',
        CACHE_REASONS.status,
      ]);
      const never = await explain('path=sys/mounts');
      expect([never.verdict, never.last_reason]).to.deep.equal(['bypass', undefined]);
      expect(rig.server.requests.all).to.have.lengthOf(before);
    }));

  for (const kind of ['tcp', 'unix'] as const) {
    it(`the command line lists, shows, explains and clears over ${kind}, with exit codes and JSON`, () =>
      onRig({}, async (rig) => {
        const serve =
          kind === 'tcp'
            ? LISTENER
            : `listener "unix" {\n  address = "${rig.path('agent.sock')}"\n  tls_disable = true\n  require_request_header = true\n}\n`;
        const { agent } = await start(rig, serve);
        const guard = kind === 'tcp' ? {} : { headers: { 'X-Vault-Request': 'true' } };
        const { lease, token } = await fill(rig, agent, guard);
        const run = async (...args: string[]): Promise<{ code: number | null; out: string; err: string }> => {
          const running = rig.command(['cache', ...args, `-address=${agent.url}`]);
          const code = await running.code();
          return { code, out: running.out, err: running.err };
        };
        const listed = await run('list');
        expect([listed.code, listed.err]).to.deep.equal([0, '']);
        expect(listed.out)
          .to.match(/^ID +KIND +STATE/)
          .and.match(/\/v1\/secret\/data\/app/)
          .and.match(/\n4 of 100000 entries/);
        const json = JSON.parse((await run('list', '-format=json', '-kind=token')).out) as Listed;
        expect(kinds(json)).to.deep.equal(['token']);
        const [entry] = json.entries;
        const shown = await run('show', entry!.id);
        expect([shown.code, shown.out.includes('/v1/auth/token/create')]).to.deep.equal([0, true]);
        expect((await run('show', 'no-such-id')).code).to.equal(1);
        const explained = await run('explain', 'aws/creds/app');
        expect([explained.code, /\nhit: It would be answered from the cache/.test(explained.out)]).to.deep.equal([
          0,
          true,
        ]);
        const cleared = await run('clear', '-type=lease', `-value=${lease}`);
        expect([cleared.code, cleared.out]).to.deep.equal([0, 'cleared\n']);
        expect((await run('list', '-kind=lease')).out).to.match(/\/v1\/aws\/creds\/app/);
        const refused = await run('clear', '-type=token', `-value=${token}`);
        expect([refused.code, refused.err.includes(token)], 'a token is no argument').to.deep.equal([1, false]);
        expect((await run('clear', '-type=all', '-format=json')).out).to.equal('{}\n');
        expect((await run('list')).out).to.match(/^0 of/);
        expect((await run('explain', 'aws/creds/app')).out)
          .to.match(/\nmiss: /)
          .and.match(/last time: stored-lease/);
        expect(agent.agent.status().every(({ state }) => state === 'ok')).to.equal(true);
      }));
  }

  it('the command line says where nobody listens, with exit code 1', () =>
    onRig({}, async (rig) => {
      const tap = await rig.tap();
      await tap.close();
      const running = rig.command(['cache', 'list', `-address=${tap.url}`]);
      expect(await running.code()).to.equal(1);
      expect(running.err)
        .to.match(/UPSTREAM_UNREACHABLE/)
        .and.match(/is the agent running there/);
      expect(running.out).to.equal('');
    }));
});
