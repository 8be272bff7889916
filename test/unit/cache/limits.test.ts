import { expect } from 'chai';
import type { Exchange } from '../../../core/contracts/exchange.js';
import { Pacing } from '../../../core/cache/pacing.js';
import { Room } from '../../../core/cache/room.js';
import { Shares } from '../../../core/cache/shares.js';
import { CacheRig, authAnswer, exchange, leaseAnswer, tokenState } from './fixture.js';

describe('limits of the cache', () => {
  let rig: CacheRig;
  const start = (more: ConstructorParameters<typeof CacheRig>[0]): void => {
    rig = new CacheRig(more);
    rig.cache.adopt(tokenState('hvs.auto'));
  };
  afterEach(() => rig.cache.stop());
  const read = (name: string, token = 'hvs.auto', identity?: string): Exchange =>
    exchange('GET', '/v1/db/creds/a', { token, query: name, identity });
  const storeLease = (name: string, token?: string, identity?: string): string =>
    rig.store(read(name, token, identity), leaseAnswer(`db/creds/a/${name}`));
  const metric = (name: string): object[] =>
    rig.metrics.snapshot().flatMap((row) => (row.name === name ? [{ ...row.labels, value: row.value }] : []));

  it('a lease that is refused admission is passed through, never renewed in secret, and counted (D-20)', async () => {
    start({ room: new Room({ maxEntries: 2, maxBytes: 0 }) });
    expect(['1', '2', '3'].map((name) => storeLease(name))).to.deep.equal(['stored-lease', 'stored-lease', 'full']);
    rig.vault.on('PUT', 'sys/leases/renew', { status: 200, body: leaseAnswer('x') });
    await rig.clock.advance(3_000_000);
    const renewed = rig.vault.calls.map(({ call }) => (call.body as { lease_id: string }).lease_id).sort();
    expect(renewed).to.deep.equal(['db/creds/a/1', 'db/creds/a/2']);
    expect([rig.cache.size, rig.holds(read('1')), rig.holds(read('3'))]).to.deep.equal([2, true, false]);
    expect(metric('agent.cache.refused')).to.deep.equal([{ reason: 'full', value: 1 }]);
    expect(rig.cache.clear({ type: 'all' })).to.equal(2);
    expect(storeLease('3')).to.equal('stored-lease');
  });

  it('bytes count, are shown, and are given back (D-20)', () => {
    const room = new Room({ maxEntries: 0, maxBytes: 1800 });
    start({ room });
    expect(['1', '2', '3'].map((name) => storeLease(name))).to.deep.equal(['stored-lease', 'stored-lease', 'full']);
    expect(metric('agent.cache.bytes')).to.deep.equal([{ value: room.bytes }]);
    expect([...rig.cache.entries()].reduce((sum, { bytes }) => sum + bytes, 0)).to.equal(room.bytes);
    rig.cache.clear({ type: 'all' });
    expect([room.bytes, room.entries]).to.deep.equal([0, 0]);
  });

  it('one client token has its share of the room, child tokens count for it, identities have none (R-14)', () => {
    start({ room: new Room({ maxEntries: 8, maxBytes: 0 }), maxSharePerToken: 50 });
    rig.store(exchange('POST', '/v1/auth/approle/login', { body: 'l' }), authAnswer('hvs.l'));
    const child = exchange('POST', '/v1/auth/token/create', { token: 'hvs.l' });
    expect(rig.store(child, authAnswer('hvs.child', { orphan: false }))).to.equal('stored-token');
    const codes = ['1', '2', '3', '4'].map((name) => storeLease(name, Number(name) % 2 === 0 ? 'hvs.child' : 'hvs.l'));
    expect(codes).to.deep.equal(['stored-lease', 'stored-lease', 'stored-lease', 'share-full']);
    expect(['5', '6', '7'].map((name) => storeLease(name, 'hvs.auto', 'default'))).to.deep.equal(
      Array(3).fill('stored-lease'),
    );
    expect(storeLease('8', 'hvs.auto', 'default')).to.equal('full');
    expect(metric('agent.cache.refused')).to.deep.equal([
      { reason: 'share-full', value: 1 },
      { reason: 'full', value: 1 },
    ]);
    rig.cache.clear({ type: 'token', value: 'hvs.child' });
    expect(storeLease('4', 'hvs.l')).to.equal('stored-lease');
  });

  it('10,000 keys from a client that varies its query stay bounded in memory, and its requests are slowed down (R-14)', () => {
    const room = new Room({ maxEntries: 100, maxBytes: 0 });
    start({ room, refusedIssueRate: 20 });
    expect(rig.cache.pace(read('x'))).to.equal(undefined);
    let full = 0;
    for (let at = 0; at < 10_000; at++) if (storeLease(`n${at}`) === 'full') full++;
    expect([full, rig.cache.size, room.entries]).to.deep.equal([9900, 100, 100]);
    const waits = Array.from({ length: 60 }, () => rig.cache.pace(read('x')));
    expect([waits[0], waits[19], waits[59]]).to.deep.equal([50, 1000, 3000]);
    expect(rig.cache.pace(exchange('GET', '/v1/db/creds/b', { token: 'hvs.auto' }))).to.equal(undefined);
  });

  it('10,000 keys for one and the same secret stay bounded too, and the latest ones answer (D-7)', () => {
    start({});
    for (let at = 0; at < 10_000; at++) rig.store(read(`n${at}`), leaseAnswer('db/creds/a/one'));
    expect([rig.cache.size, [...rig.cache.entries()][0]!.keys]).to.deep.equal([1, 64]);
    expect([rig.holds(read('n9999')), rig.holds(read('n0'))]).to.deep.equal([true, false]);
  });

  it('Pacing: so many per second, forgotten a minute after the last refusal, bounded (R-14)', () => {
    const pacing = new Pacing(10);
    expect(pacing.wait('/a', 0)).to.equal(undefined);
    pacing.refused('/a', 1000);
    const waits = Array.from({ length: 4 }, () => pacing.wait('/a', 1000));
    expect(waits).to.deep.equal([100, 200, 300, 400]);
    expect([pacing.wait('/a', 2000), pacing.wait('/b', 2000)]).to.deep.equal([undefined, undefined]);
    expect([pacing.wait('/a', 61_000), pacing.size]).to.deep.equal([undefined, 0]);
    for (let at = 0; at < 5000; at++) pacing.refused(`/${at}`, 0);
    expect(pacing.size).to.equal(1000);
    const free = new Pacing(0);
    free.refused('/a', 0);
    expect(free.wait('/a', 0)).to.equal(undefined);
  });

  it('Shares: percent of both limits, accounts end with their last entry (R-14)', () => {
    const shares = new Shares({ maxEntries: 10, maxBytes: 1000 }, 50);
    expect([shares.take('t', 400), shares.take('t', 200), shares.take('u', 200), shares.take('', 9999)]).to.deep.equal([
      true,
      false,
      true,
      true,
    ]);
    shares.release('t', 400);
    shares.release('nobody', 1);
    expect([shares.take('t', 500), shares.payers]).to.deep.equal([true, 2]);
    expect(new Shares({ maxEntries: 10, maxBytes: 1000 }, 100).take('t', 99_999)).to.equal(true);
  });
});
