import { expect } from 'chai';
import type { EntryView } from '../../../core/contracts/lease-cache.js';
import { settle } from '../../../core/sdk/testing/index.js';
import { CacheRig, authAnswer, exchange, leaseAnswer, tokenState } from './fixture.js';

const RENEW = 'sys/leases/renew';
const RENEW_SELF = 'auth/token/renew-self';
const PROBE = 'sys/internal/ui/mounts';

describe('the lease cache', () => {
  let rig: CacheRig;
  beforeEach(() => {
    rig = new CacheRig();
    rig.cache.adopt(tokenState('hvs.auto'));
  });
  afterEach(() => rig.cache.stop());
  const creds = (name = 'a', token = 'hvs.auto') => exchange('GET', `/v1/db/creds/${name}`, { token });
  const storeLease = (name = 'a', token = 'hvs.auto', seconds = 3600): string =>
    rig.store(creds(name, token), leaseAnswer(`db/creds/${name}/id-${token}`, seconds));
  const storeToken = (token: string, parent?: string): string =>
    rig.store(
      exchange('POST', parent === undefined ? '/v1/auth/approle/login' : '/v1/auth/token/create', {
        body: token,
        ...(parent && { token: parent }),
      }),
      authAnswer(token, { orphan: parent === undefined }),
    );

  describe('storing', () => {
    it('keeps leases of managed tokens only, and a login makes its token a managed one (rules 11 to 14)', () => {
      expect(storeLease()).to.equal('stored-lease');
      expect(storeLease('a', 'hvs.stranger')).to.equal('token-not-managed');
      expect(storeToken('hvs.logged')).to.equal('stored-token');
      expect(storeLease('a', 'hvs.logged')).to.equal('stored-lease');
      expect(storeToken('hvs.child', 'hvs.logged')).to.equal('stored-token');
      expect(storeToken('hvs.other', 'hvs.stranger')).to.equal('parent-not-managed');
      expect(rig.cache.size).to.equal(4);
    });

    it('holds one secret once, however many requests it answers (D-7)', () => {
      storeLease();
      const other = exchange('GET', '/v1/db/creds/a', { token: 'hvs.auto', query: 'x=1' });
      rig.store(other, leaseAnswer('db/creds/a/id-hvs.auto'));
      expect(rig.cache.size).to.equal(1);
      expect([rig.holds(creds()), rig.holds(other)]).to.deep.equal([true, true]);
      expect(rig.cache.clear({ type: 'lease', value: 'db/creds/a/id-hvs.auto' })).to.equal(1);
      expect([rig.holds(creds()), rig.holds(other)]).to.deep.equal([false, false]);
    });

    it('does not store what was on its way when it was removed by pattern', () => {
      const { epoch } = rig.cache;
      rig.cache.clear({ type: 'request_path', value: '/v1/db', namespace: '' });
      expect(rig.store(creds(), leaseAnswer('db/creds/a/1'), epoch)).to.equal('raced');
      expect(rig.holds(creds())).to.equal(false);
    });

    it('ignores wrapped tokens of identities', () => {
      rig.cache.adopt(tokenState('{"wrap_info":{}}', { form: 'wrapped', identity: 'other' }));
      expect(storeLease('a', '{"wrap_info":{}}')).to.equal('token-not-managed');
    });

    it('learns which reads bring secrets, for requests whose client leaves', () => {
      const read = (path: string) => rig.cache.issues(exchange('GET', path));
      expect([read('/v1/db/creds/a'), read('/v1/kv/a'), read('/v1/secret/data/a'), read('/v1/custom/a')]).to.deep.equal(
        ['surely', 'perhaps', 'never', 'perhaps'],
      );
      rig.store(exchange('GET', '/v1/kv/a', { token: 'hvs.auto' }), { data: { a: 1 } });
      rig.store(exchange('GET', '/v1/custom/a', { token: 'hvs.stranger' }), leaseAnswer('custom/a/1'));
      expect([read('/v1/kv/a'), read('/v1/custom/a')]).to.deep.equal(['never', 'surely']);
      expect(rig.store(exchange('GET', '/v1/kv/a', { token: 'hvs.auto' }), { data: { a: 1 } })).to.equal('no-lease');
      expect(rig.store(exchange('GET', '/v1/kv/a', { token: 'hvs.auto' }), leaseAnswer('kv/a/1'))).to.equal(
        'stored-lease',
      );
      expect(read('/v1/kv/a')).to.equal('surely');
    });
  });

  describe('renewing', () => {
    it('begins at about two thirds of the life, with the token that made the lease (D-54, R-2)', async () => {
      rig.vault.on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 3600) });
      storeLease();
      await rig.clock.advance(2_000_000);
      expect(rig.vault.calls.length).to.equal(0);
      await rig.clock.advance(700_000);
      expect(
        rig.vault.calls.map(({ method, path, call }) => [method, path, call.body, call.token?.reveal()]),
      ).to.deep.equal([['PUT', RENEW, { lease_id: 'db/creds/a/id-hvs.auto', increment: 0 }, 'hvs.auto']]);
      expect(rig.hit(creds()).lease_duration).to.be.within(3400, 3600);
      await rig.clock.advance(24 * 3_600_000);
      expect(rig.holds(creds())).to.equal(true);
    });

    it('renews a token with itself, in the namespace it was made in', async () => {
      rig.vault.on('PUT', RENEW_SELF, { status: 200, body: authAnswer('hvs.logged') });
      rig.store(exchange('POST', '/v1/ns1/auth/approle/login'), authAnswer('hvs.logged'));
      await rig.clock.advance(2_700_000);
      expect(rig.vault.calls.map(({ path, call }) => [path, call.token?.reveal(), call.namespace])).to.deep.equal([
        [RENEW_SELF, 'hvs.logged', 'ns1/'],
      ]);
    });

    it("tries the namespace of the lease when the token's own refuses", async () => {
      rig.vault.on('PUT', RENEW, ({ call }) => ({
        status: call.namespace === 'ns1/' ? 200 : 403,
        body: leaseAnswer('x'),
        headers: {},
      }));
      rig.store(
        exchange('GET', '/v1/db/creds/a', { token: 'hvs.auto', namespace: 'ns1/' }),
        leaseAnswer('db/creds/a/1'),
      );
      await rig.clock.advance(2_700_000);
      expect(rig.vault.calls.map(({ call }) => call.namespace)).to.deep.equal(['', 'ns1/']);
      expect(rig.cache.size).to.equal(1);
    });

    it('serves up to the margin when the maximum is near, then evicts', async () => {
      rig.vault.on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 60) });
      storeLease('a', 'hvs.auto', 100);
      await rig.clock.advance(72_000);
      rig.vault.on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 5) });
      await rig.clock.advance(120_000);
      expect(rig.holds(creds())).to.equal(false);
      expect(rig.evictions).to.deep.equal({ expired: 1 });
    });

    it('evicts at once when the server has no such lease (D-5)', async () => {
      rig.vault.on('PUT', RENEW, { status: 400, body: { errors: ['lease not found'] } });
      storeLease();
      await rig.clock.advance(2_700_000);
      expect([rig.cache.size, rig.vault.calls.length]).to.deep.equal([0, 1]);
      expect(rig.evictions).to.deep.equal({ lost: 1 });
    });

    it('tries again after a 400 of a database that is down, and never in a loop (D-5)', async () => {
      rig.vault.on('PUT', RENEW, { status: 400, body: { errors: ['failed to connect to database'] } });
      storeLease();
      await rig.clock.advance(2_700_000);
      const tries = rig.vault.calls.length;
      expect(tries).to.be.within(2, 20);
      rig.vault.on('PUT', RENEW, { status: 200, body: leaseAnswer('x', 3600) });
      await rig.clock.advance(400_000);
      expect(rig.hit(creds()).lease_duration).to.be.greaterThan(3000);
    });

    it('takes a 403 for no death when the token lives: serves to expiry minus margin without asking again (R-4)', async () => {
      rig.vault
        .on('PUT', RENEW, { status: 403, body: { errors: ['permission denied'] } })
        .on('GET', PROBE, { status: 200, body: {} });
      storeLease();
      await rig.clock.advance(2_900_000);
      expect(rig.holds(creds())).to.equal(true);
      expect(rig.vault.calls.map(({ path }) => path)).to.deep.equal([RENEW, PROBE]);
      await rig.clock.advance(698_000);
      expect(rig.holds(creds())).to.equal(true);
      await rig.clock.advance(1_000);
      expect([rig.holds(creds()), rig.vault.calls.length]).to.deep.equal([false, 2]);
    });

    it('takes a 403 with a dead token for the end of all that hangs on it (D-8)', async () => {
      storeToken('hvs.logged');
      storeLease('a', 'hvs.logged', 600);
      storeToken('hvs.child', 'hvs.logged');
      storeLease('b', 'hvs.child');
      storeLease('c');
      rig.vault.on('PUT', RENEW, { status: 403 }).on('GET', PROBE, { status: 403 });
      await rig.clock.advance(450_000);
      expect(rig.cache.size).to.equal(1);
      expect(rig.evictions).to.deep.equal({ 'token-dead': 4 });
    });

    it('evicts with a token whose life ends what hangs on it (D-8)', async () => {
      rig.vault.on('PUT', RENEW_SELF, { status: 400, body: { errors: ['auth method cannot renew: not renewable'] } });
      storeToken('hvs.logged');
      storeLease('a', 'hvs.logged', 36_000);
      await rig.clock.advance(3_600_000);
      expect(rig.cache.size).to.equal(0);
    });

    it("follows a client's own renewal, and asks for as much from then on (corrections: 0 would shorten it)", async () => {
      storeLease();
      const renew = exchange('PUT', '/v1/sys/leases/renew', {
        token: 'hvs.auto',
        body: '{"lease_id":"db/creds/a/id-hvs.auto","increment":7200}',
      });
      expect(rig.sends(renew, 200, leaseAnswer('db/creds/a/id-hvs.auto', 7200))).to.equal(true);
      expect(rig.hit(creds()).lease_duration).to.equal(7200);
      await rig.clock.advance(5_400_000);
      expect(rig.vault.calls[0]!.call.body).to.deep.include({ increment: 7200 });
    });

    it('evicts at the end of the life when the renewal never comes back', async () => {
      rig.vault.on('PUT', RENEW, () => new Promise(() => undefined));
      storeLease('a', 'hvs.auto', 60);
      await rig.clock.advance(61_000);
      expect(rig.cache.size).to.equal(0);
    });

    it('gives up the renewal of an entry that is gone, alone or all at a stop, without a common list of listeners', async () => {
      rig.vault.on('PUT', RENEW, () => new Promise(() => undefined));
      storeLease('a', 'hvs.auto', 60);
      storeLease('b', 'hvs.auto', 600);
      storeLease('c', 'hvs.auto', 600);
      const aborted = (): boolean[] => rig.vault.calls.map(({ call }) => call.signal!.aborted);
      await rig.clock.advance(50_000);
      expect(aborted()).to.deep.equal([false]);
      await rig.clock.advance(450_000);
      expect(aborted()).to.deep.equal([true, false, false]);
      rig.cache.stop();
      expect(aborted()).to.deep.equal([true, true, true]);
    });

    it('keeps 1,000 lives on one deadline of the clock', () => {
      for (let at = 0; at < 1000; at++) storeLease(`n${at}`);
      expect([rig.cache.size, rig.clock.pending]).to.deep.equal([1000, 1]);
      rig.cache.stop();
      expect([rig.cache.size, rig.clock.pending]).to.deep.equal([1000, 0]);
    });

    it('lets a renewal under way do nothing to an entry that is gone, nor to a new one of the same key (D-34)', async () => {
      let finish: (() => void) | undefined;
      rig.vault.on(
        'PUT',
        RENEW,
        () =>
          new Promise(
            (resolve) => (finish = () => resolve({ status: 400, body: { errors: ['lease not found'] }, headers: {} })),
          ),
      );
      storeLease();
      await rig.clock.advance(2_700_000);
      rig.cache.clear({ type: 'all' });
      storeLease();
      finish!();
      await settle();
      expect(rig.holds(creds())).to.equal(true);
    });
  });

  describe('evicting', () => {
    const fill = (): void => {
      storeToken('hvs.top');
      storeLease('top', 'hvs.top');
      storeToken('hvs.mid', 'hvs.top');
      storeLease('mid', 'hvs.mid');
      storeToken('hvs.leaf', 'hvs.mid');
      storeLease('leaf', 'hvs.leaf');
    };
    const left = (): string[] => ['top', 'mid', 'leaf'].filter((name) => rig.holds(creds(name, `hvs.${name}`)));
    const rows: [string, string, string, string[]][] = [
      ['revoke-self of the leaf', 'revoke-self', 'hvs.leaf', ['top', 'mid']],
      ['revoke-self of the middle', 'revoke-self', 'hvs.mid', ['top']],
      ['revoke-self of the top', 'revoke-self', 'hvs.top', []],
      ['revoke-orphan of the middle', 'revoke-orphan', 'hvs.mid', ['top', 'leaf']],
    ];
    for (const [name, verb, token, want] of rows) {
      it(`${name} leaves ${want.join(' and ') || 'nothing'} (TestCache_TokenRevocations)`, () => {
        fill();
        const request = exchange('POST', `/v1/auth/token/${verb}`, { token, body: JSON.stringify({ token }) });
        rig.sends(request, 204, undefined);
        rig.sends(request, 204, undefined);
        expect(left()).to.deep.equal(want);
      });
    }

    it('does nothing for answers that did not revoke', () => {
      fill();
      rig.sends(exchange('POST', '/v1/auth/token/revoke-self', { token: 'hvs.top' }), 403, undefined);
      expect(left().length).to.equal(3);
    });

    it('evicts by prefix in the right namespace only, leases and logins alike (D-12)', () => {
      fill();
      rig.store(
        exchange('GET', '/v1/db/creds/top', { token: 'hvs.auto', namespace: 'ns1/' }),
        leaseAnswer('db/creds/top/9.n'),
      );
      rig.sends(exchange('PUT', '/v1/sys/leases/revoke-prefix/db/creds/to'), 204, undefined);
      expect(left().length).to.equal(3);
      rig.sends(exchange('PUT', '/v1/sys/leases/revoke-prefix/db/creds/top'), 202, undefined);
      expect(left()).to.deep.equal(['mid', 'leaf']);
      expect(rig.holds(exchange('GET', '/v1/db/creds/top', { token: 'hvs.auto', namespace: 'ns1/' }))).to.equal(true);
      rig.sends(exchange('PUT', '/v1/sys/leases/revoke-prefix/auth/approle'), 204, undefined);
      expect(left()).to.deep.equal([]);
      expect(rig.cache.size).to.equal(1);
    });

    it('clears by request path as a text prefix in exactly one namespace, in any spelling (section 8, D-57)', () => {
      storeLease('app');
      rig.store(
        exchange('GET', '/v1/db/creds/app', { token: 'hvs.auto', namespace: 'ns1/' }),
        leaseAnswer('db/creds/app/9.n'),
      );
      expect(rig.cache.clear({ type: 'request_path', value: '/v1/db/cr', namespace: 'ns1' })).to.equal(1);
      expect(rig.cache.clear({ type: 'request_path', value: '/v1/db/cr', namespace: 'root/' })).to.equal(1);
    });

    it('clears by request path what was asked for with the namespace in the path, in both spellings (D-57)', () => {
      const inPath = (): string =>
        rig.store(exchange('GET', '/v1/ns1/db/creds/app', { token: 'hvs.auto' }), leaseAnswer('db/creds/app/9.n'));
      for (const [value, namespace] of [
        ['/v1/db/creds', 'ns1'],
        ['/v1/ns1/db', ''],
      ] as const) {
        expect(inPath()).to.equal('stored-lease');
        expect(rig.cache.clear({ type: 'request_path', value: '/v1/db/creds', namespace: 'root' })).to.equal(0);
        expect(rig.cache.clear({ type: 'request_path', value, namespace })).to.equal(1);
      }
    });

    it('clears by token, accessor and lease, and tells how many', () => {
      fill();
      expect(rig.cache.clear({ type: 'lease', value: 'db/creds/leaf/id-hvs.leaf' })).to.equal(1);
      expect(rig.cache.clear({ type: 'token_accessor', value: 'acc-hvs.mid' })).to.equal(3);
      expect(rig.cache.clear({ type: 'token', value: 'hvs.top' })).to.equal(2);
      expect(rig.cache.clear({ type: 'token', value: 'hvs.unknown' })).to.equal(0);
    });

    it("keeps the identity's token managed after any clear (D-15)", () => {
      for (const request of [
        { type: 'all' },
        { type: 'token', value: 'hvs.auto' },
        { type: 'token_accessor', value: 'acc-hvs.auto' },
      ] as const) {
        storeLease();
        expect(rig.cache.clear(request)).to.equal(1);
        expect(storeLease()).to.equal('stored-lease');
      }
    });

    it('retires what hung on the token before when a new one comes (D-6), unless another identity holds it', () => {
      rig.cache.adopt(tokenState('hvs.auto', { identity: 'twin' }));
      storeLease();
      rig.cache.adopt(tokenState('hvs.new', { sequence: 2 }));
      expect(rig.holds(creds())).to.equal(true);
      rig.cache.adopt(tokenState('hvs.new', { identity: 'twin', sequence: 2 }));
      expect(rig.holds(creds())).to.equal(false);
      expect(storeLease()).to.equal('token-not-managed');
      expect(storeLease('a', 'hvs.new')).to.equal('stored-lease');
    });

    it("serves nothing that hangs on an identity's token after that token's end, which renewals move (corrections)", async () => {
      let expiresAt = rig.clock.now() + 10_000;
      rig.cache.adopt(tokenState('hvs.short', { identity: 'short', accessor: 'acc-short' }), {
        expiresAt: () => expiresAt,
      });
      rig.store(creds('a', 'hvs.short'), leaseAnswer('db/creds/a/short'));
      const child = exchange('POST', '/v1/auth/token/create', { token: 'hvs.short' });
      rig.store(child, authAnswer('hvs.child', { orphan: false }));
      rig.store(creds('b', 'hvs.child'), leaseAnswer('db/creds/b/child'));
      expiresAt += 5_000;
      await rig.clock.advance(10_001);
      expect(rig.holds(creds('a', 'hvs.short'))).to.equal(true);
      await rig.clock.advance(5_000);
      expect(rig.holds(creds('b', 'hvs.child'))).to.equal(false);
      expect(rig.cache.size).to.equal(0);
      expect(rig.evictions).to.deep.equal({ 'token-dead': 3 });
    });

    it("tells when a client revoked an identity's own token, by itself or by its accessor, and of no other (D-15)", () => {
      const told: string[] = [];
      rig = new CacheRig({ onIdentityRevoked: (token) => told.push(token.reveal()) });
      rig.cache.adopt(tokenState('hvs.auto'));
      const body = (fields: object): string => JSON.stringify(fields);
      const requests = [
        exchange('POST', '/v1/auth/token/revoke', { token: 'hvs.x', body: body({ token: 'hvs.other' }) }),
        exchange('POST', '/v1/auth/token/revoke-self', { token: 'hvs.auto' }),
        exchange('POST', '/v1/auth/token/revoke-accessor', {
          token: 'hvs.x',
          body: body({ accessor: 'acc-hvs.auto' }),
        }),
        exchange('POST', '/v1/auth/token/revoke-orphan', { token: 'hvs.x', body: body({ token: 'hvs.auto' }) }),
      ];
      for (const request of requests) rig.sends(request, 403, undefined);
      expect(told).to.deep.equal([]);
      for (const request of requests) rig.sends(request, 204, undefined);
      expect(told).to.deep.equal(['hvs.auto', 'hvs.auto', 'hvs.auto']);
    });

    it("knows that disabling an identity's auth method, or deleting its namespace, kills its token and leases (corrections)", () => {
      const told: string[] = [];
      rig = new CacheRig({ onIdentityRevoked: (token) => told.push(token.reveal()) });
      rig.cache.adopt(tokenState('hvs.auto'), { home: { namespace: 'ns1/', path: 'auth/approle/login' } });
      const kills = (method: string, path: string, namespace = ''): boolean => {
        storeLease();
        rig.sends(exchange(method, path, { token: 'hvs.x', namespace }), 204, undefined);
        return !rig.holds(creds());
      };
      expect(kills('DELETE', '/v1/sys/auth/approle')).to.equal(false);
      expect(kills('DELETE', '/v1/sys/auth/userpass', 'ns1/')).to.equal(false);
      expect(kills('DELETE', '/v1/sys/mounts/auth', 'ns2/')).to.equal(false);
      expect(told).to.deep.equal([]);
      expect(kills('DELETE', '/v1/sys/auth/approle', 'ns1/')).to.equal(true);
      expect(kills('PUT', '/v1/ns1/sys/leases/revoke-prefix/auth/approle/login')).to.equal(true);
      expect(kills('DELETE', '/v1/sys/namespaces/ns1')).to.equal(true);
      expect(told).to.deep.equal(['hvs.auto', 'hvs.auto', 'hvs.auto']);
    });

    it('changes nothing when the same token comes again (C-30)', () => {
      storeLease();
      rig.cache.adopt(tokenState('hvs.auto', { sequence: 2 }));
      expect(rig.holds(creds())).to.equal(true);
    });
  });

  it('shows entries without secrets', () => {
    storeLease();
    const [{ id, bytes, nextAt, ...view }] = [...rig.cache.entries()] as [EntryView];
    expect(view).to.deep.equal({
      kind: 'lease',
      path: '/v1/db/creds/a',
      namespace: '',
      storedAt: rig.clock.now(),
      expiresAt: rig.clock.now() + 3_600_000,
      renewals: 0,
      state: 'renewing',
      why: 'stored-lease',
      parent: 'identity default',
      children: 0,
      keys: 1,
    });
    expect(id).to.match(/^[0-9a-f]{24}$/);
    expect([bytes > 100, nextAt > rig.clock.now()]).to.deep.equal([true, true]);
    expect(rig.cache.clear({ type: 'id', value: id })).to.equal(1);
    expect(rig.cache.size).to.equal(0);
  });

  it('logs no token and no lease id', async () => {
    rig.vault.on('PUT', RENEW, { status: 403 }).on('GET', PROBE, { status: 403 });
    storeLease();
    rig.cache.clear({ type: 'lease', value: 'nothing-like-it' });
    await rig.clock.advance(3_600_000);
    expect(rig.log.lines.length).to.be.greaterThan(3);
    expect(rig.log.leaks(['hvs.auto', 'id-hvs.auto', 'nothing-like-it'])).to.deep.equal([]);
  });
});
