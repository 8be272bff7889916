// Leases held by the cache are renewed in time, served until their end and gone after it. One virtual clock for agent and server.
import { expect } from 'chai';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { LISTENER, onRig, SERVE, type Rig, type RunningAgent } from './rig.js';

const RENEW = 'sys/leases/renew';

const onVirtualRig = (
  scenario: (rig: Rig, agent: RunningAgent) => Promise<void>,
  lease = '60s',
  leaseMax = '150s',
): Promise<void> =>
  onRig({ clock: new VirtualClock() }, async (rig) => {
    await rig.engines(lease, leaseMax);
    const { method } = await rig.approle('app');
    const agent = await rig.agent(`auto_auth {\n${method}}\n${SERVE}`);
    await rig.pass(10);
    await scenario(rig, agent);
  });

const renewalTimes = (rig: Rig): number[] =>
  rig.server.requests.all.filter(({ path, status }) => path === RENEW && status === 200).map(({ atMs }) => atMs);

describe('scenario: renewals', function () {
  this.timeout(20_000);

  it('renews a lease at about two thirds of its life, again and again, and serves hits with Age and what remains (D-4, D-54)', () =>
    onVirtualRig(async (rig, agent) => {
      const issued = rig.clock.now();
      const first = await agent.ask('/v1/database/creds/app');
      await rig.pass(30_000);
      const hit = await agent.ask('/v1/database/creds/app');
      expect([first.headers['x-cache'], hit.headers['x-cache'], hit.headers.age]).to.deep.equal(['MISS', 'HIT', '30']);
      expect([first.json.lease_duration, hit.json.lease_duration]).to.deep.equal([60, 30]);
      expect(hit.json.data).to.deep.equal(first.json.data);
      await rig.pass(15_000);
      expect(renewalTimes(rig)).to.have.lengthOf(1);
      expect(renewalTimes(rig)[0]! - issued).to.be.within(42_000, 44_100);
      const renewed = await agent.ask('/v1/database/creds/app');
      expect(renewed.json.lease_duration, 'the renewed life').to.be.within(57, 59);
      expect(renewed.json.lease_id).to.equal(first.json.lease_id);
    }));

  it('fetches a lease in use anew before its maximum: each second a HIT, never of a lease that has ended', () =>
    onVirtualRig(async (rig, agent) => {
      const first = await agent.ask('/v1/aws/creds/app');
      const served = new Set<string>();
      for (let second = 0; second < 200; second++) {
        await rig.pass(1_000);
        const hit = await agent.ask('/v1/aws/creds/app');
        expect(hit.headers['x-cache'], `second ${String(second)}`).to.equal('HIT');
        expect(hit.json.lease_duration, 'nothing dead is served').to.be.greaterThan(0);
        expect(await leaseLives(rig, hit.json.lease_id as string), `second ${String(second)}`).to.equal(true);
        served.add(hit.json.lease_id as string);
      }
      expect(served.size).to.equal(2);
      expect(await leaseLives(rig, first.json.lease_id as string)).to.equal(false);
      expect(rig.server.requests.count('GET', 'aws/creds/app')).to.equal(2);
    }));

  it('evicts a lease that nobody uses at its maximum: a MISS with new credentials, and the old ones no longer exist', () =>
    onVirtualRig(async (rig, agent) => {
      const first = await agent.ask('/v1/aws/creds/app');
      await rig.pass(149_500);
      expect(rig.server.requests.count('GET', 'aws/creds/app')).to.equal(1);
      const next = await agent.ask('/v1/aws/creds/app');
      expect([next.headers['x-cache'], next.json.lease_id === first.json.lease_id]).to.deep.equal(['MISS', false]);
      await rig.pass(1_000);
      expect(await leaseLives(rig, first.json.lease_id as string)).to.equal(false);
    }));

  it('keeps a lease over a failed renewal and tries again before the end (R8)', () =>
    onVirtualRig(async (rig, agent) => {
      const first = await agent.ask('/v1/aws/creds/app');
      rig.server.inject({
        trouble: { kind: 'fail', status: 500, errors: ['internal error'] },
        when: ({ path }) => path === RENEW,
      });
      await rig.pass(57_000);
      expect(rig.server.requests.count('PUT', RENEW)).to.be.greaterThan(1);
      expect(renewalTimes(rig)).to.have.lengthOf.at.least(1);
      const hit = await agent.ask('/v1/aws/creds/app');
      expect([hit.headers['x-cache'], hit.json.lease_id]).to.deep.equal(['HIT', first.json.lease_id]);
    }));

  it('evicts a lease that the server no longer knows when the renewal says so', () =>
    onVirtualRig(async (rig, agent) => {
      const first = await agent.ask('/v1/aws/creds/app');
      await rig.admin('PUT', 'sys/leases/revoke', { lease_id: first.json.lease_id, sync: true });
      await rig.pass(45_000);
      const next = await agent.ask('/v1/aws/creds/app');
      expect([next.headers['x-cache'], next.json.lease_id === first.json.lease_id]).to.deep.equal(['MISS', false]);
    }));

  it('never caches the answer of a renewal by a client: each one reaches the server, and the expiry moves (D-1)', () =>
    onVirtualRig(async (rig, agent) => {
      const { lease_id } = (await agent.ask('/v1/aws/creds/app')).json;
      for (let count = 1; count <= 3; count++) {
        await rig.pass(10_000);
        const renewal = await agent.ask('/v1/sys/leases/renew', { method: 'PUT', body: { lease_id, increment: 100 } });
        expect([renewal.status, renewal.headers['x-cache']]).to.deep.equal([200, 'MISS']);
        expect(rig.server.requests.count('PUT', RENEW)).to.equal(count);
      }
      const hit = await agent.ask('/v1/aws/creds/app');
      expect([hit.headers['x-cache'], hit.json.lease_duration]).to.deep.equal(['HIT', 100]);
    }));

  it('renews the token that a client got through the agent, and drops its leases when the client revokes it (D-10)', () =>
    onVirtualRig(
      async (rig, agent) => {
        const child = (await agent.ask('/v1/auth/token/create', { method: 'POST', body: { ttl: '40s' } })).json.auth;
        const headers = { 'X-Vault-Token': child.client_token as string };
        const first = await agent.ask('/v1/aws/creds/app', { headers });
        await rig.pass(120_000);
        expect(
          (await rig.admin('POST', 'auth/token/lookup', { token: child.client_token })).data.ttl,
        ).to.be.greaterThan(0);
        const hit = await agent.ask('/v1/aws/creds/app', { headers });
        expect([hit.headers['x-cache'], hit.json.lease_id]).to.deep.equal(['HIT', first.json.lease_id]);
        const revoked = await agent.ask('/v1/auth/token/revoke-self', { method: 'POST', headers });
        expect(revoked.status).to.equal(204);
        const after = await agent.ask('/v1/aws/creds/app', { headers });
        expect(after.status).to.equal(403);
      },
      '90s',
      '600s',
    ));

  it('renews nothing and stores nothing without a cache block', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.engines('60s', '150s');
      const { method } = await rig.approle('app');
      const agent = await rig.agent(
        `auto_auth {\n${method}}\napi_proxy {\n  use_auto_auth_token = true\n}\n${LISTENER}`,
      );
      await rig.pass(10);
      const answers = [await agent.ask('/v1/aws/creds/app'), await agent.ask('/v1/aws/creds/app')];
      await rig.pass(60_000);
      expect(rig.server.requests.count('GET', 'aws/creds/app')).to.equal(2);
      expect(rig.server.requests.count('PUT', RENEW)).to.equal(0);
      expect(answers.map(({ headers }) => headers['x-cache'])).to.not.include('HIT');
    }));
});

async function leaseLives(rig: Rig, lease: string): Promise<boolean> {
  const answer = await rig.server.call('PUT', 'sys/leases/lookup', { body: { lease_id: lease } });
  return answer.status === 200 && (answer.body as { data: { ttl: number } }).data.ttl > 0;
}
