import { expect } from 'chai';
import { agentError } from '../../../../core/sdk/index.js';
import { settle } from '../../../../core/sdk/testing/virtual-clock.js';
import type { JournalOptions } from '../../../../core/cache/journal/journal.js';
import { AWAY, codeOf, FakeProvider, FakeStore, FULL, Rig } from './rig.js';

describe('cache/journal', () => {
  let rigs: Rig[] = [];
  let store: FakeStore;
  let provider: FakeProvider;
  beforeEach(() => {
    rigs = [];
    store = new FakeStore();
    provider = new FakeProvider();
  });
  afterEach(async () => {
    store.resume();
    store.fail = undefined;
    await Promise.all(rigs.map((rig) => rig.journal.stop()));
  });

  const rig = (own: Partial<JournalOptions> = {}, with_: FakeProvider = provider): Rig => {
    const made = new Rig(store, with_, own);
    rigs.push(made);
    return made;
  };
  const started = async (own: Partial<JournalOptions> = {}): Promise<Rig> => {
    const made = rig(own);
    await made.journal.start();
    return made;
  };
  /** A store with these records, as an earlier run left it. */
  const filled = async (...ids: string[]): Promise<void> => {
    const first = await started();
    for (const id of ids) first.put(id);
    await first.journal.stop();
    store.batches.length = 0;
  };

  describe('writing and restoring', () => {
    it('what was marked comes back after a restart', async () => {
      await filled('a', 'b');
      const second = await started();
      expect(second.texts).to.deep.equal({ 'e/a': 'secret of a', 'e/b': 'secret of b' });
      expect(second.journal.state).to.equal('open');
    });

    it('D-17: neither a record nor the data key is readable in the store', async () => {
      await filled('PLANTED');
      expect(store.text()).not.to.contain('secret of PLANTED');
      expect(Buffer.from(store.data.get('meta')!).toString()).not.to.contain(
        Buffer.from(provider.key).toString('base64'),
      );
    });

    it('D-16: many changes of one entry are one record, and of changes between two writes only the last is written', async () => {
      const one = await started();
      for (let n = 0; n < 5; n++) one.put('a', `renewal ${n}`);
      await one.pass();
      for (let n = 5; n < 9; n++) one.put('a', `renewal ${n}`);
      await one.pass();
      expect(store.keys()).to.deep.equal(['e/a']);
      expect(store.batches.slice(1).map((batch) => batch.length)).to.deep.equal([1, 1]);
      await one.journal.stop();
      expect((await started()).texts).to.deep.equal({ 'e/a': 'renewal 8' });
    });

    it('D-16: what was evicted does not come back', async () => {
      await filled('a', 'b');
      const second = await started();
      second.drop('a');
      await second.journal.stop();
      expect((await started()).texts).to.have.all.keys('e/b');
    });

    it('D-52: all marks of one turn reach the store in one batch, whatever its bounds', async () => {
      const one = await started({ limits: { batch: { records: 2, bytes: 1e6, mostBytes: 1e7 } } });
      for (const id of ['a', 'b', 'c', 'd', 'e']) one.put(id);
      await one.pass();
      expect(store.batches.at(-1)).to.have.length(5);
    });

    it('batches of different turns are bounded', async () => {
      const one = await started({ limits: { batch: { records: 2, bytes: 1e6, mostBytes: 1e7 } } });
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        one.put(id);
        await Promise.resolve();
      }
      await one.pass();
      expect(store.batches.slice(1).map((batch) => batch.length)).to.deep.equal([2, 2, 1]);
    });

    it('the end of a record is told to the store, and none for what does not end', async () => {
      const one = await started();
      one.journal.mark('e/a', () => Buffer.from('x'), 1234);
      one.journal.mark('e/b', () => Buffer.from('x'), 0);
      await one.pass();
      expect(store.batches.at(-1)?.map((write) => write.expiresAt)).to.deep.equal([1234, undefined]);
    });

    it('a record that cannot be encoded is deleted and harms no other', async () => {
      await filled('a');
      const one = await started();
      one.journal.mark('e/a', () => {
        throw new Error('odd');
      });
      one.put('b');
      await one.pass();
      expect(store.keys()).to.deep.equal(['e/b']);
    });

    it('clear takes what is below a prefix, marked or stored, and nothing that is marked afterwards', async () => {
      await filled('a', 'b');
      const one = await started();
      one.put('c');
      one.journal.mark('i/x', () => Buffer.from('t'));
      one.journal.clear('e/');
      one.put('d');
      await one.pass();
      expect(store.keys('')).to.deep.equal(['e/d', 'i/x', 'meta']);
    });

    it('D-65: what was refreshed, evicted or cleared since a restart is so in the store', async () => {
      const first = await started();
      const put = (on: typeof first, id: string, text: string | undefined): void =>
        on.journal.mark(`s/${id}`, () => (text === undefined ? undefined : Buffer.from(text)));
      for (const id of ['refreshed', 'evicted', 'kept']) put(first, id, 'old');
      await first.pass();
      put(first, 'refreshed', 'new');
      put(first, 'evicted', undefined);
      await first.journal.stop();
      const second = rig();
      const statics: string[] = [];
      second.journal.onRestored('s/', (records) => {
        for (const { key, value } of records) statics.push(`${key} ${Buffer.from(value).toString()}`);
      });
      await second.journal.start();
      expect(statics.sort()).to.deep.equal(['s/kept old', 's/refreshed new']);
      second.journal.clear('s/');
      await second.journal.stop();
      expect(store.keys('s/')).to.deep.equal([]);
    });

    it('a clear while a write is under way that then fails brings nothing back', async () => {
      const one = await started();
      store.hang();
      one.put('a');
      await one.pass();
      one.journal.clear('e/');
      await one.pass(6_000);
      store.resume();
      await one.pass(120_000);
      expect(store.keys()).to.deep.equal([]);
    });

    it('a scope keeps the records of several agents on one store apart', async () => {
      const [a, b] = [await started({ scope: 'a/' }), await started({ scope: 'b/' })];
      a.put('x', 'of a');
      b.put('x', 'of b');
      await Promise.all([a.journal.stop(), b.journal.stop()]);
      expect(store.keys('')).to.deep.equal(['a/e/x', 'a/meta', 'b/e/x', 'b/meta']);
      expect((await started({ scope: 'b/' })).texts).to.deep.equal({ 'e/x': 'of b' });
    });

    it('records copied to another place do not open there', async () => {
      await filled('a');
      store.data.set('e/b', store.data.get('e/a')!);
      expect((await started()).texts).to.have.all.keys('e/a');
    });

    it('100 records with random changes and restarts are what a map says', async () => {
      const model = new Map<string, string>();
      let seed = 7;
      const random = (n: number): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % n;
      for (let round = 0; round < 4; round++) {
        const one = await started();
        expect(one.texts).to.deep.equal(Object.fromEntries(model));
        for (let n = 0; n < 60; n++) {
          const id = `${random(100)}`;
          if (random(3) === 0) (model.delete(`e/${id}`), one.drop(id));
          else (model.set(`e/${id}`, `${round} ${n}`), one.put(id, `${round} ${n}`));
          if (random(8) === 0) await one.pass();
        }
        await one.journal.stop();
      }
    });
  });

  describe('sync', () => {
    it('grouped: nobody waits, and the batch is not forced to disk', async () => {
      const one = await started();
      one.put('a');
      expect(one.journal.settled()).to.equal(undefined);
      await one.pass();
      expect(store.options.at(-1)).to.deep.equal({ durable: false });
    });

    it('always: settled resolves when the record is on disk, not before', async () => {
      const one = await started({ sync: 'always' });
      store.hang();
      one.put('a');
      let done = false;
      const settled = one.journal.settled()!.then(() => (done = true));
      await settle();
      expect(done).to.equal(false);
      store.resume();
      await settled;
      expect(store.keys()).to.deep.equal(['e/a']);
      expect(store.options.at(-1)).to.deep.equal({ durable: true });
      expect(one.journal.settled()).to.equal(undefined);
    });

    it('always: settled waits for what was marked before it, not for what comes later', async () => {
      const one = await started({ sync: 'always' });
      one.put('a');
      const first = one.journal.settled()!;
      await first;
      store.hang();
      one.put('b');
      one.put('a', 'again');
      const second = one.journal.settled()!;
      store.resume();
      await second;
      expect(store.keys()).to.deep.equal(['e/a', 'e/b']);
    });

    for (const [name, error] of [
      ['full', FULL],
      ['away', AWAY],
    ] as const) {
      it(`always: a store that is ${name} does not hold a client up; it is said once`, async () => {
        const one = await started({ sync: 'always' });
        store.fail = error;
        for (let n = 0; n < 3; n++) {
          one.put(`a${n}`);
          await one.journal.settled();
        }
        expect(one.messages('error')).to.deep.equal(['the cache goes on from memory, nothing is persisted']);
        expect(one.health.reports.at(-1)?.error?.code).to.equal(error.code);
        expect(one.journal.state).to.equal('away');
      });
    }

    it('always: a store that hangs holds a client up for the bound of a write, and no longer', async () => {
      const one = await started({ sync: 'always' });
      store.hang();
      one.put('a');
      const settled = one.journal.settled();
      await one.pass(5_000);
      await settled;
      expect(one.journal.state).to.equal('away');
      one.put('b');
      expect(one.journal.settled()).to.equal(undefined);
    });
  });

  describe('a store that is away', () => {
    it('keeps what changes and writes it when the store is back, health follows', async () => {
      const one = await started();
      store.fail = AWAY;
      one.put('a');
      await one.pass();
      one.put('b');
      await one.pass(5_000);
      expect(one.health.state).to.equal('degraded');
      expect(one.journal.pending).to.equal(2);
      store.fail = undefined;
      await one.pass(120_000);
      expect(store.keys()).to.deep.equal(['e/a', 'e/b']);
      expect(one.health.state).to.equal('ok');
      expect(one.messages('info')).to.include('the cache store works again');
      expect(one.journal.state).to.equal('open');
    });

    it('a full disk that gets room again is written to again', async () => {
      const one = await started();
      store.fail = FULL;
      one.put('a');
      await one.pass(30_000);
      store.fail = undefined;
      await one.pass(120_000);
      expect(store.keys()).to.deep.equal(['e/a']);
    });

    it('pauses between attempts grow up to a minute', async () => {
      const one = await started();
      store.fail = AWAY;
      let tries = 0;
      store.get = () => {
        tries += 1;
        return Promise.reject(AWAY);
      };
      one.put('a');
      await one.pass(600_000);
      expect(tries).to.be.within(10, 16);
    });

    it('a write that hung and happens late does not overtake a newer one', async () => {
      const one = await started();
      store.hang();
      one.put('a', 'old');
      await one.pass(6_000);
      one.put('a', 'new');
      await one.pass(10_000);
      store.resume();
      await one.pass(120_000);
      await one.journal.stop();
      expect((await started()).texts).to.deep.equal({ 'e/a': 'new' });
    });

    it('too many changes meanwhile empty the store when it is back: nothing that was evicted comes back', async () => {
      await filled('a', 'b');
      const one = await started({ limits: { dirty: 3 } });
      store.fail = AWAY;
      for (const id of ['1', '2', '3']) one.put(id);
      one.drop('a');
      await one.pass();
      store.fail = undefined;
      await one.pass(120_000);
      expect(store.keys('')).to.deep.equal(['meta']);
      one.put('c');
      await one.pass();
      expect(store.keys()).to.deep.equal(['e/c']);
    });

    it('a store that comes back empty gets its meta record again, so that new records can be opened later', async () => {
      const one = await started();
      store.fail = AWAY;
      one.put('a');
      await one.pass();
      store.data.clear();
      store.fail = undefined;
      await one.pass(120_000);
      await one.journal.stop();
      expect((await started()).texts).to.have.all.keys('e/a');
    });

    it('away at start: the agent starts, serves from memory, restores when the store is there, once', async () => {
      await filled('a', 'b', 'c');
      store.failStart = AWAY;
      const one = rig();
      await one.journal.start();
      expect(one.journal.state).to.equal('away');
      expect(one.health.state).to.equal('degraded');
      one.drop('a');
      one.put('b', 'newer');
      await one.pass(5_000);
      store.failStart = undefined;
      await one.pass(120_000);
      expect(one.texts).to.deep.equal({ 'e/c': 'secret of c' });
      expect(one.handed).to.equal(1);
      expect(store.keys()).to.deep.equal(['e/b', 'e/c']);
      expect(one.health.state).to.equal('ok');
    });

    it('locked by another agent at start: from memory until it is free', async () => {
      store.failStart = agentError('CACHE_STORE_LOCKED', { what: 'the store', owner: 'process 7' });
      const one = await started();
      expect(one.health.reports.at(-1)?.error?.code).to.equal('CACHE_STORE_LOCKED');
      one.put('a');
      store.failStart = undefined;
      await one.pass(120_000);
      expect(store.keys()).to.deep.equal(['e/a']);
    });

    it('a store that never answers does not hold the start up, for less than a component may take (10 s)', async () => {
      store.start = () => new Promise(() => undefined);
      const one = rig();
      const start = one.journal.start();
      await one.pass(9_000);
      await start;
      await one.journal.stop();
    });

    it('exit_on_err: a store that is away refuses the start', async () => {
      store.failStart = AWAY;
      expect(await codeOf(rig({ exitOnErr: true }).journal.start())).to.equal('CACHE_STORE_UNAVAILABLE');
    });

    it('stop ends a store whose start failed too: it may still try to reach its place, and keep the process alive', async () => {
      store.failStart = AWAY;
      const one = rig();
      await one.journal.start();
      await one.journal.stop();
      expect([store.starts, store.stops]).to.deep.equal([1, 1]);
    });

    it('stop tries once more and does not wait for a store that hangs beyond its signal', async () => {
      const one = await started();
      store.fail = AWAY;
      one.put('a');
      await one.pass();
      store.fail = undefined;
      await one.journal.stop();
      expect(store.keys()).to.deep.equal(['e/a']);
      const two = await started();
      store.hang();
      two.put('b');
      const grace = new AbortController();
      const stopped = two.journal.stop(grace.signal);
      await settle();
      grace.abort();
      await stopped;
      expect(store.stops).to.equal(2);
    });
  });

  describe('bad records', () => {
    it('D-50: a record that cannot be unsealed costs itself only, is counted, and is deleted', async () => {
      await filled('a', 'b', 'c');
      const bent = store.data.get('e/b')!;
      bent[40]! ^= 1;
      store.data.set('e/d', Buffer.from('garbage'));
      const one = await started();
      expect(one.texts).to.have.all.keys('e/a', 'e/c');
      expect(one.log.text()).to.contain('2 records of the cache store could not be restored');
      await one.pass();
      expect(store.keys()).to.deep.equal(['e/a', 'e/c']);
    });

    it('exit_on_err: a bad record refuses the start (spec B-12), and is gone at the next', async () => {
      await filled('a', 'b');
      store.data.set('e/a', Buffer.from('garbage'));
      const one = rig({ exitOnErr: true });
      expect(await codeOf(one.journal.start())).to.equal('CACHE_RESTORE_FAILED');
      await one.journal.stop();
      expect((await started({ exitOnErr: true })).texts).to.have.all.keys('e/b');
    });

    it('damage in the middle of the store: what was read is used', async () => {
      await filled('a', 'b', 'c');
      store.tear = { after: 2, error: agentError('CACHE_STORE_CORRUPT', { why: 'torn' }) };
      const one = await started();
      expect(Object.keys(one.texts)).to.have.length(2);
      expect(one.journal.state).to.equal('open');
    });

    it('an outage in the middle of a restore: read again later, handed over once', async () => {
      await filled('a', 'b', 'c');
      store.tear = { after: 1, error: AWAY };
      const one = await started();
      expect(one.handed).to.equal(0);
      store.tear = undefined;
      await one.pass(120_000);
      expect(Object.keys(one.texts)).to.have.length(3);
      expect(one.handed).to.equal(1);
    });

    it('somebody who throws when he gets his records harms nobody else', async () => {
      await filled('a');
      const one = rig();
      one.journal.onRestored('i/', () => {
        throw new Error('odd');
      });
      await one.journal.start();
      expect(one.journal.state).to.equal('open');
    });
  });

  describe('keys and identities', () => {
    it('R-15: another key opens nothing and overwrites nothing: memory only, said clearly', async () => {
      await filled('a');
      const before = store.text();
      const one = rig({}, new FakeProvider());
      await one.journal.start();
      expect(one.journal.state).to.equal('detached');
      expect(one.health.reports.at(-1)?.error?.code).to.equal('CACHE_UNSEAL_FAILED');
      one.put('b');
      await one.pass(120_000);
      await one.journal.stop();
      expect(store.text()).to.equal(before);
    });

    it('exit_on_err: another key refuses the start', async () => {
      await filled('a');
      expect(await codeOf(rig({ exitOnErr: true }, new FakeProvider()).journal.start())).to.equal(
        'CACHE_UNSEAL_FAILED',
      );
    });

    it('what the check of the provider finds refuses the start without exit_on_err, too', async () => {
      provider.broken = agentError('CONFIG_CONFLICT', { detail: 'key beside data' });
      expect(await codeOf(rig().journal.start())).to.equal('CONFIG_CONFLICT');
    });

    it('R-15: a store of another identity is dropped with a warning, and its records open never again', async () => {
      await filled('a');
      const old = store.data.get('e/a')!;
      const one = await started({ identity: 'https://other:8200' });
      expect(one.texts).to.deep.equal({});
      expect(store.keys()).to.deep.equal([]);
      expect(one.messages('warn')).to.deep.equal(['the cache store is dropped and starts empty']);
      await one.journal.stop();
      store.data.set('e/a', old);
      expect((await started({ identity: 'https://other:8200' })).texts).to.deep.equal({});
    });

    it('R-15: a meta record that claims another identity does not open', async () => {
      await filled('a');
      const meta = JSON.parse(Buffer.from(store.data.get('meta')!).toString()) as { identity: string };
      const other = new FakeStore();
      const victim = new Rig(other, provider, { identity: 'https://evil' });
      await victim.journal.start();
      await victim.journal.stop();
      const { identity } = JSON.parse(Buffer.from(other.data.get('meta')!).toString()) as { identity: string };
      store.data.set('meta', Buffer.from(JSON.stringify({ ...meta, identity })));
      const one = await started({ identity: 'https://evil' });
      expect(one.texts).to.deep.equal({});
      expect(one.journal.state).to.equal('detached');
    });

    it('a store shared with other agents is never dropped: another identity goes on without it', async () => {
      const shared = { shared: true, metaKey: 'meta' };
      const a = await started({ ...shared, scope: 'a/' });
      a.put('x');
      await a.journal.stop();
      const b = await started({ ...shared, scope: 'b/', identity: 'https://other' });
      expect(b.journal.state).to.equal('detached');
      expect(store.keys('')).to.deep.equal(['a/e/x', 'meta']);
    });

    const odd: [string, string][] = [
      ['is no JSON', '{"v":'],
      ['is empty', ''],
      ['has no keys', '{"v":1,"store":"s","generation":1,"identity":"i","created":1,"keys":[]}'],
      [
        'has odd types',
        '{"v":1,"store":7,"generation":"x","identity":null,"created":1,"keys":[{"id":1,"wrapped":"","provider":"p"}]}',
      ],
    ];
    for (const [name, text] of odd) {
      it(`a meta record that ${name} costs the store, not the start`, async () => {
        await filled('a');
        store.data.set('meta', Buffer.from(text));
        const one = await started();
        expect(one.journal.state).to.equal('open');
        expect(store.keys()).to.deep.equal([]);
      });
    }

    it('any bit of the meta record flipped: never a crash, never an odd record, never a hang', async () => {
      await filled('a');
      const saved = new Map(store.data);
      const length = saved.get('meta')!.length;
      for (let at = 0; at < length; at += 3) {
        store.data.clear();
        for (const [key, value] of saved) store.data.set(key, value.slice());
        store.data.get('meta')![at]! ^= 1 << (at % 8);
        const one = await started();
        expect(['open', 'detached']).to.include(one.journal.state);
        for (const text of Object.values(one.texts)) expect(text).to.equal('secret of a');
        await one.journal.stop();
      }
    });

    it('a store of a newer version is left alone', async () => {
      await filled('a');
      store.data.set('meta', Buffer.from('{"v":2}'));
      const one = await started();
      expect(one.journal.state).to.equal('detached');
      expect(store.keys('')).to.deep.equal(['e/a', 'meta']);
    });

    it('another provider with the previous one named: opened, wrapped anew, sealed with a new data key', async () => {
      await filled('a', 'b');
      const before = store.data.get('e/a')!;
      const next = new FakeProvider(undefined, 'next');
      const one = rig({ previous: provider }, next);
      await one.journal.start();
      expect(Object.keys(one.texts)).to.have.length(2);
      await one.pass(1_000);
      await one.journal.stop();
      expect(Buffer.from(store.data.get('e/a')!).equals(Buffer.from(before))).to.equal(false);
      const two = rig({}, next);
      await two.journal.start();
      expect(two.texts).to.deep.equal({ 'e/a': 'secret of a', 'e/b': 'secret of b' });
      const three = await started();
      expect(three.journal.state).to.equal('detached');
    });
  });

  describe('rotate', () => {
    const keyIds = (): number[] =>
      (JSON.parse(Buffer.from(store.data.get('meta')!).toString()) as { keys: { id: number }[] }).keys.map(
        ({ id }) => id,
      );

    it('seals everything anew, forgets the old key, and loses nothing', async () => {
      await filled('a', 'b', 'c');
      const one = await started();
      const opened: unknown[] = [];
      one.journal.onOpen(({ sealer }) => opened.push(sealer));
      const done = one.journal.rotate();
      one.put('d');
      one.drop('a');
      await one.pass(1_000);
      await done;
      expect(keyIds()).to.deep.equal([2]);
      expect(new Set(opened).size).to.equal(3);
      expect(one.journal.sealer).to.equal(opened.at(-1));
      await one.journal.stop();
      expect((await started()).texts).to.have.all.keys('e/b', 'e/c', 'e/d');
    });

    it('a crash in the middle loses nothing, and the next start ends it', async () => {
      await filled('a', 'b');
      const one = await started();
      const get = store.get.bind(store);
      store.get = (key) => (key.startsWith('e/') ? Promise.reject(AWAY) : get(key));
      expect(await codeOf(one.journal.rotate())).to.equal('CACHE_STORE_UNAVAILABLE');
      expect(keyIds()).to.deep.equal([1, 2]);
      store.get = get;
      const two = await started();
      expect(Object.keys(two.texts)).to.have.length(2);
      await two.pass(1_000);
      expect(keyIds()).to.deep.equal([3]);
      await two.journal.stop();
      expect(Object.keys((await started()).texts)).to.have.length(2);
    });

    it('is refused while the store is not open, and where agents share the key', async () => {
      expect(await codeOf(rig().journal.rotate())).to.equal('CACHE_STORE_UNAVAILABLE');
      const shared = await started({ shared: true });
      expect(await codeOf(shared.journal.rotate())).to.equal('CONFIG_CONFLICT');
    });
  });

  describe('a key that needs a login (R-15)', () => {
    const locked = (): { provider: FakeProvider; login: () => void } => {
      let login = (): void => undefined;
      const transit = new FakeProvider(provider.key, 'transit', true);
      transit.ready = new Promise<void>((resolve) => (login = resolve));
      return { provider: transit, login: () => login() };
    };

    it('is locked and memory-only until the login, then restored and never overwritten', async () => {
      await filled('a', 'b', 'c');
      const { provider: transit, login } = locked();
      const one = rig({ sync: 'always' }, transit);
      await one.journal.start();
      expect(one.journal.state).to.equal('locked');
      one.put('d');
      one.put('a', 'newer');
      one.drop('b');
      expect(one.journal.settled()).to.equal(undefined);
      await one.pass(60_000);
      expect(store.batches).to.deep.equal([]);
      login();
      await one.pass();
      expect(one.texts).to.deep.equal({ 'e/c': 'secret of c' });
      expect(store.keys()).to.deep.equal(['e/a', 'e/c', 'e/d']);
      expect(one.journal.state).to.equal('open');
    });

    it('what was cleared before the login is neither handed over nor kept', async () => {
      await filled('a');
      const { provider: transit, login } = locked();
      const one = rig({}, transit);
      await one.journal.start();
      one.journal.clear('e/');
      login();
      await one.pass();
      expect(one.texts).to.deep.equal({});
      expect(store.keys()).to.deep.equal([]);
    });

    it('more changes than fit before the login: the store is emptied, what was evicted does not come back', async () => {
      await filled('a');
      const { provider: transit, login } = locked();
      const one = rig({ limits: { dirty: 1 } }, transit);
      await one.journal.start();
      one.put('x');
      one.drop('a');
      login();
      await one.pass();
      expect(one.texts).to.deep.equal({});
      expect(store.keys()).to.deep.equal([]);
    });

    it('a server that refuses to unwrap is asked again; then it opens', async () => {
      await filled('a');
      const { provider: transit, login } = locked();
      transit.broken = agentError('CACHE_KEY_UNAVAILABLE', { provider: 'transit', why: '403' });
      const one = rig({}, transit);
      await one.journal.start();
      login();
      await one.pass(30_000);
      expect(one.journal.state).to.equal('locked');
      expect(one.health.state).to.equal('degraded');
      transit.broken = undefined;
      await one.pass(120_000);
      expect(one.texts).to.have.all.keys('e/a');
      expect(one.health.state).to.equal('ok');
    });

    it('stops while it is locked', async () => {
      const one = rig({}, locked().provider);
      await one.journal.start();
      one.put('a');
      await one.journal.stop();
      expect(store.keys('')).to.deep.equal([]);
    });
  });

  describe('keep_after_import = false', () => {
    it('D-58: a store that is found is read, removed, and the agent says that nothing is persisted from here on', async () => {
      await filled('a');
      const one = await started({ keepAfterImport: false });
      expect(one.texts).to.have.all.keys('e/a');
      expect(store.keys('')).to.deep.equal([]);
      expect(one.journal.state).to.equal('detached');
      expect(one.messages('warn')[0]).to.contain('nothing is persisted from here on');
      one.put('b');
      await one.pass();
      expect(store.keys('')).to.deep.equal([]);
      expect(store.stops).to.equal(2);
    });

    it('a store that is made now is written (the init container of spec 10.3)', async () => {
      const one = await started({ keepAfterImport: false });
      one.put('a');
      await one.journal.stop();
      expect(store.keys()).to.deep.equal(['e/a']);
    });
  });

  it('stop without start, twice, and marks afterwards do nothing', async () => {
    const one = rig();
    await one.journal.stop();
    await one.journal.stop();
    one.put('a');
    one.journal.clear('e/');
    await one.pass();
    expect(store.batches).to.deep.equal([]);
  });
});
