import { expect } from 'chai';
import type { Refetch } from '../../../core/cache/lease-cache.js';
import { globFits, policyFinder } from '../../../core/cache/path-policy.js';
import { Timeline } from '../../../core/cache/timeline.js';
import { settle, VirtualClock } from '../../../core/sdk/testing/index.js';
import { CacheRig, authAnswer, exchange, leaseAnswer, reply, tokenState } from './fixture.js';

const RENEW = 'sys/leases/renew';

describe('lives of entries', () => {
  let rig: CacheRig;
  const start = (more: ConstructorParameters<typeof CacheRig>[0] = {}): void => {
    rig = new CacheRig(more);
    rig.cache.adopt(tokenState('hvs.auto'));
  };
  beforeEach(() => start());
  afterEach(() => rig.cache.stop());
  const creds = (name = 'a', token = 'hvs.auto') => exchange('GET', `/v1/db/creds/${name}`, { token });
  const storeLease = (seconds = 3600, name = 'a', token?: string) =>
    rig.store(creds(name, token), leaseAnswer(`db/creds/${name}/1`, seconds));
  const renews = () => rig.vault.calls.filter(({ path }) => path === RENEW).length;
  const left = () => rig.hit(creds()).lease_duration as number;

  it('count from when the request was sent (R-3)', () => {
    const request = { ...creds(), sentAt: rig.clock.now() - 10_000 };
    rig.store(request, leaseAnswer('db/creds/a/1', 60));
    expect(left()).to.equal(50);
    const late = { ...creds('b'), sentAt: rig.clock.now() - 60_000 };
    expect(rig.store(late, leaseAnswer('db/creds/b/1', 60))).to.equal('no-ttl');
  });

  it('a hit needs a second before the end, a tenth of a short life (R-3)', async () => {
    rig.vault.on('PUT', RENEW, { status: 500 });
    storeLease(60);
    await rig.clock.advance(58_999);
    expect(rig.holds(creds())).to.equal(true);
    await rig.clock.advance(1);
    expect(rig.holds(creds())).to.equal(false);
    storeLease(5, 'b');
    await rig.clock.advance(4_499);
    expect(rig.holds(creds('b'))).to.equal(true);
    await rig.clock.advance(1);
    expect(rig.holds(creds('b'))).to.equal(false);
  });

  it('a hit needs the margin before the end of every ancestor token too (R-3)', async () => {
    rig.vault.on('PUT', 'auth/token/renew-self', { status: 403 }).on('GET', 'sys/internal/ui/mounts', { status: 200 });
    rig.store(exchange('POST', '/v1/auth/a/login'), authAnswer('hvs.l', { lease_duration: 20 }));
    rig.store(exchange('POST', '/v1/auth/token/create', { token: 'hvs.l' }), authAnswer('hvs.m', { orphan: false }));
    storeLease(3600, 'a', 'hvs.m');
    await rig.clock.advance(18_999);
    expect(rig.holds(creds('a', 'hvs.m'))).to.equal(true);
    await rig.clock.advance(1);
    expect(rig.holds(creds('a', 'hvs.m'))).to.equal(false);
  });

  it('renewing stops once an answer gains less than the margin: 6, 5, 3, 1 s near the maximum (R-5)', async () => {
    const end = rig.clock.now() + 100_000;
    rig.vault.on('PUT', RENEW, () => ({
      status: 200,
      body: leaseAnswer('x', Math.min(60, Math.floor((end - rig.clock.now()) / 1000))),
      headers: {},
    }));
    storeLease(60);
    await rig.clock.advance(98_000);
    expect([renews(), rig.holds(creds())]).to.deep.equal([2, true]);
    await rig.clock.advance(2_000);
    expect([renews(), rig.cache.size, rig.evictions]).to.deep.equal([2, 0, { expired: 1 }]);
  });

  it('renewing stops at once when the answer warns of a cap (R-5)', async () => {
    const warnings = ['TTL of "2h" exceeded the effective max_ttl of "15m"; TTL value is capped accordingly'];
    rig.vault.on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 900, { warnings }) });
    storeLease(600);
    await rig.clock.advance(1_300_000);
    expect([renews(), rig.holds(creds()), [...rig.cache.entries()][0]!.state]).to.deep.equal([1, true, 'serving']);
    await rig.clock.advance(30_000);
    expect(rig.cache.size).to.equal(0);
  });

  it("a client's short increment is repeated, and does not end the renewals (R-5)", async () => {
    storeLease(3600);
    const body = '{"lease_id":"db/creds/a/1","increment":30}';
    rig.sends(exchange('PUT', '/v1/sys/leases/renew', { token: 'hvs.auto', body }), 200, leaseAnswer('x', 30));
    expect(left()).to.equal(30);
    rig.vault.on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 30) });
    await rig.clock.advance(300_000);
    expect(renews()).to.be.within(10, 16);
    expect(rig.vault.calls.every(({ call }) => (call.body as { increment: number }).increment === 30)).to.equal(true);
    expect(rig.holds(creds())).to.equal(true);
  });

  const permanent = ['lease not found', 'lease expired', 'past the max TTL, cannot renew'];
  for (const error of permanent)
    it(`"${error}" is permanent and evicts at once (R-4, D-5)`, async () => {
      rig.vault.on('PUT', RENEW, { status: 400, body: { errors: [error] } });
      storeLease(600);
      await rig.clock.advance(450_000);
      expect([rig.cache.size, rig.evictions]).to.deep.equal([0, { lost: 1 }]);
    });

  it('"not renewable" stops renewing and serves to expiry minus margin (R-4)', async () => {
    rig.vault.on('PUT', RENEW, { status: 400, body: { errors: ['lease is not renewable'] } });
    storeLease(600);
    await rig.clock.advance(598_999);
    expect([renews(), rig.holds(creds())]).to.deep.equal([1, true]);
    await rig.clock.advance(1);
    expect([rig.holds(creds()), rig.cache.size]).to.deep.equal([false, 0]);
  });

  it('all else backs off until the deadline, without a flood (R-4, D-5)', async () => {
    rig.vault.on('PUT', RENEW, { status: 500 });
    storeLease(600);
    await rig.clock.advance(598_000);
    expect(renews()).to.be.within(4, 12);
    expect(rig.holds(creds())).to.equal(true);
  });

  it('of more renewals than go at once, the ones that end first go first (R-13)', async () => {
    const order: string[] = [];
    const finish: (() => void)[] = [];
    rig.vault.on('PUT', RENEW, ({ call }) => {
      order.push((call.body as { lease_id: string }).lease_id.split('/')[2]!);
      return new Promise((resolve) => {
        finish.push(() => resolve({ status: 200, body: leaseAnswer('x', 100_000), headers: {} }));
      });
    });
    for (let at = 0; at < 32; at++) storeLease(9_900, `first${at}`);
    storeLease(10_000, 'due-first');
    await rig.clock.advance(7_000_000);
    storeLease(260, 'ends-first');
    await rig.clock.advance(195_000);
    expect([order.length, order.includes('due-first')]).to.deep.equal([32, false]);
    finish.splice(0).forEach((done) => done());
    await settle();
    expect(order.slice(32)).to.deep.equal(['ends-first', 'due-first']);
  });

  describe('a lease whose renewal has come to its end', () => {
    let asked: Refetch[];
    beforeEach(() => {
      asked = [];
      start({ refetch: (request) => void asked.push(request) });
      rig.vault.on('PUT', RENEW, { status: 400, body: { errors: ['lease is not renewable'] } });
    });

    it('is fetched anew in the background when it was hit recently, once; the new answer replaces the old one', async () => {
      storeLease(600);
      rig.holds(creds());
      await rig.clock.advance(560_000);
      expect(asked.length).to.equal(0);
      rig.holds(creds());
      await rig.clock.advance(20_000);
      expect(asked.map(({ method, path, key, token }) => [method, path, key, token?.reveal()])).to.deep.equal([
        ['GET', '/v1/db/creds/a', rig.cache.keyOf(creds()), 'hvs.auto'],
      ]);
      const again = { ...creds(), cacheKey: asked[0]!.key };
      void rig.cache.remember(again, reply(leaseAnswer('db/creds/a/2', 600)), rig.cache.epoch);
      expect([rig.hit(creds()).lease_id, rig.cache.size, asked.length]).to.deep.equal(['db/creds/a/2', 1, 1]);
      await rig.clock.advance(30_000);
      expect([rig.holds(creds()), rig.evictions]).to.deep.equal([true, { replaced: 1 }]);
    });

    it('is a miss from expiry minus margin when nobody used it, and no POST is ever sent again', async () => {
      storeLease(3600);
      const post = exchange('POST', '/v1/db/creds/a', { token: 'hvs.auto', body: '{}' });
      rig.store(post, leaseAnswer('db/creds/a/9', 3600));
      await rig.clock.advance(3_590_000);
      rig.holds(post);
      await rig.clock.advance(9_000);
      expect([asked, rig.holds(creds()), rig.cache.size]).to.deep.equal([[], false, 0]);
    });
  });

  it('a login is not given out when it is older than login_max_age; its token stays managed (R-12)', async () => {
    start({ loginMaxAgeMs: 60_000 });
    const login = exchange('POST', '/v1/auth/approle/login');
    rig.store(login, authAnswer('hvs.l'));
    storeLease(3600, 'a', 'hvs.l');
    await rig.clock.advance(60_000);
    expect([rig.holds(login), rig.held(login), rig.holds(creds('a', 'hvs.l'))]).to.deep.equal([false, undefined, true]);
    rig.store(login, authAnswer('hvs.l2'));
    expect([(rig.hit(login).auth as { client_token: string }).client_token, rig.cache.size]).to.deep.equal([
      'hvs.l2',
      3,
    ]);
    rig.vault.on('PUT', 'auth/token/renew-self', { status: 200, body: authAnswer('x') });
    await rig.clock.advance(3_000_000);
    const renewed = rig.vault.calls.filter(({ path }) => path === 'auth/token/renew-self');
    expect(renewed.map(({ call }) => call.token?.reveal())).to.deep.equal(['hvs.l2']);
  });

  for (const [why, answer] of [
    ['mfa', authAnswer('', { mfa_requirement: { mfa_request_id: 'x' } })],
    ['use-limited', authAnswer('hvs.x', { num_uses: 2 })],
    ['wrapped', { ...authAnswer('hvs.x'), wrap_info: { token: 'w' } }],
    ['batch-token', authAnswer('hvb.x', { token_type: 'batch' })],
  ] as const)
    it(`an answer with ${why} is never stored (R-12, D-56)`, () => {
      expect(rig.store(exchange('POST', '/v1/auth/approle/login'), answer)).to.equal(why);
      expect(rig.cache.size).to.equal(0);
    });

  it('a request with a second factor bypasses (R-12)', () => {
    const headers = ['X-Vault-MFA', 'my_totp:123456'];
    expect(rig.cache.bypass(exchange('POST', '/v1/auth/userpass/login/a', { headers }))).to.equal('mfa');
  });

  it('dynamic = false caches nothing and restores nothing', () => {
    start({ dynamic: false });
    expect([rig.cache.bypass(creds()), rig.cache.restore([])]).to.deep.equal(['dynamic-off', 0]);
  });

  it('a hit keeps its head apart from its body, which is the JSON of the server alone (D-3)', () => {
    const create = exchange('POST', '/v1/auth/token/create', { token: 'hvs.auto' });
    rig.store(create, authAnswer('hvs.c', { orphan: false }));
    const { reply: hit } = rig.cache.recall(rig.cache.keyOf(create)!)!;
    expect(JSON.parse(Buffer.from(hit.body).toString())).to.deep.equal(authAnswer('hvs.c', { orphan: false }));
    expect(hit.headers.slice(0, 2)).to.deep.equal(['Content-Type', 'application/json']);
  });

  it('an internal error never fails a request (D-37)', () => {
    rig.cache.follow({
      added: () => {
        throw new Error('keeper');
      },
      changed: () => undefined,
      removed: () => undefined,
    });
    expect(storeLease()).to.equal('error');
  });

  it('repeated identical POSTs are hits unless the client asks for a fresh answer (D-55)', () => {
    const create = (headers: string[] = []) =>
      exchange('POST', '/v1/auth/token/create', { token: 'hvs.auto', headers });
    rig.store(create(), authAnswer('hvs.c', { orphan: false }));
    expect([rig.holds(create()), rig.cache.bypass(create(['Cache-Control', 'no-cache']))]).to.deep.equal([
      true,
      'no-store',
    ]);
  });

  it('all, and a stop, leave no deadline behind (D-9)', () => {
    for (const name of ['a', 'b', 'c']) storeLease(3600, name);
    rig.cache.clear({ type: 'all' });
    expect(rig.clock.pending).to.equal(0);
    storeLease();
    rig.cache.stop();
    expect(rig.clock.pending).to.equal(0);
  });

  describe('path policies (D-55)', () => {
    const policy = (glob: string, cache = true, maxAgeMs = 0) => ({ glob, cache, maxAgeMs, at: '' });
    it('cache = false bypasses, in any namespace spelling; the first that fits decides', () => {
      start({ paths: [policy('db/creds/open'), policy('db/creds/*', false), policy('ns1/aws/+/x', false)] });
      const bypass = (path: string, namespace = '') =>
        rig.cache.bypass(exchange('GET', path, { token: 'hvs.auto', namespace }));
      expect([bypass('/v1/db/creds/a'), bypass('/v1/db/cr%65ds/a'), bypass('/v1/db//creds/a')]).to.deep.equal(
        Array(3).fill('path-policy'),
      );
      expect([bypass('/v1/db/creds/open'), bypass('/v1/db/other')]).to.deep.equal([undefined, undefined]);
      expect([bypass('/v1/aws/y/x', 'ns1/'), bypass('/v1/ns1/aws/y/x'), bypass('/v1/aws/y/x')]).to.deep.equal([
        'path-policy',
        'path-policy',
        undefined,
      ]);
    });
    it('max_age: not given out when older, and the older lease is not renewed in secret', async () => {
      start({ paths: [policy('db/creds/*', true, 60_000)] });
      storeLease();
      await rig.clock.advance(59_999);
      expect(rig.holds(creds())).to.equal(true);
      await rig.clock.advance(1);
      expect([rig.holds(creds()), [...rig.cache.entries()][0]!.state]).to.deep.equal([false, 'stale']);
      rig.store(creds(), leaseAnswer('db/creds/a/2'));
      expect([rig.cache.size, rig.hit(creds()).lease_id]).to.deep.equal([1, 'db/creds/a/2']);
    });
    it('fit as globs of Vault policies do', () => {
      const fits = (glob: string, path: string) => globFits(glob.split('/'), path.split('/'));
      expect([fits('a/+/c', 'a/b/c'), fits('a/*', 'a/b/c'), fits('a/b*', 'a/bc/d'), fits('*', 'x')]).to.deep.equal(
        Array(4).fill(true),
      );
      expect([fits('a/+', 'a/b/c'), fits('a/*', 'a'), fits('a/b', 'a/b/c'), fits('+/b', 'a/c')]).to.deep.equal(
        Array(4).fill(false),
      );
      expect(policyFinder([])('/v1/a', '')).to.equal(undefined);
    });
  });

  it('Timeline: the later of both clocks; a jump is told once and counts from then on (R-13)', async () => {
    const clock = new VirtualClock(1_000_000);
    const jumps: number[] = [];
    const time = new Timeline(clock, (by) => jumps.push(by));
    clock.jump(-3_000);
    expect([time.now(), jumps]).to.deep.equal([1_000_000, []]);
    clock.jump(-3_000);
    expect([time.now(), jumps]).to.deep.equal([994_000, [-6_000]]);
    clock.jump(10_000);
    await clock.advance(1);
    expect([time.now(), time.now(), jumps]).to.deep.equal([1_004_001, 1_004_001, [-6_000, 10_000]]);
    const plain = new Timeline(
      { now: () => 5, after: () => () => undefined, sleep: () => Promise.resolve() },
      () => undefined,
    );
    expect(plain.now()).to.equal(5);
  });
});
