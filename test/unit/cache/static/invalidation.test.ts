import { expect } from 'chai';
import type { ByteStream } from '../../../../core/contracts/exchange.js';
import { settle } from '../../../../core/sdk/testing/index.js';
import { Rig, exchange, kv1, kv2, lookup, reply } from './fixture.js';

const DATA = '/v1/secret/data/app/a';
const FAMILY = [DATA, `${DATA}?version=1`, '/v1/secret/metadata/app/a', '/v1/secret/subkeys/app/a'];
const LISTS = ['/v1/secret/metadata/app?list=true', '/v1/secret/metadata?list=true'];
const OTHERS = ['/v1/secret/data/app/b', '/v1/secret/metadata/other?list=true', '/v1/old/x'];

describe('invalidation of static secrets', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    for (const target of [...FAMILY, ...LISTS, ...OTHERS]) await rig.seed(target, kv1());
    expect(rig.cache.size).to.equal(9);
  });
  afterEach(() => rig.cache.stop());
  const held = (targets: readonly string[]): number => targets.filter((target) => rig.holds(target)).length;

  for (const [method, target] of [
    ['POST', DATA],
    ['PUT', DATA],
    ['PATCH', DATA],
    ['DELETE', DATA],
    ['DELETE', '/v1/secret/metadata/app/a'],
    ['POST', '/v1/secret/metadata/app/a'],
    ['POST', '/v1/secret/delete/app/a'],
    ['PUT', '/v1/secret/undelete/app/a'],
    ['POST', '/v1/secret/destroy/app/a'],
    ['POST', '/v1/secret/d%61ta/app%2Fa'],
    ['POST', '/v1//secret/data//app/a/'],
    ['POST', '/v1/old/../secret/./data/app/x/%2e%2e/a'],
  ] as const) {
    it(`${method} ${target} drops all endpoints of the secret and the lists above it (D-67, D-69, R-11)`, () => {
      expect(rig.change(method, target)).to.equal(true);
      expect([held(FAMILY), held(LISTS), held(OTHERS)]).to.deep.equal([0, 0, 3]);
    });
  }

  for (const [status, dropped] of [
    [200, true],
    [204, true],
    [307, true],
    [500, true],
    [504, true],
    [undefined, true],
    [400, false],
    [403, false],
    [404, false],
  ] as const) {
    it(`an outcome of ${status ?? 'nothing'} ${dropped ? 'drops' : 'keeps'} (R-11)`, () => {
      rig.change('POST', DATA, { status });
      expect(held(FAMILY)).to.equal(dropped ? 0 : 4);
    });
  }

  it('what was sent before a write ended is not stored, what is sent after it is (R-1)', () => {
    const write = exchange('POST', DATA);
    const early = rig.cache.epoch;
    const watch = rig.cache.watch(write)!;
    watch.sent(write);
    const during = rig.cache.epoch;
    const read = (epoch: number, target = DATA): string =>
      rig.cache.remember(exchange('GET', target), reply(kv2(2)), epoch);
    expect([read(early), read(during), read(during, OTHERS[0])]).to.deep.equal(['raced', 'raced', 'stored-static']);
    watch.ended(204, undefined);
    expect([read(early), read(during), read(rig.cache.epoch)]).to.deep.equal(['raced', 'raced', 'stored-static']);
  });

  for (const path of ['sys/mounts/x/tune', 'sys/policy/x', 'auth/token/revoke', 'sys/leases/revoke', 'sys/mounts/x']) {
    it(`a secret whose own path is ${path} is dropped by a write to it (R-11)`, async () => {
      await rig.seed(`/v1/kv/${path}`, kv1());
      rig.change('POST', `/v1/kv/${path}`);
      expect(rig.holds(`/v1/kv/${path}`)).to.equal(false);
      await rig.seed(`/v1/kv/${path}`, kv1());
      rig.change('DELETE', `/v1/kv/${path}`);
      expect(rig.holds(`/v1/kv/${path}`)).to.equal(false);
    });
  }

  it('hostile paths are judged in linear time', () => {
    for (const word of ['/sys/mounts/', '/sys/policy', '/data', '/sys/storage/raft/', '/..', '%2F', '/identity/']) {
      const asked = exchange('POST', `/v1${word.repeat(20_000)}`);
      const watch = rig.cache.watch(asked);
      watch?.sent(asked);
      watch?.ended(204, undefined);
    }
    expect(rig.cache.size).to.equal(9);
  });

  it('goes on serving the old answer until the write has ended', () => {
    const write = exchange('POST', DATA);
    const watch = rig.cache.watch(write)!;
    watch.sent(write);
    expect(held([DATA])).to.equal(1);
    watch.ended(204, undefined);
    expect(held([DATA])).to.equal(0);
  });

  it('a write in a namespace means that namespace, however it is given (D-42)', async () => {
    await rig.seed(DATA, kv2(1), { namespace: 'ns1/' });
    rig.change('POST', '/v1/ns1/secret/data/app/a');
    expect([rig.holds(DATA, { namespace: 'ns1/' }), rig.holds(DATA)]).to.deep.equal([false, true]);
    await rig.seed('/v1/ns1/secret/data/app/a', kv2(1));
    rig.change('POST', DATA, { status: 204, wishes: { namespace: 'ns1/' } });
    expect(rig.holds(DATA, { namespace: 'ns1/' })).to.equal(false);
  });

  for (const [method, target, body] of [
    ['DELETE', '/v1/sys/mounts/secret', ''],
    ['DELETE', '/v1/sys/mounts/secret/', ''],
    ['POST', '/v1/sys/mounts/x/../secret/tune/', '{"options":{"version":"2"}}'],
    ['POST', '/v1/sys/remount', '{"from":"secret","to":"moved"}'],
    ['POST', '/v1/secret/config', '{"max_versions":1}'],
  ] as const) {
    it(`${method} ${target} drops what lies in the mount (R-11)`, () => {
      rig.change(method, target, { status: 204, wishes: { body } });
      expect([held(FAMILY), held(LISTS), held(OTHERS), rig.holds('/v1/old/x')]).to.deep.equal([0, 0, 1, true]);
    });
  }

  it('the end of a namespace drops all of it and all permissions (R-11)', async () => {
    await rig.seed('/v1/ns1/secret/data/a', kv2(1));
    rig.change('DELETE', '/v1/sys/namespaces/ns1');
    expect([rig.cache.size, held(FAMILY)]).to.deep.equal([9, 0]);
  });

  it('a restored snapshot drops everything', () => {
    rig.change('POST', '/v1/sys/storage/raft/snapshot-force', { status: 204 });
    expect(rig.cache.size).to.equal(0);
  });

  it('reads, logins and requests that change no secret are not watched', () => {
    for (const [method, target] of [
      ['GET', DATA],
      ['LIST', '/v1/secret/metadata'],
      ['HEAD', DATA],
      ['POST', '/v1/auth/approle/login'],
      ['POST', '/v1/sys/capabilities-self'],
      ['POST', '/v1/identity/lookup/entity'],
      ['POST', '/ui/x'],
    ] as const) {
      expect(rig.change(method, target), target).to.equal(false);
    }
    expect(held(FAMILY)).to.equal(4);
  });

  for (const [name, method, target, body] of [
    ['itself', 'POST', '/v1/auth/token/revoke-self', ''],
    ['by body', 'POST', '/v1/auth/token/revoke', '{"token":"hvs.one"}'],
    ['by body, orphaning', 'PUT', '/v1/auth/token/revoke-orphan', '{"token":"hvs.one"}'],
    ['by accessor', 'POST', '/v1/auth/token/revoke-accessor', '{"accessor":"acc-one"}'],
    ['by an encoded path', 'POST', '/v1/auth/token/%72evoke', '{"token":"hvs.one"}'],
  ] as const) {
    it(`a token revoked ${name} loses its permissions, orphans keep theirs (R-11)`, async () => {
      rig.vault.on('GET', 'auth/token/lookup-self', ({ call }) => ({
        headers: {},
        ...lookup({ accessor: call.token!.reveal() === 'hvs.one' ? 'acc-one' : 'acc-two' }),
      }));
      rig.cache.clear({ type: 'all' });
      for (const token of ['hvs.one', 'hvs.two']) await rig.seed(DATA, kv2(1), { token });
      rig.change(method, target, { status: 204, wishes: { body } });
      expect([rig.holds(DATA), rig.holds(DATA, { token: 'hvs.two' })]).to.deep.equal([false, true]);
    });
  }

  it('tokens that may be children of a revoked one prove themselves anew (D-8)', async () => {
    rig.vault.on('GET', 'auth/token/lookup-self', lookup({ orphan: false }));
    await rig.seed(DATA, kv2(1), { token: 'hvs.child' });
    const child = (): boolean => rig.holds(DATA, { token: 'hvs.child' });
    expect(child()).to.equal(true);
    rig.change('POST', '/v1/auth/token/revoke', { status: 204, wishes: { body: '{"token":"hvs.parent"}' } });
    expect([child(), held([DATA])]).to.deep.equal([false, 1]);
    await rig.seed(DATA, kv2(1), { token: 'hvs.child' });
    expect(child()).to.equal(true);
  });

  for (const [method, target] of [
    ['DELETE', '/v1/sys/auth/approle'],
    ['PUT', '/v1/sys/leases/revoke-prefix/auth/userpass'],
    ['PUT', '/v1/sys/leases/revoke/auth/userpass/login/x/h1'],
    ['PUT', '/v1/sys/policies/acl/reader'],
    ['DELETE', '/v1/ns1/sys/policy/reader'],
    ['POST', '/v1/identity/entity/id/x'],
    ['POST', '/v1/identity/group'],
  ] as const) {
    it(`${method} ${target} takes all permissions, and each token's next read proves them anew`, async () => {
      rig.change(method, target);
      expect([held(FAMILY), rig.cache.size]).to.deep.equal([0, 9]);
      await rig.seed(DATA, kv2(1));
      expect(rig.holds(DATA)).to.equal(true);
    });
  }

  it('a revocation whose body cannot be read takes all permissions; one with an odd body takes none (D-38)', () => {
    const odd = exchange('POST', '/v1/auth/token/revoke', { body: '[1]' });
    const oddWatch = rig.cache.watch(odd)!;
    expect(oddWatch.bodies).to.equal(true);
    oddWatch.sent(odd);
    oddWatch.ended(204, undefined);
    expect(held(FAMILY)).to.equal(4);
    const stream = { ...exchange('POST', '/v1/auth/token/revoke'), body: {} as ByteStream };
    const watch = rig.cache.watch(stream)!;
    watch.sent(stream);
    watch.ended(204, undefined);
    expect(held(FAMILY)).to.equal(0);
  });

  describe('by cache-clear', () => {
    for (const value of ['/v1/secret/data/app', 'secret/data/app', 'v1/secret/data/app', '/secret/data/app']) {
      it(`request_path ${value}: both spellings are one (D-60)`, () => {
        expect(rig.cache.clear({ type: 'request_path', value, namespace: '' })).to.equal(3);
        expect([held(FAMILY), held(OTHERS)]).to.deep.equal([2, 2]);
      });
    }
    it('request_path in another namespace finds nothing (D-57)', async () => {
      expect(rig.cache.clear({ type: 'request_path', value: '/v1/secret', namespace: 'ns1' })).to.equal(0);
      await rig.seed(DATA, kv2(1), { namespace: 'ns1/' });
      expect(rig.cache.clear({ type: 'request_path', value: '/v1/secret', namespace: '/ns1' })).to.equal(1);
    });
    it("token and token_accessor take the token's permissions away (D-60)", async () => {
      expect(rig.cache.clear({ type: 'token', value: 'hvs.one' })).to.equal(9);
      expect([held(FAMILY), rig.cache.size]).to.deep.equal([0, 9]);
      await rig.seed(DATA, kv2(1));
      await settle();
      expect(rig.cache.clear({ type: 'token_accessor', value: 'acc' })).to.equal(1);
      expect(rig.holds(DATA)).to.equal(false);
      expect(rig.cache.clear({ type: 'token', value: 'hvs.unknown' })).to.equal(0);
      expect(rig.cache.clear({ type: 'lease', value: 'a/b/c' })).to.equal(0);
    });
    it('id takes one, all takes all', () => {
      const [view] = rig.cache.entries();
      expect(rig.cache.clear({ type: 'id', value: view!.id })).to.equal(1);
      expect(rig.cache.clear({ type: 'all' })).to.equal(8);
      expect([rig.cache.size, rig.room.entries, rig.room.bytes]).to.deep.equal([0, 0, 0]);
    });
    it('all: what is under way is not stored (R-1)', () => {
      const { epoch } = rig.cache;
      rig.cache.clear({ type: 'all' });
      expect(rig.cache.remember(exchange('GET', DATA), reply(kv2(1)), epoch)).to.equal('raced');
    });
  });
});
