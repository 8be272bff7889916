import { expect } from 'chai';
import type { SharedAnswers, SharedRecord } from '../../../core/cache/shared-answers.js';
import { settle } from '../../../core/sdk/testing/index.js';
import { CacheRig, authAnswer, exchange, leaseAnswer, reply, tokenState } from './fixture.js';

const RENEW = 'sys/leases/renew';

describe('sharing with other agents (R-7)', () => {
  let rig: CacheRig;
  let other: SharedRecord;
  let shared: { seek: SharedAnswers['seek']; offer: SharedAnswers['offer']; asked: string[] };
  const creds = (name = 'a', token = 'hvs.auto', identity: string | undefined = 'default') =>
    exchange('GET', `/v1/db/creds/${name}`, { token, identity });
  const start = (): void => {
    shared = { seek: () => undefined, offer: () => Promise.resolve(undefined), asked: [] };
    rig = new CacheRig({
      shared: {
        seek: (request, key) => (shared.asked.push(key), shared.seek(request, key)),
        offer: (entry, request) => shared.offer(entry, request),
      },
    });
    rig.cache.adopt(tokenState('hvs.auto'));
  };
  beforeEach(() => {
    const owner = new CacheRig();
    owner.cache.adopt(tokenState('hvs.other'));
    owner.cache.follow({
      added: (entry) => void (other = { ...owner.cache.record(entry), parentExpiresAt: owner.clock.now() + 7_200_000 }),
      changed: () => undefined,
      removed: () => undefined,
    });
    owner.store(creds('a', 'hvs.other'), leaseAnswer('db/creds/a/other', 3600));
    owner.cache.stop();
    start();
  });
  afterEach(() => rig.cache.stop());

  it('a miss of an identity asks once for equal requests, adopts the answer and never renews it', async () => {
    shared.seek = async () => other;
    await Promise.all([rig.seek(creds()), rig.seek(creds())]);
    expect(shared.asked).to.deep.equal([rig.cache.keyOf(creds())]);
    expect(rig.hit(creds()).lease_id).to.equal('db/creds/a/other');
    expect([...rig.cache.entries()].map(({ state, why }) => [state, why])).to.deep.equal([['foreign', 'shared']]);
    await rig.clock.advance(3_590_000);
    expect([rig.vault.calls.length, rig.holds(creds())]).to.deep.equal([0, true]);
    await rig.clock.advance(10_000);
    expect(rig.cache.size).to.equal(0);
  });

  it('R-1: what was revoked through this agent before is not taken from another, whoever had it', async () => {
    const key = rig.cache.keyOf(creds())!;
    const body = '{"lease_id":"db/creds/a/other"}';
    rig.sends(exchange('PUT', '/v1/sys/leases/revoke', { token: 'hvs.x', body }), 204);
    await rig.clock.advance(60_000);
    expect(rig.cache.adoptForeign(other, key)).to.equal(undefined);
    expect(rig.cache.adoptForeign({ ...other, id: 'next', lease: 'db/creds/a/next' }, key)?.phase).to.equal('foreign');
  });

  it('R-1: what was proven before this agent started is looked up first: an earlier run may have revoked it and died', async () => {
    other = { ...other, confirmedAt: rig.clock.now() - 1 };
    shared.seek = async () => other;
    rig.vault.on('PUT', 'sys/leases/lookup', { status: 400, body: { errors: ['invalid lease'] } });
    await rig.seek(creds());
    expect([rig.held(creds()), rig.vault.calls.length]).to.deep.equal([undefined, 1]);
    other = { ...other, confirmedAt: rig.clock.now() };
    await rig.seek(creds());
    expect([rig.held(creds()), rig.vault.calls.length]).to.deep.equal(['fresh', 1]);
  });

  it('R-11: what was issued before a prefix was revoked through this agent is not taken, what was issued later is', async () => {
    const key = rig.cache.keyOf(creds())!;
    await rig.clock.advance(60_000);
    rig.sends(exchange('PUT', '/v1/sys/leases/revoke-prefix/db/creds', { token: 'hvs.x', body: '' }), 204);
    expect(rig.cache.adoptForeign(other, key)).to.equal(undefined);
    await rig.clock.advance(60_000);
    expect(rig.cache.adoptForeign({ ...other, storedAt: rig.clock.now() }, key)?.phase).to.equal('foreign');
  });

  it('R-13: an answer of another agent is as fresh as its last proof: older than revalidate_after, it is looked up first', async () => {
    rig.cache.stop();
    rig = new CacheRig({
      revalidateAfterMs: 300_000,
      shared: { seek: async () => other, offer: async () => undefined },
    });
    rig.cache.adopt(tokenState('hvs.auto'));
    await rig.clock.advance(250_000);
    other = { ...other, confirmedAt: rig.clock.now() - 200_000 };
    await rig.seek(creds());
    expect(rig.held(creds())).to.equal('fresh');
    await rig.clock.advance(100_000);
    expect(rig.held(creds())).to.equal('suspect');
    rig.cache.clear({ type: 'all' });
    await rig.clock.advance(6_000);
    other = {
      ...other,
      id: 'old',
      lease: 'db/creds/a/old',
      storedAt: rig.clock.now(),
      confirmedAt: rig.clock.now() - 300_000,
    };
    rig.vault.on('PUT', 'sys/leases/lookup', { status: 200, body: { data: { ttl: 0 } } });
    await rig.seek(creds());
    expect([rig.held(creds()), rig.vault.calls.map(({ path }) => path)]).to.deep.equal([
      undefined,
      ['sys/leases/lookup'],
    ]);
  });

  it('R-7: when the answer of the winner may not be given out any more, the own one stands', async () => {
    const dying = { ...other, expiresAt: rig.clock.now() + 1 };
    shared.offer = async () => dying;
    rig.cache.suspectAll(() => true);
    const stored = rig.cache.remember(creds(), reply(leaseAnswer('db/creds/a/mine', 3600)), rig.cache.epoch);
    await rig.clock.advance(1);
    expect(await stored).to.equal('stored-lease');
    expect(rig.hit(creds()).lease_id).to.equal('db/creds/a/mine');
  });

  it("a client's own token asks nobody", async () => {
    expect(await rig.seek(exchange('GET', '/v1/db/creds/a', { token: 'hvs.auto' }))).to.equal(false);
    expect(shared.asked).to.deep.equal([]);
  });

  it('what was revoked while it was asked for is not kept (R-1)', async () => {
    let give: ((record: SharedRecord) => void) | undefined;
    shared.seek = () => new Promise((resolve) => (give = resolve));
    const seeking = rig.seek(creds());
    const body = '{"lease_id":"db/creds/a/other"}';
    rig.sends(exchange('PUT', '/v1/sys/leases/revoke', { token: 'hvs.x', body }), 204);
    give!(other);
    await seeking;
    expect(rig.cache.size).to.equal(0);
  });

  it('our answer is offered before anybody gets it, and stands when nobody else was faster', async () => {
    let decide: (() => void) | undefined;
    shared.offer = () => new Promise((resolve) => (decide = () => resolve(undefined)));
    const request = { ...creds(), cacheKey: rig.cache.keyOf(creds()) };
    const code = rig.cache.remember(request, reply(leaseAnswer('db/creds/a/ours')), rig.cache.epoch) as Promise<string>;
    expect(rig.holds(creds())).to.equal(false);
    decide!();
    expect(await code).to.equal('stored-lease');
    expect(rig.hit(creds()).lease_id).to.equal('db/creds/a/ours');
  });

  it("who loses the race adopts the winner's lease and revokes its own", async () => {
    shared.offer = async () => other;
    const request = { ...creds(), cacheKey: rig.cache.keyOf(creds()) };
    expect(await rig.cache.remember(request, reply(leaseAnswer('db/creds/a/ours')), rig.cache.epoch)).to.equal(
      'shared-lost',
    );
    expect([rig.hit(creds()).lease_id, rig.cache.size]).to.deep.equal(['db/creds/a/other', 1]);
    await settle();
    expect(rig.vault.calls.map(({ path, call }) => [path, call.body, call.token?.reveal()])).to.deep.equal([
      ['sys/leases/revoke', { lease_id: 'db/creds/a/ours' }, 'hvs.auto'],
    ]);
  });

  it('what was revoked while it was offered is not given out as stored (R-1)', async () => {
    let decide: (() => void) | undefined;
    shared.offer = () => new Promise((resolve) => (decide = () => resolve(undefined)));
    const request = { ...creds(), cacheKey: rig.cache.keyOf(creds()) };
    const code = rig.cache.remember(request, reply(leaseAnswer('db/creds/a/ours')), rig.cache.epoch);
    rig.cache.clear({ type: 'all' });
    decide!();
    expect([await code, rig.holds(creds())]).to.deep.equal(['raced', false]);
  });

  it('a store that fails changes nothing', async () => {
    shared.seek = () => Promise.reject(new Error('away'));
    shared.offer = () => Promise.reject(new Error('away'));
    await rig.seek(creds());
    const request = { ...creds(), cacheKey: rig.cache.keyOf(creds()) };
    expect(await rig.cache.remember(request, reply(leaseAnswer('db/creds/a/ours')), rig.cache.epoch)).to.equal(
      'stored-lease',
    );
  });

  it('the owner died: the parent token is renewed first, then the lease', async () => {
    const entry = rig.cache.adoptForeign(other, rig.cache.keyOf(creds())!)!;
    rig.vault
      .on('PUT', 'auth/token/renew-self', { status: 200, body: authAnswer('hvs.other', { lease_duration: 7200 }) })
      .on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 3600) });
    rig.cache.takeOver(entry);
    rig.cache.takeOver(entry);
    await settle();
    expect(rig.vault.calls.map(({ path, call }) => [path, call.token?.reveal()])).to.deep.equal([
      ['auth/token/renew-self', 'hvs.other'],
      [RENEW, 'hvs.other'],
    ]);
    expect([...rig.cache.entries()][0]!.state).to.equal('renewing');
    await rig.clock.advance(2_700_000);
    expect(rig.vault.calls.length).to.equal(3);
  });

  it('keepers hear of a foreign entry when it is taken over and when it is removed, with the token of its owner', async () => {
    const heard: string[] = [];
    rig.cache.follow({
      added: (entry) => void heard.push('added', JSON.stringify(rig.cache.record(entry).parent)),
      changed: () => void heard.push('changed'),
      removed: (_, why) => void heard.push(why),
    });
    const entry = rig.cache.adoptForeign(other, rig.cache.keyOf(creds())!)!;
    rig.cache.updateForeign(entry.id, { expiresAt: other.expiresAt });
    expect([heard, rig.cache.parentExpiresAt(entry)]).to.deep.equal([[], other.parentExpiresAt]);
    rig.cache.takeOver(entry);
    expect(heard).to.deep.equal(['added', '{"on":"identity","identity":"","token":"hvs.other"}']);
    const record = rig.cache.record(entry);
    rig.cache.clear({ type: 'all' });
    expect(heard.at(-1)).to.equal('cleared');
    expect(rig.cache.restore([record])).to.equal(0);
  });

  it('nothing is served after the end of the parent token, and the token is forgotten with its last lease', async () => {
    const key = rig.cache.keyOf(creds())!;
    rig.cache.adoptForeign({ ...other, parentExpiresAt: rig.clock.now() + 10_000 }, key);
    await rig.clock.advance(8_999);
    expect(rig.holds(creds())).to.equal(true);
    await rig.clock.advance(1_002);
    expect([rig.holds(creds()), rig.cache.size]).to.deep.equal([false, 0]);
    expect(rig.cache.adoptForeign({ ...other, expiresAt: 1 }, key)).to.equal(undefined);
    expect(rig.clock.pending).to.equal(0);
  });

  it('news of the owner move the end; what it lost is evicted; a gap makes entries suspect', async () => {
    const entry = rig.cache.adoptForeign(other, rig.cache.keyOf(creds())!)!;
    rig.cache.updateForeign(entry.id, { expiresAt: rig.clock.now() + 7_200_000, renewals: 3 });
    rig.cache.updateForeign('unknown', { expiresAt: 1 });
    expect([rig.hit(creds()).lease_duration, [...rig.cache.entries()][0]!.renewals]).to.deep.equal([7200, 3]);
    const told: number[] = [];
    rig.cache.onRemoved((sources) => told.push(sources.size));
    expect(rig.cache.suspectAll(({ phase }) => phase === 'foreign')).to.equal(1);
    expect([rig.held(creds()), told]).to.deep.equal(['suspect', [1]]);
    rig.vault.on('PUT', 'sys/leases/lookup', { status: 200, body: { data: { ttl: 500 } } });
    await rig.seek(creds());
    expect([rig.hit(creds()).lease_duration, [...rig.cache.entries()][0]!.state]).to.deep.equal([499, 'foreign']);
    const { epoch } = rig.cache;
    expect([rig.cache.evictShared(entry.id), rig.cache.evictShared(entry.id), rig.cache.size]).to.deep.equal([
      true,
      false,
      0,
    ]);
    expect(
      rig.store(exchange('GET', '/v1/db/creds/a', { token: 'hvs.auto' }), leaseAnswer('db/creds/a/other'), epoch),
    ).to.equal('raced');
  });

  it('the same record again updates the entry and serves one more key', () => {
    const first = rig.cache.adoptForeign(other, 'k1');
    const again = rig.cache.adoptForeign({ ...other, expiresAt: other.expiresAt + 1000 }, 'k2');
    expect([again === first, first!.keys, first!.life!.expiresAt - other.expiresAt]).to.deep.equal([
      true,
      ['k1', 'k2'],
      1000,
    ]);
  });

  it('a new token of our identity does not take what hangs on the token of another agent (D-6)', () => {
    rig.cache.adoptForeign(other, rig.cache.keyOf(creds('a', 'hvs.new'))!);
    rig.cache.adopt(tokenState('hvs.new', { sequence: 2 }));
    expect(rig.holds(creds('a', 'hvs.new'))).to.equal(true);
  });
});

describe('a secret that reached nobody (R-9, D-30)', () => {
  let rig: CacheRig;
  beforeEach(() => (rig = new CacheRig({ namespace: '' })));
  const sent = () =>
    rig.vault.calls.map(({ method, path, call }) => [method, path, call.token?.reveal(), call.body, call.namespace]);

  it('is revoked: a lease with the token of its request in its namespace, a token with itself', async () => {
    rig.cache.abandon(exchange('GET', '/v1/ns1/db/creds/a', { token: 'hvs.t' }), reply(leaseAnswer('db/creds/a/1')));
    rig.cache.abandon(exchange('POST', '/v1/auth/approle/login'), reply(authAnswer('hvs.new')));
    await settle();
    expect(sent()).to.deep.equal([
      ['PUT', 'sys/leases/revoke', 'hvs.t', { lease_id: 'db/creds/a/1' }, 'ns1/'],
      ['POST', 'auth/token/revoke-self', 'hvs.new', undefined, ''],
    ]);
    expect(rig.log.leaks(['hvs.t', 'hvs.new', 'db/creds/a/1'])).to.deep.equal([]);
  });

  it('is not revoked when the cache holds it, when there is none, or when it is a batch token', async () => {
    rig.cache.adopt(tokenState('hvs.auto'));
    const read = exchange('GET', '/v1/db/creds/a', { token: 'hvs.auto' });
    rig.store(read, leaseAnswer('db/creds/a/1'));
    rig.cache.abandon(read, reply(leaseAnswer('db/creds/a/1')));
    rig.cache.abandon(read, reply({ data: {} }));
    rig.cache.abandon(read, reply(leaseAnswer('db/creds/a/2'), { status: 500 }));
    rig.cache.abandon(read, reply(authAnswer('hvb.x', { token_type: 'batch' })));
    await settle();
    expect(sent()).to.deep.equal([]);
    rig.cache.stop();
  });

  it('a server that is away or refuses costs nothing', async () => {
    rig.vault.down('PUT', 'sys/leases/revoke');
    rig.cache.abandon(exchange('GET', '/v1/db/creds/a', { token: 'hvs.t' }), reply(leaseAnswer('db/creds/a/1')));
    await settle();
    expect(rig.log.lines.some(({ message }) => message.includes('could not revoke'))).to.equal(true);
  });
});

it('an answer waits for the journal where the client has to wait (sync = "always")', async () => {
  let written: (() => void) | undefined;
  const rig = new CacheRig({ settled: () => new Promise((resolve) => (written = resolve)) });
  rig.cache.adopt(tokenState('hvs.auto'));
  const request = exchange('GET', '/v1/db/creds/a', { token: 'hvs.auto' });
  const code = rig.cache.remember(request, reply(leaseAnswer('db/creds/a/1')), rig.cache.epoch);
  expect(code).to.be.instanceOf(Promise);
  written!();
  expect(await code).to.equal('stored-lease');
  rig.cache.stop();
});
