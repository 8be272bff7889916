// Several agents, one lease.
import { expect } from 'chai';
import { VirtualClock, settle } from '../../../../core/sdk/testing/index.js';
import { exchange } from '../fixture.js';
import { Agent } from './agent.js';
import { SharedMemory } from './shared-memory.js';

const HOUR = 3_600_000;

describe('sharing over a store (R-7)', () => {
  let clock: VirtualClock;
  let memory: SharedMemory;
  let one: Agent;
  let two: Agent;
  const agents: Agent[] = [];
  const agent = async (name: string, more = {}): Promise<Agent> => {
    const made = await new Agent(name, clock, memory, more).start();
    agents.push(made);
    return made;
  };

  beforeEach(async () => {
    clock = new VirtualClock();
    memory = new SharedMemory(clock);
    one = await agent('one', { expiresAt: clock.now() + 10 * HOUR });
    two = await agent('two', { expiresAt: clock.now() + 10 * HOUR });
  });
  afterEach(() => {
    for (const each of agents.splice(0)) each.dies();
  });

  it('R-7: two agents give one lease out, and only its owner renews it', async () => {
    expect([await one.asks('l/1'), await two.asks('l/2')]).to.deep.equal(['l/1', 'l/1']);
    await clock.advance(2 * HOUR);
    expect([one.holds(), two.holds(), two.calls]).to.deep.equal([true, true, []]);
    expect(one.calls.length).to.be.greaterThan(0);
    expect([one.states, two.states]).to.deep.equal([['renewing'], ['foreign']]);
  });

  it('R-7: who loses the race to issue adopts the lease of the winner and revokes its own', async () => {
    two.store.beforeSwap = async () => void (await one.asks('l/1'));
    expect(await two.asks('l/2')).to.equal('l/1');
    await settle();
    expect(two.calls.map((call) => call.split(' ')[0])).to.deep.equal(['sys/leases/revoke']);
    expect([one.calls, two.states]).to.deep.equal([[], ['foreign']]);
  });

  for (const [what, more] of [
    ['another entity', { entityId: 'e-2' }],
    ['other policies', { policies: ['default'] }],
    ['an unknown entity', { entityId: undefined }],
  ] as const) {
    it(`R-7: nothing is shared with ${what}`, async () => {
      const other = await agent('other', more);
      await one.asks('l/1');
      expect(await other.asks('l/3')).to.equal('l/3');
    });
  }

  it('R-7: the order of policies does not matter, the path does', async () => {
    const other = await agent('other', { policies: ['db', 'default'] });
    await one.asks('l/1');
    expect([await other.asks('l/3'), await other.asks('l/4', '/v1/db/creds/b')]).to.deep.equal(['l/1', 'l/4']);
  });

  it('R-7: when the owner is gone another takes over before the lease ends: its token first, then the lease', async () => {
    await one.asks('l/1');
    await two.asks('l/2');
    one.dies();
    await clock.advance(0.79 * HOUR);
    expect(two.calls).to.deep.equal([]);
    await clock.advance(0.05 * HOUR);
    expect(two.calls).to.deep.equal([`auth/token/renew-self ${one.token}`, `sys/leases/renew ${one.token}`]);
    expect([two.states, two.holds()]).to.deep.equal([['renewing'], true]);
    await clock.advance(HOUR);
    expect(two.holds()).to.equal(true);
  });

  it('R-7: of several that are left exactly one takes over', async () => {
    const three = await agent('three');
    await one.asks('l/1');
    await two.asks('l/2');
    await three.asks('l/3');
    one.dies();
    await clock.advance(0.9 * HOUR);
    expect([two.states[0], three.states[0]].sort()).to.deep.equal(['foreign', 'renewing']);
    expect(two.calls.length + three.calls.length).to.equal(2);
  });

  it("R-7: the owner's token that ends sooner than the lease moves the take-over forward", async () => {
    one.state = { ...one.state, expiresAt: clock.now() + HOUR / 2 };
    await one.asks('l/1');
    await two.asks('l/2');
    one.dies();
    await clock.advance(0.45 * HOUR);
    expect(two.calls[0]).to.equal(`auth/token/renew-self ${one.token}`);
  });

  it('R-7: a revocation through any agent reaches all, and is not undone by a late write of the owner', async () => {
    await one.asks('l/1');
    await two.asks('l/2');
    void two.revokes('l/1');
    await settle();
    expect([one.holds(), two.holds(), one.states, two.states]).to.deep.equal([false, false, [], []]);
    expect([await one.asks('l/4'), await two.asks('l/5')]).to.deep.equal(['l/4', 'l/4']);
  });

  it('R-7: the answer to a revocation waits until the others can know of it, for a second at most', async () => {
    await one.asks('l/1');
    let dig: (() => void) | undefined;
    one.store.beforeSwap = () => new Promise((resolve) => (dig = resolve));
    let answered = false;
    const answer = one.revokes('l/1')!.then(() => (answered = true));
    await settle();
    expect(answered).to.equal(false);
    dig!();
    await answer;
    await settle();
    expect(await two.asks('l/2')).to.equal('l/2');
    two.store.beforeSwap = () => new Promise(() => undefined);
    const bounded = two.revokes('l/2')!;
    await settle();
    await clock.advance(1000);
    await bounded;
  });

  it('R-7: the answer to a revocation waits for nothing when nothing was shared, or the store is away', async () => {
    expect(one.revokes('l/none')).to.equal(undefined);
    await one.asks('l/1');
    one.store.away = true;
    await clock.advance(30_000);
    expect(one.revokes('l/1')).to.equal(undefined);
  });

  it('R-7: a claim that may have been written while its lease was revoked is buried when the store is back (R-1)', async () => {
    const swap = one.store.swap.bind(one.store);
    one.store.swap = async (...given) => {
      await swap(...given);
      void one.revokes('l/1');
      throw new Error('timed out');
    };
    expect(await one.asks('l/1')).to.equal(undefined);
    one.store.swap = swap;
    await settle();
    await clock.advance(3_000);
    expect(await two.asks('l/2')).to.equal('l/2');
  });

  it('R-7: after a new login an agent puts a new lease in the place of its old one, for all (D-6)', async () => {
    await one.asks('l/1');
    await two.asks('l/2');
    one.logsInAnew('hvs.one-again-planted');
    expect(await one.asks('l/3')).to.equal('l/3');
    await settle();
    expect(await two.asks('l/4')).to.equal('l/3');
  });

  it('R-7: a claim of its own that an agent finds, but does not hold any more, is renewed by it: old token, then lease', async () => {
    await one.asks('l/1');
    one.logsInAnew('hvs.one-again-planted');
    // more removals than are remembered
    for (let turn = 0; turn < 1001; turn++) one.rig.cache.clear({ type: 'lease', value: 'l/none' });
    expect(await one.asks('l/2')).to.equal('l/1');
    await settle();
    expect(one.calls).to.deep.equal(['auth/token/renew-self hvs.one-planted', 'sys/leases/renew hvs.one-planted']);
    expect(one.states).to.deep.equal(['renewing']);
    await clock.advance(2 * HOUR);
    expect([one.holds(), await two.asks('l/3')]).to.deep.equal([true, 'l/1']);
  });

  it("R-7: the accessor of the owner's token means its leases at every agent", async () => {
    one.state = { ...one.state, accessor: 'accessor-one' };
    one.logsInAnew('hvs.one-again-planted');
    await one.asks('l/1');
    await two.asks('l/2');
    const body = JSON.stringify({ accessor: 'accessor-one' });
    two.rig.sends(exchange('POST', '/v1/auth/token/revoke-accessor', { token: 'hvs.root', body }), 204);
    await settle();
    expect([one.states, two.states]).to.deep.equal([[], []]);
  });

  it('R-7: an owner whose claim was overwritten with rubbish keeps its lease and writes the claim anew', async () => {
    await one.asks('l/1');
    const [key] = memory.records.keys();
    memory.records.set(key!, { value: Buffer.from('rubbish'), expiresAt: Infinity });
    one.store.tell({ news: 'changed', key: key! });
    await settle();
    expect([one.states, await two.asks('l/2')]).to.deep.equal([['renewing'], 'l/1']);
  });

  it('R-7: fence: an owner that was thought dead and wakes up is refused, and follows the new one', async () => {
    await one.asks('l/1');
    await two.asks('l/2');
    one.store.away = true;
    one.rig.vault.down('PUT', 'sys/leases/renew');
    await clock.advance(0.85 * HOUR);
    expect([one.states, two.states]).to.deep.equal([['suspect'], ['renewing']]);
    one.store.away = false;
    one.rig.vault.on('PUT', 'sys/leases/lookup', { status: 200, body: { data: { ttl: 3000 } } });
    await clock.advance(5000);
    expect(await one.asks('l/3')).to.equal('l/1');
    expect(one.states).to.deep.equal(['foreign']);
    await clock.advance(2 * HOUR);
    expect([one.states, two.states, one.holds()]).to.deep.equal([['foreign'], ['renewing'], true]);
  });

  it('R-7: a gap puts everything shared in doubt: a lookup comes before the next hit', async () => {
    await one.asks('l/1');
    await two.asks('l/2');
    expect([one.held(), two.held()]).to.deep.equal(['fresh', 'fresh']);
    const seen = new Promise((resolve) => two.rig.cache.onRemoved(() => resolve(two.held())));
    two.store.tell({ news: 'gap' });
    expect(await seen).to.equal('suspect');
    await settle();
    expect([one.held(), two.held()]).to.deep.equal(['fresh', 'suspect']);
    two.rig.vault.on('PUT', 'sys/leases/lookup', { status: 200, body: { data: { ttl: 3000 } } });
    expect([await two.asks('l/3'), two.calls.length]).to.deep.equal(['l/1', 1]);
  });

  it('R-7: silence beyond the bound does the same, is said once, and heals', async () => {
    await one.asks('l/1');
    await two.asks('l/2');
    two.store.away = true;
    await clock.advance(9000);
    expect(two.held()).to.equal('fresh');
    await clock.advance(30_000);
    expect([one.held(), two.held(), two.health.state]).to.deep.equal(['fresh', 'suspect', 'degraded']);
    expect(two.log.lines.filter(({ level }) => level === 'warn')).to.have.length(1);
    two.store.away = false;
    await clock.advance(2500);
    expect([two.held(), two.health.state]).to.deep.equal(['suspect', 'ok']);
    two.rig.vault.on('PUT', 'sys/leases/lookup', { status: 200, body: { data: { ttl: 3000 } } });
    expect([await two.asks('l/3'), two.calls.length]).to.deep.equal(['l/1', 1]);
    await clock.advance(60_000);
    expect(two.held()).to.equal('fresh');
  });

  it('R-7: while the store is away an agent issues for itself, and shares it when the store is back', async () => {
    one.store.away = true;
    await clock.advance(11_000);
    expect(await one.asks('l/1')).to.equal('l/1');
    one.store.away = false;
    await clock.advance(2500);
    expect(await two.asks('l/2')).to.equal('l/1');
  });

  it('R-7: a revocation while the store is away is told when it is back', async () => {
    await one.asks('l/1');
    await two.asks('l/2');
    one.store.away = true;
    void one.revokes('l/1');
    await settle();
    expect(two.holds()).to.equal(true);
    one.store.away = false;
    await clock.advance(2500);
    expect(two.states).to.deep.equal([]);
  });

  it('R-7: a store that lost everything is filled again by the owners', async () => {
    await one.asks('l/1');
    memory.records.clear();
    one.store.tell({ news: 'gap' });
    await clock.advance(1);
    expect(await two.asks('l/2')).to.equal('l/1');
  });

  it('R-7: bytes that cannot be opened are nobody\u2019s and never an error', async () => {
    await one.asks('l/1');
    for (const [key, record] of memory.records) memory.records.set(key, { ...record, value: Buffer.from('rubbish') });
    expect(await two.asks('l/2')).to.equal('l/2');
  });

  it('R-7: nothing in the store shows a token, a lease, a password or a path', async () => {
    await one.asks('l/planted-lease');
    await clock.advance(HOUR);
    expect(memory.records.size).to.equal(1);
    expect(memory.text()).to.not.match(/planted|password|creds|hvs|e-1/);
    expect([one, two].map(({ log, health }) => log.text() + health.text()).join()).to.not.contain('planted');
  });

  it('leaves no timer behind', async () => {
    await one.asks('l/1');
    await two.asks('l/2');
    for (const each of [one, two]) each.dies();
    await settle();
    expect(clock.pending).to.equal(0);
  });
});
