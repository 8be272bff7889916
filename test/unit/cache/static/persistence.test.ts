import { expect } from 'chai';
import { recordKey } from '../../../../core/cache/static/archive.js';
import { settle } from '../../../../core/sdk/testing/index.js';
import { JournalFake, MINUTE, Rig, bodyOf, exchange, kv2, reply } from './fixture.js';

const A = '/v1/secret/data/a';
const B = '/v1/secret/data/b';
const CHECK = 'sys/capabilities-self';

describe('static secrets in the journal', () => {
  const config = { ttlMs: MINUTE, staleIfErrorMs: 30 * MINUTE };
  let journal: JournalFake;
  let rig: Rig;
  beforeEach(async () => {
    journal = new JournalFake();
    rig = new Rig({ config, journal });
    await rig.seed(A, kv2(1));
    await rig.seed(B, kv2(1));
  });
  afterEach(() => rig.cache.stop());
  const restart = (more: ConstructorParameters<typeof Rig>[0] = {}): JournalFake => {
    const { records } = journal;
    rig.cache.stop();
    const next = new JournalFake();
    rig = new Rig({ config, journal: next, clock: rig.clock, ...more });
    rig.cache.start();
    next.restore(records);
    return next;
  };
  const bodies = (): string[] => journal.records.map(({ value }) => Buffer.from(value).toString());

  it('every change is written through: stores, refreshes, evictions, clears (D-65)', async () => {
    expect(journal.records.map(({ key }) => key)).to.deep.equal([
      recordKey('r0:secret/data/a'),
      recordKey('r0:secret/data/b'),
    ]);
    await rig.seed(A, kv2(2, '2026-01-01T00:00:01Z'));
    expect(bodies()[0]).to.contain('"a":"2"');
    rig.change('POST', A);
    expect(journal.records.length).to.equal(1);
    const [view] = rig.cache.entries();
    rig.cache.clear({ type: 'id', value: view!.id });
    expect(journal.records).to.deep.equal([]);
    await rig.seed(A, kv2(1));
    rig.cache.clear({ type: 'token', value: 'hvs.one' });
    expect(bodies()[0]).to.contain('"readers":[]');
    rig.cache.clear({ type: 'all' });
    expect([journal.records, journal.cleared]).to.deep.equal([[], ['s/']]);
  });

  it('no token is in a record or its key', () => {
    const text = journal.records.map(({ key, value }) => key + Buffer.from(value).toString()).join();
    expect(text).not.to.contain('hvs.');
  });

  it('a restored answer is never a hit, and no rescue, before its token was checked in this process (D-65, D-43)', async () => {
    restart();
    expect(rig.cache.size).to.equal(2);
    expect([rig.holds(A), rig.rescues(A), rig.holds(B), rig.rescues(B)]).to.deep.equal([false, false, false, false]);
    rig.vault.on('POST', CHECK, { status: 200, body: { 'secret/data/a': ['read'], 'secret/data/b': ['read'] } });
    await rig.seed(A, kv2(1));
    await settle();
    expect(rig.calls(CHECK).map(({ body }) => body)).to.deep.equal([{ paths: ['secret/data/b', 'secret/data/a'] }]);
    expect([rig.holds(A), rig.holds(B), rig.rescues(B)]).to.deep.equal([true, false, true]);
    const hit = rig.cache.rescue(exchange('GET', B))!;
    expect([hit.stale, bodyOf(hit).data!.data]).to.deep.equal([true, { a: '1' }]);
    await rig.seed(B, kv2(2, '2026-01-01T00:00:01Z'));
    expect(rig.holds(B)).to.equal(true);
  });

  it('a permission that the journal remembers and the server does not confirm is gone (D-43)', async () => {
    restart();
    rig.vault.on('POST', CHECK, { status: 200, body: { 'secret/data/a': ['read'], 'secret/data/b': ['deny'] } });
    await rig.seed(A, kv2(1));
    await settle();
    expect([rig.rescues(A), rig.rescues(B), rig.rescues(B, { token: 'hvs.two' })]).to.deep.equal([true, false, false]);
  });

  it('restored permissions are checked again each interval like others (D-43)', async () => {
    restart();
    rig.vault.on('POST', CHECK, { status: 200, body: { 'secret/data/a': ['read'], 'secret/data/b': ['read'] } });
    await rig.seed(A, kv2(1));
    await rig.clock.advance(5 * MINUTE);
    expect([rig.calls(CHECK).length, rig.rescues(B)]).to.deep.equal([2, true]);
  });

  it('what is too old, cannot be read, or is not in use any more is deleted', async () => {
    const { records } = journal;
    await rig.clock.advance(31 * MINUTE);
    const late = new JournalFake();
    rig.cache.stop();
    rig = new Rig({ config, journal: late, clock: rig.clock });
    late.restore([...records, { key: 's/odd', value: Buffer.from('odd') }]);
    expect([rig.cache.size, [...late.marks.keys()].length, late.records]).to.deep.equal([0, 3, []]);
  });

  it('without stale_if_error nothing is written and old records are deleted', async () => {
    const next = restart({ config: { ttlMs: MINUTE } });
    await rig.seed(A, kv2(1));
    expect([rig.cache.size, [...next.marks.keys()].length, next.records]).to.deep.equal([1, 2, []]);
  });

  it('a journal that opens late brings back nothing that changed meanwhile, nor over what is held', async () => {
    const { records } = journal;
    rig.cache.stop();
    const late = new JournalFake();
    rig = new Rig({ config, journal: late, clock: rig.clock });
    rig.change('POST', B);
    await rig.seed(A, kv2(7, '2026-01-01T00:00:07Z'));
    late.restore(records);
    expect([rig.cache.size, bodyOf(rig.hit(A)).data!.data]).to.deep.equal([1, { a: '7' }]);
  });

  it('a token that was cleared before the journal opened is not remembered', () => {
    const { records } = journal;
    rig.cache.stop();
    const late = new JournalFake();
    rig = new Rig({ config, journal: late, clock: rig.clock });
    rig.cache.clear({ type: 'token', value: 'hvs.one' });
    late.restore(records);
    expect([...rig.cache.entries()].map(({ keys, why }) => [keys, why])).to.deep.equal(Array(2).fill([0, 'restored']));
    rig.cache.remember(exchange('GET', A), reply(kv2(1)), rig.cache.epoch);
    expect([...rig.cache.entries()].map(({ keys }) => keys).sort()).to.deep.equal([0, 1]);
  });
});
