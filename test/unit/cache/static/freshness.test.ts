import { expect } from 'chai';
import type { StaticConfig } from '../../../../core/contracts/agent-config.js';
import { settle } from '../../../../core/sdk/testing/index.js';
import { MINUTE, Rig, bodyOf, exchange, kv1, kv2, lookup, reply } from './fixture.js';

const A = '/v1/secret/data/a';

describe('static secrets past their time to live', () => {
  let rig: Rig;
  const setUp = (config: Partial<StaticConfig>): void => {
    rig = new Rig({ config });
    rig.cache.start();
  };
  afterEach(() => rig.cache.stop());

  describe('while revalidated (D-68)', () => {
    beforeEach(async () => {
      setUp({ ttlMs: MINUTE, staleWhileRevalidateMs: MINUTE });
      await rig.seed(A, kv2(1));
      await rig.clock.advance(MINUTE + 1);
    });

    it('are given out stale and fetched anew once, with the token that asked', async () => {
      rig.answers.set(A, reply(kv2(2, '2026-01-01T00:01:00Z')));
      const hits = [rig.hit(A)!, rig.hit(A)!];
      expect(hits.map(({ stale, ageMs }) => [stale, ageMs])).to.deep.equal(Array(2).fill([true, MINUTE + 1]));
      await settle();
      const hit = rig.hit(A)!;
      expect([hit.stale, hit.ageMs, bodyOf(hit).data!.data]).to.deep.equal([false, 0, { a: '2' }]);
      expect(rig.gets.map(({ path, query, token }) => [path, query, token.reveal()])).to.deep.equal([
        [A, '', 'hvs.one'],
      ]);
      expect(rig.count('agent.cache.static.refreshes')).to.deep.equal({ refreshed: 1 });
      expect(rig.count('agent.cache.static.stale')).to.deep.equal({ revalidate: 2, error: 0 });
    });

    it('end at the bound', async () => {
      await rig.clock.advance(MINUTE - 2);
      expect(rig.holds(A)).to.equal(true);
      await rig.clock.advance(1);
      expect(rig.holds(A)).to.equal(false);
    });

    it('a refresh that fails is tried again after a pause, not at each request', async () => {
      for (let n = 0; n < 10; n++) {
        expect(rig.holds(A)).to.equal(true);
        await settle();
      }
      expect(rig.gets.length).to.equal(1);
      await rig.clock.advance(5000);
      rig.hit(A);
      await settle();
      expect(rig.gets.length).to.equal(2);
    });

    for (const [status, outcome, size, held] of [
      [404, 'gone', 0, false],
      [403, 'refused', 1, false],
      [503, 'failed', 1, true],
      [400, 'unfit', 0, false],
    ] as const) {
      it(`a refresh answered ${status}: ${outcome}`, async () => {
        rig.answers.set(A, reply({ errors: [] }, { status }));
        rig.hit(A);
        await settle();
        expect([rig.cache.size, rig.holds(A)]).to.deep.equal([size, held]);
        expect(rig.count('agent.cache.static.refreshes')).to.deep.equal({ [outcome]: 1 });
      });
    }

    it('a refresh overtaken by a write is not stored (R-1)', async () => {
      rig.answers.set(A, reply(kv2(1)));
      rig.hit(A);
      rig.change('POST', A);
      await settle();
      expect([rig.cache.size, rig.holds(A)]).to.deep.equal([0, false]);
    });
  });

  describe('when the server cannot answer (stale_if_error, R-10)', () => {
    beforeEach(async () => {
      setUp({ ttlMs: MINUTE, staleIfErrorMs: 10 * MINUTE });
      await rig.seed(A, kv2(1));
    });

    it('are given out up to the bound, only to a token that has proven itself, and never as a hit', async () => {
      rig.vault.on('POST', 'sys/capabilities-self', { status: 200, body: { 'secret/data/a': ['read'] } });
      await rig.clock.advance(11 * MINUTE - 1);
      expect([rig.holds(A), rig.rescues(A), rig.rescues(A, { token: 'hvs.two' })]).to.deep.equal([false, true, false]);
      expect(rig.cache.rescue(exchange('GET', A))!.stale).to.equal(true);
      await rig.clock.advance(1);
      expect(rig.rescues(A)).to.equal(false);
    });

    it('not beyond the last permission check and its interval', async () => {
      rig.vault.down('POST', 'sys/capabilities-self');
      await rig.clock.advance(5 * MINUTE - 1);
      expect(rig.rescues(A)).to.equal(true);
      await rig.clock.advance(1);
      expect(rig.rescues(A)).to.equal(false);
    });

    it('not beyond the life of the token', async () => {
      setUp({ ttlMs: MINUTE, staleIfErrorMs: 10 * MINUTE });
      rig.vault.on('GET', 'auth/token/lookup-self', lookup({ ttl: 120, expire_time: 'x' }));
      await rig.seed(A, kv2(1));
      await rig.clock.advance(2 * MINUTE - 1);
      expect(rig.rescues(A)).to.equal(true);
      await rig.clock.advance(1);
      expect(rig.rescues(A)).to.equal(false);
    });

    it('not for a request that wants a fresh answer, nor what a write took away', () => {
      expect(rig.rescues(A, { headers: ['Cache-Control', 'no-cache'] })).to.equal(false);
      rig.change('POST', A, { status: undefined });
      expect(rig.rescues(A)).to.equal(false);
    });
  });

  it('without stale_if_error there is no rescue', async () => {
    setUp({ ttlMs: MINUTE });
    await rig.seed(A, kv2(1));
    await rig.clock.advance(MINUTE);
    expect(rig.rescues(A)).to.equal(false);
  });

  describe('version polling (D-68)', () => {
    const METADATA = 'secret/metadata/a';
    const current = (version: number, created: string, more: object = {}): void => {
      const versions = { [version]: { created_time: created, deletion_time: '', destroyed: false, ...more } };
      rig.vault.on('GET', METADATA, { status: 200, body: { data: { current_version: version, versions } } });
    };
    const polls = (): number => rig.calls(METADATA).length;
    beforeEach(async () => {
      setUp({ ttlMs: 60 * MINUTE, capabilityRefreshMs: 60 * MINUTE, versionPollMs: MINUTE });
      await rig.seed(A, kv2(1));
    });

    it('looks only at answers that were used since the last time', async () => {
      current(1, '2026-01-01T00:00:00Z');
      await rig.clock.advance(3 * MINUTE);
      expect(polls()).to.equal(0);
      rig.hit(A);
      await rig.clock.advance(3 * MINUTE);
      expect([polls(), rig.gets.length, rig.holds(A)]).to.deep.equal([1, 0, true]);
    });

    it('fetches a newer version, also version 1 of a secret that was made anew (R-10)', async () => {
      for (const [version, created] of [
        [2, '2026-01-01T00:00:30Z'],
        [1, '2026-01-01T00:00:40Z'],
      ] as const) {
        current(version, created);
        rig.answers.set(A, reply(kv2(version, created)));
        rig.hit(A);
        await rig.clock.advance(MINUTE);
        expect(bodyOf(rig.hit(A)).data!.metadata).to.include({ version, created_time: created });
      }
    });

    it('drops what has changed and cannot be fetched', async () => {
      current(2, '2026-01-01T00:00:30Z');
      rig.hit(A);
      await rig.clock.advance(MINUTE);
      expect(rig.cache.size).to.equal(0);
    });

    for (const more of [{ deletion_time: '2026-01-01T00:00:30Z' }, { destroyed: true }]) {
      it(`drops a version that the server shows with ${JSON.stringify(more)}`, async () => {
        current(1, '2026-01-01T00:00:00Z', more);
        rig.answers.set(A, reply({ errors: [] }, { status: 404 }));
        rig.hit(A);
        await rig.clock.advance(MINUTE);
        expect(rig.cache.size).to.equal(0);
      });
    }

    it('an outage of the server drops nothing', async () => {
      rig.vault.down('GET', METADATA);
      rig.hit(A);
      await rig.clock.advance(MINUTE);
      expect(rig.holds(A)).to.equal(true);
    });

    it('without permission on the metadata the data is fetched anew when its time ends', async () => {
      rig.vault.on('GET', METADATA, { status: 403, body: {} });
      rig.answers.set(A, reply(kv2(2, '2026-01-01T00:30:00Z')));
      for (let n = 0; n < 58; n++) {
        rig.hit(A);
        await rig.clock.advance(MINUTE);
      }
      expect([polls(), rig.gets.length]).to.deep.equal([1, 0]);
      for (let n = 0; n < 3; n++) {
        rig.hit(A);
        await rig.clock.advance(MINUTE);
      }
      expect(rig.gets.length).to.equal(1);
      expect(bodyOf(rig.hit(A)).data!.metadata).to.include({ version: 2 });
    });

    it('never asks with a token that is not known to be unlimited, nor for KV 1 or a fixed version', async () => {
      await rig.seed('/v1/secret/data/b', kv2(1), { identity: undefined, token: 'hvs.two' });
      await rig.seed('/v1/secret/data/c?version=1', kv2(1));
      await rig.seed('/v1/old/a', kv1());
      for (const target of ['/v1/secret/data/c?version=1', '/v1/old/a']) rig.hit(target);
      await rig.clock.advance(MINUTE);
      expect(rig.vault.calls.map(({ path }) => path).filter((path) => path.includes('metadata'))).to.deep.equal([]);
    });
  });
});
