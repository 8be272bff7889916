import { expect } from 'chai';
import type { Entry } from '../../../core/cache/entry.js';
import type { EntryRecord } from '../../../core/cache/record.js';
import type { LeaseCacheOptions } from '../../../core/cache/lease-cache.js';
import { Room } from '../../../core/cache/room.js';
import { CacheRig, authAnswer, exchange, leaseAnswer, tokenState } from './fixture.js';

const LOOKUP = 'sys/leases/lookup';

/** Remembers what a keeper is told. */
class Followed {
  readonly live = new Map<string, EntryRecord>();
  readonly gone: [string, string][] = [];
  constructor(rig: CacheRig) {
    const keep = (entry: Entry): void => void this.live.set(entry.id, rig.cache.record(entry));
    rig.cache.follow({
      added: keep,
      changed: keep,
      removed: (entries, why) => {
        for (const entry of entries) {
          this.live.delete(entry.id);
          this.gone.push([entry.path, why]);
        }
      },
    });
  }
}

describe('restoring', () => {
  let before: CacheRig;
  let followed: Followed;
  let rig: CacheRig;
  let restored: Followed;
  const creds = (name: string, token = 'hvs.auto') => exchange('GET', `/v1/db/creds/${name}`, { token });
  const login = (token: string) => exchange('POST', '/v1/auth/approle/login', { body: token });
  const again = async (more: Partial<LeaseCacheOptions> = {}, afterMs = 0): Promise<void> => {
    before.cache.stop();
    rig = new CacheRig(more);
    await rig.clock.advance(afterMs);
    restored = new Followed(rig);
    rig.vault.on('PUT', LOOKUP, { status: 200, body: { data: { ttl: 1800 } } });
    rig.vault.on('GET', 'auth/token/lookup-self', { status: 200, body: { data: { ttl: 1800 } } });
  };
  const records = () => [...followed.live.values()];
  beforeEach(() => {
    before = new CacheRig();
    followed = new Followed(before);
    before.cache.adopt(tokenState('hvs.auto'));
    before.store(creds('a'), leaseAnswer('db/creds/a/1'));
    before.store(login('hvs.l'), authAnswer('hvs.l'));
    before.store(creds('b', 'hvs.l'), leaseAnswer('db/creds/b/1'));
  });
  afterEach(() => rig?.cache.stop());

  it('waits for the identity with that very token, and looks all up before the first hit (R-15, R-8)', async () => {
    await again({}, 60_000);
    expect([rig.cache.restore(records().reverse()), rig.cache.size]).to.deep.equal([3, 2]);
    expect(rig.held(creds('a'))).to.equal(undefined);
    rig.cache.adopt(tokenState('hvs.auto'));
    expect([rig.cache.size, rig.held(creds('a')), rig.holds(creds('a'))]).to.deep.equal([3, 'suspect', false]);
    await rig.seek(creds('a'));
    await rig.seek(creds('b', 'hvs.l'));
    expect([rig.hit(creds('a')).lease_duration, rig.holds(creds('b', 'hvs.l'))]).to.deep.equal([1799, true]);
    expect([...rig.cache.entries()].map(({ why }) => why)).to.deep.equal(Array(3).fill('restored'));
    expect(restored.gone).to.deep.equal([]);
  });

  it('drops what hangs on another token of the identity, and tells the keeper so that no record stays (D-66)', async () => {
    await again();
    rig.cache.restore(records());
    rig.cache.adopt(tokenState('hvs.new'));
    expect([rig.cache.size, restored.gone]).to.deep.equal([2, [['/v1/db/creds/a', 'retired']]]);
  });

  it('an answer does not become young again by a restart: login_max_age and max_age count from its birth (R-12, D-55)', async () => {
    const paths = [{ glob: 'db/creds/a', cache: true, maxAgeMs: 60_000 }] as never;
    await again({ loginMaxAgeMs: 60_000, paths }, 59_000);
    rig.cache.adopt(tokenState('hvs.auto'));
    rig.cache.restore(records());
    for (const request of [login('hvs.l'), creds('a'), creds('b', 'hvs.l')]) await rig.seek(request);
    expect([login('hvs.l'), creds('a'), creds('b', 'hvs.l')].map((one) => rig.holds(one))).to.deep.equal(
      Array(3).fill(true),
    );
    await rig.clock.advance(1_000);
    expect([login('hvs.l'), creds('a'), creds('b', 'hvs.l')].map((one) => rig.holds(one))).to.deep.equal([
      false,
      false,
      true,
    ]);
  });

  it('what was removed since the start does not come in, whether it waits for its identity or has not been read yet (R-1, R-15)', async () => {
    const role = exchange('POST', '/v1/auth/approle/role/app', { token: 'hvs.x' });
    for (const late of [true, false]) {
      await again();
      if (!late) rig.cache.restore(records());
      rig.sends(exchange('PUT', '/v1/sys/leases/revoke-prefix/db/creds/a', { token: 'hvs.x' }), 204);
      rig.cache.adopt(tokenState('hvs.auto'));
      if (late) {
        rig.sends(role, 204);
        rig.cache.restore(records());
      }
      expect(restored.gone.find(([path]) => path.endsWith('/a'))).to.deep.equal(['/v1/db/creds/a', 'revoked']);
      expect(rig.held(login('hvs.l'))).to.equal(late ? undefined : 'suspect');
      rig.cache.stop();
    }
  });

  it('takes records that come after the login too', async () => {
    await again();
    rig.cache.adopt(tokenState('hvs.auto'));
    expect([rig.cache.restore(records()), rig.cache.size]).to.deep.equal([3, 3]);
  });

  it('drops what died meanwhile, with what hung on it', async () => {
    await again({}, 3_700_000);
    expect(rig.cache.restore(records())).to.equal(0);
    expect(restored.gone.map(([, why]) => why)).to.deep.equal(['expired', 'expired', 'expired']);
  });

  it('keeps one of several records of one lease, the newest, whatever their ids (D-16)', async () => {
    await again();
    const [lease] = records();
    const older = { ...lease!, id: 'older', expiresAt: lease!.expiresAt - 1000, path: '/old' };
    rig.cache.adopt(tokenState('hvs.auto'));
    expect(rig.cache.restore([older, lease!, older])).to.equal(1);
    expect([rig.cache.size, [...rig.cache.entries()][0]!.id]).to.deep.equal([1, lease!.id]);
    expect(restored.gone).to.deep.equal([
      ['/old', 'replaced'],
      ['/old', 'replaced'],
    ]);
  });

  it('gives way to what was stored since the start', async () => {
    await again();
    rig.cache.adopt(tokenState('hvs.auto'));
    rig.store(creds('a'), leaseAnswer('db/creds/a/1', 100));
    rig.cache.restore(records().slice(0, 1));
    expect([rig.cache.size, rig.hit(creds('a')).lease_duration, restored.gone]).to.deep.equal([
      1,
      100,
      [['/v1/db/creds/a', 'replaced']],
    ]);
  });

  it('drops a child whose parent has no record, and keeps one that became an orphan (D-52)', async () => {
    const body = '{"token":"hvs.l"}';
    before.store(exchange('POST', '/v1/auth/token/create', { token: 'hvs.l' }), authAnswer('hvs.c', { orphan: false }));
    const withParent = records().find(({ token }) => token === 'hvs.c')!;
    before.sends(exchange('POST', '/v1/auth/token/revoke-orphan', { token: 'hvs.x', body }), 204);
    await again();
    expect(rig.cache.restore([withParent])).to.equal(0);
    expect(restored.gone).to.deep.equal([['/v1/auth/token/create', 'lost']]);
    expect(rig.cache.restore(records().filter(({ token }) => token === 'hvs.c'))).to.equal(1);
    expect([...rig.cache.entries()].map(({ parent }) => parent)).to.deep.equal(['']);
  });

  it('renews from absolute times; what is late is spread and not one burst', async () => {
    let seed = 1;
    await again({ random: () => ((seed = (seed * 48_271) % 2_147_483_647), seed / 2_147_483_647) }, 2_800_000);
    rig.cache.adopt(tokenState('hvs.auto'));
    const [lease] = records();
    const many = Array.from({ length: 300 }, (_, at) => ({
      ...lease!,
      id: `i${at}`,
      lease: `db/creds/a/${at}`,
      keys: [`k${at}`],
    }));
    expect(rig.cache.restore(many)).to.equal(300);
    const due = [...rig.cache.entries()].map(({ nextAt }) => nextAt - rig.clock.now());
    expect([Math.min(...due) >= 0, Math.max(...due) <= 60_000, new Set(due).size > 250]).to.deep.equal([
      true,
      true,
      true,
    ]);
    const early = new CacheRig();
    early.cache.adopt(tokenState('hvs.auto'));
    early.cache.restore([lease!]);
    expect([...early.cache.entries()][0]!.nextAt - early.clock.now()).to.equal(2_580_000);
    early.cache.stop();
  });

  it('stops at the limits of the room', async () => {
    await again({ room: new Room({ maxEntries: 1, maxBytes: 0 }) });
    rig.cache.adopt(tokenState('hvs.auto'));
    expect([rig.cache.restore(records()), rig.cache.size]).to.deep.equal([1, 1]);
  });

  it('cache-clear reaches what still waits for its identity', async () => {
    await again();
    rig.cache.restore(records());
    rig.cache.clear({ type: 'request_path', value: '/v1/db/creds/a', namespace: '' });
    rig.cache.adopt(tokenState('hvs.auto'));
    expect([rig.cache.size, restored.gone]).to.deep.equal([2, [['/v1/db/creds/a', 'cleared']]]);
  });

  it('an answer rendered and renewed before the restart comes back as it was', async () => {
    await before.clock.advance(1_000_000);
    before.hit(creds('a'));
    before.vault.on('PUT', 'sys/leases/renew', { status: 200, body: leaseAnswer('x', 7200) });
    before.vault.on('PUT', 'auth/token/renew-self', { status: 200, body: authAnswer('x') });
    await before.clock.advance(1_700_000);
    const record = [...followed.live.values()].find(({ path }) => path.endsWith('/a'))!;
    expect(record.renewals).to.equal(1);
    await again({}, 2_700_000);
    rig.cache.adopt(tokenState('hvs.auto'));
    rig.cache.restore([record]);
    await rig.seek(creds('a'));
    expect(rig.hit(creds('a'))).to.deep.equal(leaseAnswer('db/creds/a/1', 1799));
  });
});
