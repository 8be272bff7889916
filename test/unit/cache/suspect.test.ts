import { expect } from 'chai';
import { settle } from '../../../core/sdk/testing/index.js';
import { agentError } from '../../../core/sdk/index.js';
import { CacheRig, authAnswer, exchange, leaseAnswer, tokenState } from './fixture.js';

const LOOKUP = 'sys/leases/lookup';
const RENEW = 'sys/leases/renew';
const SELF = 'auth/token/lookup-self';
const PROBE = 'sys/internal/ui/mounts';
const DAY = 86_400_000;

describe('suspect entries', () => {
  let rig: CacheRig;
  const start = (more: ConstructorParameters<typeof CacheRig>[0] = {}): void => {
    rig = new CacheRig(more);
    rig.cache.adopt(tokenState('hvs.auto'));
  };
  beforeEach(() => start({ revalidateAfterMs: 300_000 }));
  afterEach(() => rig.cache.stop());
  const creds = (name = 'a', token = 'hvs.auto') => exchange('GET', `/v1/db/creds/${name}`, { token });
  const storeLease = (name = 'a', token = 'hvs.auto', seconds = 3600) =>
    rig.store(creds(name, token), leaseAnswer(`db/creds/${name}/1`, seconds));
  const login = (token: string) => exchange('POST', '/v1/auth/approle/login', { body: token });
  const alive = (ttl: number) => ({ status: 200, body: { data: { ttl } } });
  const paths = () => rig.vault.calls.map(({ path }) => path);

  it('is what nothing has confirmed for revalidate_after; the next request looks it up once and is a hit (D-21)', async () => {
    storeLease();
    await rig.clock.advance(299_999);
    expect(rig.held(creds())).to.equal('fresh');
    await rig.clock.advance(1);
    expect([rig.held(creds()), rig.holds(creds())]).to.deep.equal(['suspect', false]);
    rig.vault.on('PUT', LOOKUP, alive(3000));
    await Promise.all([rig.seek(creds()), rig.seek(creds()), rig.seek(creds())]);
    expect([rig.held(creds()), rig.holds(creds()), paths()]).to.deep.equal(['fresh', true, [LOOKUP]]);
    const { call } = rig.vault.calls[0]!;
    expect([call.token?.reveal(), call.body]).to.deep.equal(['hvs.auto', { lease_id: 'db/creds/a/1' }]);
    await rig.clock.advance(299_999);
    expect(rig.held(creds())).to.equal('fresh');
  });

  it('adopts what the lookup tells, downwards too, and renews in time for it (R-8, R-5)', async () => {
    storeLease();
    await rig.clock.advance(300_000);
    rig.vault.on('PUT', LOOKUP, alive(60)).on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 3600) });
    await rig.seek(creds());
    expect(rig.hit(creds()).lease_duration).to.equal(59);
    await rig.clock.advance(50_000);
    expect(paths()).to.deep.equal([LOOKUP, RENEW]);
    expect(rig.holds(creds())).to.equal(true);
  });

  const dead: [string, object][] = [
    ['a ttl of 0, as a lease of a token revoked a moment ago has', alive(0)],
    ['a negative ttl, as a pending revocation has', alive(-3)],
    ['400 invalid lease', { status: 400, body: { errors: ['invalid lease'] } }],
  ];
  for (const [name, script] of dead) {
    it(`is dead with ${name} (R-8)`, async () => {
      storeLease();
      await rig.clock.advance(300_000);
      rig.vault.on('PUT', LOOKUP, script as never);
      await rig.seek(creds());
      expect([rig.cache.size, rig.evictions]).to.deep.equal([0, { lost: 1 }]);
    });
  }

  it('stays suspect, a miss and not evicted, while the server does not tell (R-13)', async () => {
    storeLease();
    await rig.clock.advance(300_000);
    for (const script of [
      { status: 503 },
      { status: 400, body: { errors: ['cannot reach storage'] } },
      agentError('UPSTREAM_TIMEOUT', { what: 'x', afterMs: 1 } as never),
    ]) {
      rig.vault.on('PUT', LOOKUP, script);
      await rig.seek(creds());
      expect([rig.held(creds()), rig.holds(creds()), rig.cache.size]).to.deep.equal(['suspect', false, 1]);
    }
    rig.vault.on('PUT', LOOKUP, alive(100));
    await rig.seek(creds());
    expect(rig.holds(creds())).to.equal(true);
  });

  it('is proven by a renewal where the owner may not look up; a dead owner takes all along (R-13, D-8)', async () => {
    storeLease('a');
    storeLease('b');
    await rig.clock.advance(300_000);
    rig.vault.on('PUT', LOOKUP, { status: 403 }).on('GET', PROBE, { status: 200 });
    rig.vault.on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 1800) });
    await rig.seek(creds('a'));
    expect([rig.holds(creds('a')), paths()]).to.deep.equal([true, [LOOKUP, PROBE, RENEW]]);
    rig.vault.on('PUT', RENEW, { status: 400, body: { errors: ['lease not found'] } });
    await rig.seek(creds('b'));
    expect(rig.cache.size).to.equal(1);
    await rig.clock.advance(300_000);
    rig.vault.on('GET', PROBE, { status: 403 });
    await rig.seek(creds('a'));
    expect([rig.cache.size, rig.evictions]).to.deep.equal([0, { lost: 1, 'token-dead': 1 }]);
  });

  it('with an owner that may neither look up nor renew, the living owner is enough for the regular check only (D-21, R-13)', async () => {
    storeLease();
    rig.vault
      .on('PUT', LOOKUP, { status: 403 })
      .on('GET', PROBE, { status: 200 })
      .on('PUT', RENEW, { status: 403, body: { errors: ['permission denied'] } });
    await rig.clock.advance(300_000);
    await rig.seek(creds());
    expect(rig.held(creds())).to.equal('fresh');
    rig.clock.jump(DAY);
    await rig.seek(creds());
    expect(rig.held(creds())).to.equal('suspect');
  });

  it('tokens are looked up with themselves, and what hangs on a dead one goes too (R-13)', async () => {
    rig.store(login('hvs.l'), authAnswer('hvs.l'));
    storeLease('a', 'hvs.l');
    await rig.clock.advance(300_000);
    rig.vault.on('GET', SELF, alive(2000)).on('PUT', LOOKUP, alive(2000));
    await rig.seek(creds('a', 'hvs.l'));
    expect([paths(), rig.vault.calls[0]!.call.token?.reveal()]).to.deep.equal([[SELF, LOOKUP], 'hvs.l']);
    expect([rig.holds(creds('a', 'hvs.l')), rig.holds(login('hvs.l'))]).to.deep.equal([true, true]);
    await rig.clock.advance(300_000);
    rig.vault.on('GET', SELF, { status: 403 }).on('GET', PROBE, { status: 403 });
    await rig.seek(creds('a', 'hvs.l'));
    expect(rig.cache.size).to.equal(0);
  });

  it('a token in its last second, which has a ttl of 0, is not one without end (R-8)', async () => {
    for (const [end, size] of [
      [null, 1],
      ['2030-01-01T00:00:00Z', 0],
    ] as const) {
      start({ revalidateAfterMs: 300_000 });
      rig.store(login('hvs.l'), authAnswer('hvs.l'));
      await rig.clock.advance(300_000);
      rig.vault.on('GET', SELF, { status: 200, body: { data: { ttl: 0, expire_time: end } } });
      await rig.seek(login('hvs.l'));
      expect([rig.holds(login('hvs.l')), rig.cache.size]).to.deep.equal([size === 1, size]);
      rig.cache.stop();
    }
  });

  it('what was asked before the doubt arose does not end it (R-1, R-13)', async () => {
    storeLease();
    let answer: ((ttl: number) => void) | undefined;
    rig.vault.on(
      'PUT',
      LOOKUP,
      () =>
        new Promise((resolve) => (answer = (ttl) => resolve({ status: 200, headers: {}, body: { data: { ttl } } }))),
    );
    await rig.clock.advance(300_000);
    const seeking = rig.seek(creds());
    await rig.clock.advance(5);
    rig.cache.suspectAll(() => true);
    answer!(3000);
    await seeking;
    expect([rig.held(creds()), rig.cache.size]).to.deep.equal(['suspect', 1]);
    const again = rig.seek(creds());
    answer!(3000);
    await again;
    expect(rig.held(creds())).to.equal('fresh');
  });

  it('a clock that is set back while a renewal is under way lengthens no life (R-13)', async () => {
    storeLease('a', 'hvs.auto', 600);
    let answer: (() => void) | undefined;
    rig.vault.on(
      'PUT',
      RENEW,
      () =>
        new Promise((resolve) => (answer = () => resolve({ status: 200, headers: {}, body: leaseAnswer('x', 600) }))),
    );
    await rig.clock.advance(450_000);
    rig.clock.jump(-DAY);
    expect(rig.held(creds())).to.equal('suspect');
    answer!();
    await settle();
    const [entry] = [...rig.cache.entries()];
    expect(entry!.expiresAt - rig.clock.now()).to.be.within(0, 600_000);
    await rig.clock.advance(299_000);
    rig.vault.on('PUT', RENEW, { status: 503 });
    await rig.clock.advance(2_000);
    expect(rig.held(creds())).to.equal('suspect');
  });

  for (const by of [DAY, -DAY]) {
    it(`are all entries after the clock was set by ${by / 3_600_000} hours: no mass eviction, remaining lives stay (R-13)`, async () => {
      const told: number[] = [];
      rig.cache.onRemoved((sources) => told.push(sources.size));
      for (const name of ['a', 'b', 'c']) storeLease(name);
      rig.vault.on('PUT', LOOKUP, alive(3000));
      await rig.clock.advance(60_000);
      rig.clock.jump(by);
      expect([rig.holds(creds('a')), rig.held(creds('b')), rig.cache.size]).to.deep.equal([false, 'suspect', 3]);
      expect(told).to.deep.equal([3]);
      await rig.seek(creds('a'));
      expect([rig.holds(creds('a')), rig.hit(creds('a')).lease_duration]).to.deep.equal([true, 2999]);
      expect([...rig.cache.entries()].every(({ expiresAt }) => expiresAt - rig.clock.now() < 3_600_001)).to.equal(true);
      expect(rig.log.lines.filter(({ level }) => level === 'warn').length).to.equal(1);
    });
  }

  it('a clock that is set back by less than a jump does not lengthen a life (R-13)', async () => {
    start();
    storeLease('a', 'hvs.auto', 20);
    rig.vault.on('PUT', RENEW, { status: 500 });
    await rig.clock.advance(17_000);
    rig.clock.jump(-4_000);
    expect(rig.holds(creds())).to.equal(true);
    await rig.clock.advance(2_500);
    expect(rig.holds(creds())).to.equal(false);
  });

  it('renewals still come in time after the clock was set back by a day (R-13)', async () => {
    start();
    rig.vault.on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 3600) }).on('PUT', LOOKUP, alive(3600));
    storeLease();
    rig.clock.jump(-DAY);
    await rig.seek(creds());
    await rig.clock.advance(3_000_000);
    expect(paths().filter((path) => path === RENEW).length).to.equal(1);
  });

  it('a lookup that hangs holds up nobody but equal requests (D-13), and a finished one is forgotten (D-14)', async () => {
    storeLease('a');
    storeLease('b');
    await rig.clock.advance(300_000);
    rig.vault.on('PUT', LOOKUP, ({ call }) =>
      (call.body as { lease_id: string }).lease_id === 'db/creds/a/1'
        ? new Promise(() => undefined)
        : { status: 200, body: { data: { ttl: 3000 } }, headers: {} },
    );
    void rig.seek(creds('a'));
    await rig.seek(creds('b'));
    expect([rig.held(creds('a')), rig.held(creds('b'))]).to.deep.equal(['suspect', 'fresh']);
    await rig.clock.advance(300_000);
    await rig.seek(creds('b'));
    expect(paths().length).to.equal(3);
  });

  it('a wait for a lookup ends when its client leaves', async () => {
    storeLease();
    await rig.clock.advance(300_000);
    rig.vault.on('PUT', LOOKUP, () => new Promise(() => undefined));
    const client = new AbortController();
    const waiting = rig.cache.seek({ ...creds(), cacheKey: rig.cache.keyOf(creds()) }, client.signal)!;
    client.abort(new Error('left'));
    expect(await waiting.catch((error: Error) => error.message)).to.equal('left');
  });

  it('are none without revalidate_after, and there is nothing to look for', async () => {
    start();
    storeLease();
    await rig.clock.advance(2_000_000);
    expect([rig.held(creds()), await rig.seek(creds()), await rig.seek(creds('other'))]).to.deep.equal([
      'fresh',
      false,
      false,
    ]);
  });

  describe('a 403 for the own token of a client (D-21)', () => {
    beforeEach(() => {
      rig.store(login('hvs.l'), authAnswer('hvs.l'));
      storeLease('a', 'hvs.l');
    });
    it('evicts all that hangs on it when it is proven dead, with one question at a time', async () => {
      rig.vault.on('GET', PROBE, { status: 403 });
      for (let at = 0; at < 5; at++) rig.cache.doubt(creds('a', 'hvs.l'));
      await settle();
      expect([rig.cache.size, paths(), rig.evictions]).to.deep.equal([0, [PROBE], { 'token-dead': 2 }]);
    });
    it('changes nothing when it lives, which is believed for 5 s, nor when the server does not tell', async () => {
      rig.vault.on('GET', PROBE, { status: 200 });
      rig.cache.doubt(creds('a', 'hvs.l'));
      await settle();
      rig.cache.doubt(creds('a', 'hvs.l'));
      await settle();
      expect(paths().length).to.equal(1);
      await rig.clock.advance(5_000);
      rig.vault.on('GET', PROBE, { status: 500 });
      rig.cache.doubt(creds('a', 'hvs.l'));
      rig.cache.doubt(creds('a', 'hvs.stranger'));
      await settle();
      expect([rig.cache.size, paths().length]).to.deep.equal([2, 2]);
    });
  });
});
