// The token of the agent expires, reaches its maximum or is revoked while applications read and write (issue 3, done when 4). One virtual clock for
// agent and server; every write is counted twice: as a request, and as a version of the secret.
import { expect } from 'chai';
import { startDevServer } from '../../core/dev-server/start.js';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { plant } from './collector.js';
import { fileSink, onRig, OPEN_POLICY, SERVE, type Rig, type RoleSettings, type RunningAgent } from './rig.js';

const LOGIN = 'auth/approle/login';
const RENEWAL = 'auth/token/renew-self';

interface Work {
  readonly refused: number;
  readonly applied: number;
}

// One read and one write per virtual second, and no read fails. A write that was refused was not applied; the application writes it again in the next
// second. What is refused waits for the new login first, so time passes.
async function readAndWrite(rig: Rig, agent: RunningAgent, seconds: number): Promise<Work> {
  let [refused, applied] = [0, 0];
  for (let second = 0; second < seconds; second++) {
    const question = { method: 'POST', body: { data: { second } } };
    const write = await rig.passUntil(agent.ask('/v1/secret/data/journal', question));
    const read = await rig.passUntil(agent.ask('/v1/secret/data/journal'));
    if (write.status === 200) applied += 1;
    else refused += 1;
    expect(write.status).to.be.oneOf([200, 403]);
    expect(read.status).to.be.oneOf([200, 404]);
    await rig.pass(1_000);
  }
  return { refused, applied };
}

const versionOf = async (rig: Rig): Promise<number> =>
  (await rig.admin('GET', 'secret/data/journal')).data.metadata.version as number;

const written = (rig: Rig): number =>
  rig.server.requests.all.filter(
    ({ method, path, status }) => method === 'POST' && path === 'secret/data/journal' && status === 200,
  ).length;

async function start(rig: Rig, role: RoleSettings): Promise<RunningAgent> {
  const { method } = await rig.approle('app', role);
  const agent = await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`);
  await rig.pass(10);
  await rig.file('token');
  return agent;
}

async function exactlyOnce(rig: Rig, work: Work): Promise<void> {
  expect(await versionOf(rig), 'versions of the secret').to.equal(work.applied);
  expect(written(rig), 'writes that the server did').to.equal(work.applied);
}

const onVirtualRig = (scenario: (rig: Rig) => Promise<void>): Promise<void> =>
  onRig({ clock: new VirtualClock() }, scenario);

describe('scenario: the life of the token', function () {
  this.timeout(30_000);

  it('renews at about two thirds of the life (R7, D-77), logs in anew before the maximum, and no request notices', () =>
    onVirtualRig(async (rig) => {
      const agent = await start(rig, { token_ttl: '30s', token_max_ttl: '60s' });
      const work = await readAndWrite(rig, agent, 150);
      const { all } = rig.server.requests;
      const renewals = all.filter(({ path }) => path === RENEWAL);
      const logins = all.filter(({ path }) => path === LOGIN);
      expect(renewals[0]!.atMs - logins[0]!.atMs).to.be.within(21_000, 22_100);
      expect(logins.length).to.be.within(3, 5);
      expect(work).to.deep.equal({ refused: 0, applied: 150 });
      await exactlyOnce(rig, work);
      expect(new Set(all.filter(({ method }) => method === 'POST').map(({ accessor }) => accessor)).size).to.equal(
        logins.length,
      );
    }));

  it('replaces a batch token, which cannot be renewed, at about 70 % of its life (R7)', () =>
    onVirtualRig(async (rig) => {
      const agent = await start(rig, { token_ttl: '60s', token_max_ttl: '60s', token_type: 'batch' });
      const work = await readAndWrite(rig, agent, 100);
      const logins = rig.server.requests.all.filter(({ path }) => path === LOGIN);
      expect(logins).to.have.lengthOf(3);
      expect(logins[1]!.atMs - logins[0]!.atMs).to.be.within(42_000, 45_100);
      expect(rig.server.requests.count('PUT', RENEWAL)).to.equal(0);
      await exactlyOnce(rig, work);
      expect(work.refused).to.equal(0);
    }));

  it('logs in anew at the first refusal after an administrator revoked the token: that write is refused once and not applied, no read fails (R-6)', () =>
    onVirtualRig(async (rig) => {
      const agent = await start(rig, { token_ttl: '20s', token_max_ttl: '1h' });
      const before = await readAndWrite(rig, agent, 5);
      const first = rig.read('token');
      await rig.admin('POST', 'auth/token/revoke', { token: first });
      const during = await readAndWrite(rig, agent, 15);
      const after = await readAndWrite(rig, agent, 10);
      expect(before.refused).to.equal(0);
      expect(during).to.deep.equal({ refused: 1, applied: 14 });
      expect(after).to.deep.equal({ refused: 0, applied: 10 });
      expect(rig.server.requests.count('PUT', LOGIN)).to.equal(2);
      expect(rig.read('token'), 'the sink has the new token').to.not.equal(first);
      await exactlyOnce(rig, { refused: 0, applied: before.applied + during.applied + after.applied });
    }));

  it('logs in anew at once when a client revoked the token of the agent through it, and issues anew (D-15)', () =>
    onVirtualRig(async (rig) => {
      await rig.engines('10m', '1h');
      const agent = await start(rig, { token_ttl: '10m', token_max_ttl: '1h' });
      const old = await agent.ask('/v1/aws/creds/app');
      await rig.pass(15_000);
      expect((await agent.ask('/v1/auth/token/revoke-self', { method: 'PUT' })).status).to.equal(204);
      await rig.pass(3_000);
      const next = await agent.ask('/v1/aws/creds/app');
      expect([next.status, next.headers['x-cache']]).to.deep.equal([200, 'MISS']);
      expect(next.json.lease_id).to.not.equal(old.json.lease_id);
      expect(rig.server.requests.count('PUT', LOGIN)).to.equal(2);
      expect(agent.lines.join('')).to.match(/agent\.auth\.handler: invalid token found, re-authenticating/);
    }));

  it('serves no lease of a token that ended while nobody could log in anew, whatever its seconds say (corrections)', () =>
    onVirtualRig(async (rig) => {
      await rig.engines('1h', '2h');
      const agent = await start(rig, { token_ttl: '30s', token_max_ttl: '30s' });
      expect((await agent.ask('/v1/aws/creds/app')).status).to.equal(200);
      expect((await agent.ask('/v1/aws/creds/app')).headers['x-cache']).to.equal('HIT');
      const up = await rig.server.down();
      await rig.pass(31_000);
      const ended = await rig.passUntil(agent.ask('/v1/aws/creds/app'));
      expect([ended.status, ended.headers['retry-after'], ended.headers['x-cache']]).to.deep.equal([
        503,
        '1',
        undefined,
      ]);
      await up();
    }));

  it('evicts the leases of a revoked token: nothing of it is served afterwards (D-8)', () =>
    onVirtualRig(async (rig) => {
      await rig.engines('10m', '1h');
      const agent = await start(rig, { token_ttl: '20s', token_max_ttl: '1h' });
      const old = await agent.ask('/v1/aws/creds/app');
      await rig.admin('POST', 'auth/token/revoke', { token: rig.read('token') });
      await rig.pass(20_000);
      const next = await agent.ask('/v1/aws/creds/app');
      expect([next.status, next.headers['x-cache']]).to.deep.equal([200, 'MISS']);
      expect(next.json.lease_id).to.not.equal(old.json.lease_id);
    }));

  it('survives an outage that outlasts the token: logs in when the server is back, without a restart', () =>
    onVirtualRig(async (rig) => {
      const agent = await start(rig, { token_ttl: '30s', token_max_ttl: '1h' });
      const before = await readAndWrite(rig, agent, 3);
      const up = await rig.server.down();
      await rig.pass(120_000);
      const dead = await rig.passUntil(agent.ask('/v1/secret/data/journal'));
      expect([dead.status, dead.headers['retry-after']]).to.deep.equal([503, '1']);
      expect(agent.agent.status().find(({ id }) => id === 'auto_auth.default')?.state).to.equal('degraded');
      await up();
      await rig.pass(301_000);
      const after = await readAndWrite(rig, agent, 5);
      expect(after).to.deep.equal({ refused: 0, applied: 5 });
      expect(agent.agent.status().find(({ id }) => id === 'auto_auth.default')?.state).to.equal('ok');
      expect(agent.lines.join('')).to.match(/\[ERROR\] agent\.auth\.handler: error authenticating: .*error=.*backoff=/);
      await exactlyOnce(rig, { refused: 0, applied: before.applied + 5 });
    }));

  it('logs in to a server that came back without any memory, on the same port', () =>
    onVirtualRig(async (rig) => {
      const { method } = await rig.approle('app', { token_ttl: '60s' });
      const port = Number(new URL(rig.url).port);
      const ids = { role_id: rig.read('app.role-id'), secret_id: rig.read('app.secret-id') };
      const agent = await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`);
      await rig.pass(10);
      const first = await rig.file('token');
      await rig.server.close();
      const second = await startDevServer({ listenAddress: `127.0.0.1:${String(port)}`, clock: rig.clock });
      try {
        const admin = (path: string, body: unknown) => second.server.call('POST', path, { body });
        await admin('sys/auth/approle', { type: 'approle' });
        await admin('sys/policies/acl/app', { policy: OPEN_POLICY });
        await admin('auth/approle/role/app', { token_policies: ['app'], token_ttl: '60s' });
        await admin('auth/approle/role/app/role-id', { role_id: ids.role_id });
        await admin('auth/approle/role/app/custom-secret-id', { secret_id: ids.secret_id });
        expect((await rig.passUntil(agent.ask('/v1/secret/data/journal'))).status).to.equal(404);
        expect(plant('a token', await rig.file('token'))).to.not.equal(first);
        await agent.stop();
      } finally {
        await second.close();
      }
    }));

  it('comes back later when the server asks for it with Retry-After, and does not count that as a refusal', () =>
    onVirtualRig(async (rig) => {
      const trouble = { kind: 'fail', status: 503, errors: ['busy'], headers: { 'Retry-After': '40' } } as const;
      rig.server.inject({ trouble, when: ({ path }) => path === LOGIN });
      const { method } = await rig.approle('app');
      await rig.agent(`auto_auth {\n${method}}\n${SERVE}`);
      await rig.pass(60_000);
      const times = rig.server.requests.all.filter(({ path }) => path === LOGIN).map(({ atMs }) => atMs);
      expect(times).to.have.lengthOf(2);
      expect(times[1]! - times[0]!).to.be.within(40_000, 46_000);
    }));

  it('makes no storm of logins of tokens that live two seconds (R9)', () =>
    onVirtualRig(async (rig) => {
      await start(rig, { token_ttl: '2s', token_max_ttl: '2s' });
      await rig.pass(60_000);
      expect(rig.server.requests.count('PUT', LOGIN)).to.be.within(3, 15);
    }));

  it('backs off after failed logins within the bounds: from 1 s doubling to 5 min, 75 to 100 % each', () =>
    onVirtualRig(async (rig) => {
      const { method } = await rig.approle('app');
      const trouble = { kind: 'fail', status: 500, errors: ['no database'] } as const;
      rig.server.inject({ trouble, times: 1_000, when: ({ path }) => path === LOGIN });
      await rig.agent(`auto_auth {\n${method}}\n${SERVE}`);
      await rig.pass(900_000);
      const times = rig.server.requests.all.filter(({ path }) => path === LOGIN).map(({ atMs }) => atMs);
      const waits = times.slice(1).map((at, index) => at - times[index]!);
      expect(waits[0]).to.be.within(750, 1_010);
      expect(Math.max(...waits)).to.be.within(225_000, 300_010);
      waits
        .slice(1)
        .forEach((wait, index) =>
          expect(wait).to.be.within(1.4 * waits[index]! < 225_000 ? 1.4 * waits[index]! : 225_000, 300_010),
        );
    }));
});
