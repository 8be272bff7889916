import { expect } from 'chai';
import { digestOfText } from '../../../../core/cache/static/digest.js';
import { Reader, Readers } from '../../../../core/cache/static/readers.js';
import { Slot, type Content } from '../../../../core/cache/static/slot.js';
import type { StaticName } from '../../../../core/cache/static/name.js';
import { Secret } from '../../../../core/sdk/index.js';
import { settle } from '../../../../core/sdk/testing/index.js';
import { MINUTE, Rig, exchange, kv1, kv2, lookup, reply } from './fixture.js';

const A = '/v1/secret/data/a';
const B = '/v1/secret/data/b';
const LOOKUP = 'auth/token/lookup-self';
const CHECK = 'sys/capabilities-self';

describe('permission on static secrets', () => {
  let rig: Rig;
  const setUp = (...args: ConstructorParameters<typeof Rig>): void => {
    rig = new Rig(...args);
    rig.cache.start();
  };
  beforeEach(() => setUp());
  afterEach(() => rig.cache.stop());
  const allow = (paths: Record<string, string[]>): unknown =>
    rig.vault.on('POST', CHECK, { status: 200, body: { data: paths } });

  it("each token's first read goes upstream (S-3, R-10)", async () => {
    await rig.seed(A, kv2(1));
    const two = { token: 'hvs.two' };
    expect([rig.holds(A), rig.holds(A, two)]).to.deep.equal([true, false]);
    await rig.seed(A, kv2(1), two);
    expect([rig.holds(A, two), rig.holds(`${A}?version=1`, two)]).to.deep.equal([true, false]);
    expect(rig.cache.size).to.equal(1);
  });

  it("a client's own token is looked up only when it asks again, and served from then on (R-10)", async () => {
    const own = { identity: undefined };
    await rig.seed(A, kv2(1), own);
    expect(rig.calls(LOOKUP).length).to.equal(0);
    expect(rig.holds(A, own)).to.equal(false);
    await settle();
    expect(rig.holds(A, own)).to.equal(true);
    expect(rig.calls(LOOKUP).map(({ token }) => token!.reveal())).to.deep.equal(['hvs.one']);
  });

  it('a token with limited uses is never served, and nothing more is spent on it (R-10, D-56)', async () => {
    rig.vault.on('GET', LOOKUP, lookup({ num_uses: 5 }));
    const own = { identity: undefined };
    await rig.seed(A, kv2(1), own);
    for (let n = 0; n < 5; n++) {
      expect(rig.holds(A, own)).to.equal(false);
      await settle();
    }
    expect(rig.read(exchange('GET', A, own), kv2(1))).to.equal('use-limited');
    expect([...rig.cache.entries()].map(({ keys }) => keys)).to.deep.equal([0]);
    await rig.clock.advance(60 * MINUTE);
    expect([rig.calls(LOOKUP).length, rig.calls(CHECK).length]).to.deep.equal([1, 0]);
    expect(rig.rescues(A, own)).to.equal(false);
  });

  it('batch tokens carry no uses: they are looked up for their life at once', async () => {
    await rig.seed(A, kv2(1), { identity: undefined, token: 'hvb.AAAA' });
    expect(rig.holds(A, { identity: undefined, token: 'hvb.AAAA' })).to.equal(true);
  });

  it('a token that may not be looked up is not served, and not asked for again before the interval', async () => {
    rig.vault.on('GET', LOOKUP, { status: 403, body: { errors: [] } });
    await rig.seed(A, kv2(1));
    for (let n = 0; n < 3; n++) {
      expect(rig.holds(A)).to.equal(false);
      await settle();
    }
    expect(rig.calls(LOOKUP).length).to.equal(1);
  });

  it('is looked up where it lives: an own token in the configured namespace first, a used one where it was used', async () => {
    setUp({ namespace: 'team' });
    rig.vault.on('GET', LOOKUP, ({ call }) => ({
      headers: {},
      ...(call.namespace === '' ? lookup() : { status: 403, body: {} }),
    }));
    await rig.seed(A, kv2(1), { namespace: 'ns1/', token: 'hvb.b', identity: undefined });
    await rig.seed(A, kv2(1), { namespace: 'ns1/' });
    expect(rig.calls(LOOKUP).map(({ namespace }) => namespace)).to.deep.equal(['ns1/', 'team/', '', 'team/', 'ns1/']);
  });

  it('ends with the known life of the token, and begins again when it was renewed (R-10)', async () => {
    rig.vault.on('GET', LOOKUP, lookup({ ttl: 60, expire_time: 'x' }));
    await rig.seed(A, kv2(1));
    await rig.clock.advance(59_999);
    expect(rig.holds(A)).to.equal(true);
    await rig.clock.advance(1);
    expect(rig.holds(A)).to.equal(false);
    await settle();
    expect(rig.holds(A)).to.equal(true);
  });

  it('a token that the server shows with ttl 0 and an end is dead (R-8)', async () => {
    rig.vault.on('GET', LOOKUP, lookup({ ttl: 0, expire_time: '2026-01-01T00:00:00Z' }));
    await rig.seed(A, kv2(1));
    expect(rig.holds(A)).to.equal(false);
  });

  it('is checked again each interval, one question per token, and only taken away (R-10, S-10, S-11)', async () => {
    setUp({ config: { ttlMs: 60 * MINUTE } });
    allow({ 'secret/data/a': ['read'], 'secret/data/b': ['deny'], 'secret/data/c': ['read'] });
    await rig.seed(A, kv2(1));
    await rig.seed(B, kv2(1));
    await rig.clock.advance(5 * MINUTE - 1);
    expect([rig.calls(CHECK).length, rig.holds(B)]).to.deep.equal([0, true]);
    await rig.clock.advance(1);
    expect(rig.calls(CHECK).map(({ body }) => body)).to.deep.equal([{ paths: ['secret/data/a', 'secret/data/b'] }]);
    expect([rig.holds(A), rig.holds(B)]).to.deep.equal([true, false]);
    allow({ 'secret/data/a': ['read'], 'secret/data/b': ['read'] });
    await rig.clock.advance(5 * MINUTE);
    expect([rig.holds(A), rig.holds(B)]).to.deep.equal([true, false]);
    expect(rig.calls(CHECK).map(({ body }) => body)[1]).to.deep.equal({ paths: ['secret/data/a'] });
  });

  it('asks for at most 256 paths at once (R-10)', async () => {
    setUp({ config: { ttlMs: 60 * MINUTE } });
    rig.vault.on('POST', CHECK, ({ call }) => ({
      status: 200,
      headers: {},
      body: Object.fromEntries((call.body as { paths: string[] }).paths.map((path) => [path, ['read']])),
    }));
    for (let n = 0; n < 600; n++) rig.read(exchange('GET', `/v1/old/x%20${n}`), kv1());
    await settle();
    await rig.clock.advance(5 * MINUTE);
    const sizes = rig.calls(CHECK).map(({ body }) => (body as { paths: string[] }).paths.length);
    expect(sizes).to.deep.equal([256, 256, 88]);
    expect(rig.holds('/v1/old/x%20599')).to.equal(true);
  });

  it('a 403 ends all permissions of the token', async () => {
    setUp({ config: { ttlMs: 60 * MINUTE } });
    rig.vault.on('POST', CHECK, { status: 403, body: {} });
    await rig.seed(A, kv2(1));
    await rig.clock.advance(5 * MINUTE);
    expect(rig.holds(A)).to.equal(false);
    await rig.clock.advance(30 * MINUTE);
    expect(rig.calls(CHECK).length).to.equal(1);
  });

  for (const [behaviour, kept] of [
    ['optimistic', true],
    ['pessimistic', false],
  ] as const) {
    it(`when the check fails, ${behaviour} ${kept ? 'keeps and tries again' : 'drops'} (S-11)`, async () => {
      setUp({ config: { ttlMs: 60 * MINUTE, capabilityRefresh: behaviour } });
      rig.vault.down('POST', CHECK);
      await rig.seed(A, kv2(1));
      await rig.clock.advance(5 * MINUTE);
      expect(rig.holds(A)).to.equal(kept);
      await rig.clock.advance(5 * MINUTE);
      expect(rig.calls(CHECK).length).to.equal(kept ? 2 : 1);
    });
  }

  it('checks take the namespace of the token, and paths from there (D-42)', async () => {
    setUp({ config: { ttlMs: 60 * MINUTE } });
    await rig.seed(A, kv2(1), { namespace: 'ns1/', identity: 'default' });
    await rig.clock.advance(5 * MINUTE);
    expect(rig.calls(CHECK).map(({ namespace, body }) => [namespace, body])).to.deep.equal([
      ['', { paths: ['ns1/secret/data/a'] }],
    ]);
  });

  it('a renewed life is learned with the check, before the old one ends', async () => {
    setUp({ config: { ttlMs: 60 * MINUTE } });
    allow({ 'secret/data/a': ['read'] });
    rig.vault.on('GET', LOOKUP, lookup({ ttl: 480, expire_time: 'x' }));
    await rig.seed(A, kv2(1));
    await rig.clock.advance(9 * MINUTE);
    expect(rig.holds(A)).to.equal(true);
  });

  it('a read under way while its token is revoked gives no permission (R-1)', async () => {
    const asked = exchange('GET', A);
    rig.cache.recall(asked);
    const { epoch } = rig.cache;
    rig.change('POST', '/v1/auth/token/revoke-self');
    expect(rig.cache.remember(asked, reply(kv2(1)), epoch)).to.equal('raced');
  });

  it('is bounded: tokens, answers of a token, and all together', () => {
    const readers = new Readers(() => undefined, { tokens: 2, perToken: 2, grants: 3 });
    const slot = (key: string): Slot => new Slot({ key } as StaticName, {} as Content);
    const reader = (text: string): Reader =>
      new Reader({ digest: digestOfText(text), token: new Secret(text), namespace: '', own: false });
    const [one, two, three] = [reader('1'), reader('2'), reader('3')];
    const slots = [slot('a'), slot('b'), slot('c')];
    const read = { kind: 'read', at: 0 } as const;
    readers.keep(one);
    for (const each of slots) readers.grant(one, each, read);
    expect([[...one.slots.keys()], readers.grants]).to.deep.equal([slots.slice(1), 2]);
    readers.keep(two);
    for (const each of slots.slice(0, 2)) readers.grant(two, each, read);
    expect([readers.get(one.digest), readers.grants, slots[2]!.readers.size]).to.deep.equal([undefined, 2, 0]);
    readers.keep(one);
    readers.keep(three);
    expect([readers.size, readers.get(two.digest)]).to.deep.equal([2, undefined]);
  });
});
