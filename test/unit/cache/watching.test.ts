import { expect } from 'chai';
import { loginsDroppedBy, mayWriteAuth } from '../../../core/cache/auth-write.js';
import { CacheRig, authAnswer, exchange, leaseAnswer, tokenState } from './fixture.js';

describe('watches', () => {
  let rig: CacheRig;
  beforeEach(() => {
    rig = new CacheRig();
    rig.cache.adopt(tokenState('hvs.auto'), { home: { namespace: '', path: 'auth/approle/login' } });
  });
  afterEach(() => rig.cache.stop());
  const creds = (name = 'a', token = 'hvs.auto') => exchange('GET', `/v1/db/creds/${name}`, { token });
  const lease = (name = 'a') => leaseAnswer(`db/creds/${name}/1`);
  const storeLease = (name = 'a', token?: string, epoch?: number) => rig.store(creds(name, token), lease(name), epoch);
  const login = (token: string, mount = 'approle') => exchange('POST', `/v1/auth/${mount}/login`, { body: token });
  const storeLogin = (token: string, mount?: string) => rig.store(login(token, mount), authAnswer(token));
  const json = (fields: object): string => JSON.stringify(fields);
  const revoke = (id: string) =>
    exchange('PUT', '/v1/sys/leases/revoke', { token: 'hvs.x', body: json({ lease_id: id }) });

  it('are over nothing else', () => {
    const none = [
      creds(),
      login('hvs.l'),
      exchange('POST', '/v1/secret/data/app', { body: '{}' }),
      exchange('PUT', '/v1/sys/policies/acl/a'),
      exchange('POST', '/v1/auth/token/create'),
      exchange('GET', '/v1/auth/approle/role/a'),
    ];
    for (const request of none) expect(rig.cache.watch(request), request.path).to.equal(undefined);
  });

  it('tell whether they need bodies', () => {
    const bodies = (method: string, path: string) => rig.cache.watch(exchange(method, path))?.bodies;
    expect(bodies('PUT', '/v1/sys/leases/revoke')).to.equal(true);
    expect(bodies('PUT', '/v1/sys/leases/renew')).to.equal(true);
    expect(bodies('DELETE', '/v1/sys/mounts/db')).to.equal(false);
    expect(bodies('POST', '/v1/auth/approle/role/a')).to.equal(false);
  });

  for (const status of [200, 202, 204, 500, 503, undefined])
    it(`a revocation evicts with ${status ?? 'no answer at all'} (D-10, R-11)`, () => {
      storeLease();
      rig.sends(revoke('db/creds/a/1'), status);
      expect([rig.cache.size, rig.evictions]).to.deep.equal([0, { revoked: 1 }]);
    });

  for (const status of [307, 400, 403, 404, 429])
    it(`a revocation that was refused with ${status} evicts nothing: a failed sync revocation is a 400 (R-11)`, () => {
      storeLease();
      rig.sends(revoke('db/creds/a/1'), status);
      expect(rig.holds(creds())).to.equal(true);
    });

  it('a watch whose request was never sent does nothing, and one that ended twice neither (D-53)', () => {
    storeLease();
    const watch = rig.cache.watch(revoke('db/creds/a/1'))!;
    watch.ended(undefined, undefined);
    expect(rig.holds(creds())).to.equal(true);
    watch.sent(revoke('db/creds/a/1'));
    watch.ended(204, undefined);
    watch.ended(204, undefined);
    expect(rig.cache.size).to.equal(0);
  });

  it('an unclear outcome evicts but does not make an identity log in anew; a sure one does (D-15)', () => {
    const told: string[] = [];
    rig = new CacheRig({ onIdentityRevoked: (token) => told.push(token.reveal()) });
    rig.cache.adopt(tokenState('hvs.auto'));
    const self = exchange('POST', '/v1/auth/token/revoke-self', { token: 'hvs.auto' });
    rig.sends(self, 502);
    expect(told).to.deep.equal([]);
    rig.sends(self, 204);
    expect(told).to.deep.equal(['hvs.auto']);
  });

  it('a remount whose source begins with a namespace kills what lies below it there (R-11)', () => {
    rig.store(exchange('GET', '/v1/db/creds/a', { token: 'hvs.auto', namespace: 'ns1/' }), lease());
    storeLease('b');
    rig.sends(exchange('POST', '/v1/sys/remount', { token: 'hvs.x', body: json({ from: 'ns1/db', to: 'db2' }) }), 200);
    expect([...rig.cache.entries()].map(({ path }) => path)).to.deep.equal(['/v1/db/creds/b']);
  });

  describe('where a token that was handed in was made, or its accessor, is unknown (R-1, R-13)', () => {
    const doubtful: [string, Parameters<CacheRig['sends']>[0]][] = [
      ['an accessor', exchange('POST', '/v1/auth/token/revoke-accessor', { body: json({ accessor: 'acc-unknown' }) })],
      ['the logins of a mount', exchange('PUT', '/v1/sys/leases/revoke-prefix/auth/userpass')],
      ['an auth method', exchange('DELETE', '/v1/sys/auth/userpass')],
      ['a namespace', exchange('DELETE', '/v1/sys/namespaces/ns1')],
    ];
    for (const [name, request] of doubtful) {
      it(`its leases are looked up before their next hit when ${name} was revoked`, () => {
        rig = new CacheRig();
        rig.cache.adopt(tokenState('hvs.given', { accessor: '' }));
        storeLease('a', 'hvs.given');
        rig.sends(request, 204);
        expect([rig.held(creds('a', 'hvs.given')), rig.cache.size]).to.deep.equal(['suspect', 1]);
      });
    }

    it('what is known not to be meant is not doubted', () => {
      storeLease();
      for (const [, request] of doubtful) rig.sends(request, 204);
      rig.sends(exchange('PUT', '/v1/sys/leases/revoke-prefix/db2'), 204);
      expect(rig.held(creds())).to.equal('fresh');
    });
  });

  describe('the race of store and eviction (R-1)', () => {
    const revokeToken = exchange('POST', '/v1/auth/token/revoke', { token: 'hvs.x', body: json({ token: 'hvs.l' }) });
    const touching: [string, Parameters<CacheRig['sends']>[0]][] = [
      ['its lease', revoke('db/creds/a/1')],
      ['a prefix it lies under', exchange('PUT', '/v1/sys/leases/revoke-prefix/db')],
      ['its mount', exchange('DELETE', '/v1/sys/mounts/db')],
      ['its owner token', revokeToken],
      [
        "its owner's accessor",
        exchange('POST', '/v1/auth/token/revoke-accessor', { token: 'hvs.x', body: json({ accessor: 'acc-hvs.l' }) }),
      ],
      ["its owner's auth method", exchange('DELETE', '/v1/sys/auth/approle')],
    ];
    for (const [name, request] of touching) {
      it(`an answer under way while ${name} is revoked is not stored, whatever the order of the answers`, () => {
        storeLogin('hvs.l');
        const { epoch } = rig.cache;
        const watch = rig.cache.watch(request)!;
        watch.sent(request);
        expect(storeLease('a', 'hvs.l', epoch), 'while under way').to.equal('raced');
        const meanwhile = rig.cache.epoch;
        watch.ended(400, undefined);
        expect(storeLease('a', 'hvs.l', epoch), 'sent before').to.equal('raced');
        expect(storeLease('a', 'hvs.l', meanwhile), 'sent meanwhile').to.equal('raced');
        expect(storeLease('a', 'hvs.l'), 'sent afterwards').to.equal('stored-lease');
      });
    }

    const apart: [string, Parameters<CacheRig['sends']>[0]][] = [
      ['another lease', revoke('db/creds/b/1')],
      ['another mount', exchange('DELETE', '/v1/sys/mounts/db2')],
      ['a prefix in another namespace', exchange('PUT', '/v1/sys/leases/revoke-prefix/db', { namespace: 'ns1/' })],
      ['another token', exchange('POST', '/v1/auth/token/revoke', { token: 'hvs.x', body: json({ token: 'hvs.y' }) })],
    ];
    for (const [name, request] of apart) {
      it(`the revocation of ${name} does not hinder it`, () => {
        storeLogin('hvs.l');
        const { epoch } = rig.cache;
        rig.sends(request, 204);
        expect(storeLease('a', 'hvs.l', epoch)).to.equal('stored-lease');
      });
    }

    it('cache-clear and the change of an identity set tombstones too', () => {
      let { epoch } = rig.cache;
      rig.cache.clear({ type: 'lease', value: 'db/creds/a/1' });
      expect(storeLease('a', 'hvs.auto', epoch)).to.equal('raced');
      rig.cache.adopt(tokenState('hvs.auto', { identity: 'twin' }));
      epoch = rig.cache.epoch;
      rig.cache.adopt(tokenState('hvs.new', { sequence: 2 }));
      expect(storeLease('a', 'hvs.auto', epoch)).to.equal('raced');
    });

    it('more removals than are remembered count as touching everything older', () => {
      const { epoch } = rig.cache;
      for (let at = 0; at < 1100; at++) rig.sends(revoke(`db/creds/x/${at}`), 204);
      expect(storeLease('a', 'hvs.auto', epoch)).to.equal('raced');
      expect(storeLease()).to.equal('stored-lease');
    });
  });

  it('revoke-orphan: own leases go, children stay with a life of their own and are told as changed (D-53, D-52)', () => {
    const changed: string[] = [];
    storeLogin('hvs.top');
    storeLease('top', 'hvs.top');
    rig.store(
      exchange('POST', '/v1/auth/token/create', { token: 'hvs.top' }),
      authAnswer('hvs.mid', { orphan: false }),
    );
    storeLease('mid', 'hvs.mid');
    rig.cache.follow({ added: () => undefined, removed: () => undefined, changed: ({ token }) => changed.push(token) });
    const body = json({ token: 'hvs.top' });
    rig.sends(exchange('POST', '/v1/auth/token/revoke-orphan', { token: 'hvs.x', body }), 204);
    rig.sends(exchange('POST', '/v1/auth/token/revoke-orphan', { token: 'hvs.x', body }), 204);
    expect([rig.holds(creds('top', 'hvs.top')), rig.holds(creds('mid', 'hvs.mid'))]).to.deep.equal([false, true]);
    expect(changed).to.deep.equal(['hvs.mid']);
    expect([...rig.cache.entries()].find(({ path }) => path.endsWith('create'))!.parent).to.equal('');
  });

  it('writes below an auth mount drop its cached logins; their tokens stay managed (R-12)', () => {
    storeLogin('hvs.l');
    storeLogin('hvs.u', 'userpass');
    storeLease('a', 'hvs.l');
    rig.sends(exchange('POST', '/v1/auth/approle/role/app', { token: 'hvs.x' }), 403);
    expect(rig.holds(login('hvs.l'))).to.equal(true);
    rig.sends(exchange('POST', '/v1/auth/approle/role/app', { token: 'hvs.x' }), 204);
    expect([rig.holds(login('hvs.l')), rig.holds(login('hvs.u', 'userpass'))]).to.deep.equal([false, true]);
    expect([rig.holds(creds('a', 'hvs.l')), storeLease('b', 'hvs.l')]).to.deep.equal([true, 'stored-lease']);
  });

  it('a login under way while its role is written is not stored (R-12, R-1)', () => {
    const { epoch } = rig.cache;
    rig.sends(exchange('PUT', '/v1/auth/approle/config', { token: 'hvs.x' }), 204);
    expect(rig.store(login('hvs.l'), authAnswer('hvs.l'), epoch)).to.equal('raced');
  });

  const writes: [string, string, string | undefined][] = [
    ['POST', '/v1/auth/approle/role/app', 'auth/approle/role/app'],
    ['DELETE', '/v1/auth/userpass/users/joe', 'auth/userpass/users/joe'],
    ['PATCH', '/v1/ns1/auth/team/jwt/config', 'auth/team/jwt/config'],
    ['POST', '/v1/%61uth/approle/config', 'auth/approle/config'],
    ['POST', '/v1/auth/token/roles/app', 'auth/token/roles/app'],
    ['POST', '/v1/auth/oidc/config', 'auth/oidc/config'],
    ['POST', '/v1/auth/oidc/role/app', 'auth/oidc/role/app'],
    ['POST', '/v1/auth/oidc/oidc/auth_url', undefined],
    ['POST', '/v1/auth/approle/login', undefined],
    ['POST', '/v1/auth/userpass/login/joe', undefined],
    ['POST', '/v1/auth/token/create', undefined],
    ['POST', '/v1/sys/auth/approle', undefined],
    ['GET', '/v1/auth/approle/role/app', undefined],
  ];
  for (const [method, path, want] of writes) {
    it(`${method} ${path} ${want === undefined ? 'drops no logins' : 'drops logins'} (R-12)`, () => {
      const request = { method, path, query: '', namespace: '', token: '', body: new Uint8Array(0) };
      const dropped = loginsDroppedBy(request);
      expect(dropped?.by === 'logins' ? dropped.path : undefined).to.equal(want);
      expect(mayWriteAuth(method, path)).to.equal(want !== undefined);
    });
  }

  it("a client's renewal is never stored and moves the expiry, of a token by accessor too (D-1, R-5)", () => {
    storeLogin('hvs.l');
    const body = json({ accessor: 'acc-hvs.l', increment: 60 });
    const renew = exchange('POST', '/v1/auth/token/renew-accessor', { token: 'hvs.x', body });
    expect(rig.cache.bypass(renew)).to.equal('token-upkeep');
    rig.sends(renew, 200, authAnswer('hvs.l', { lease_duration: 60 }));
    const auth = rig.hit(login('hvs.l')).auth as { lease_duration: number };
    expect(auth.lease_duration).to.equal(60);
  });
});
