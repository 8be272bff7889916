import { expect } from 'chai';
import { settle } from '../../../../core/sdk/testing/index.js';
import { MINUTE, Rig, bodyOf, exchange, kv1, kv2, lookup, reply } from './fixture.js';

const DATA = '/v1/secret/data/a';

describe('the cache of static secrets', () => {
  let rig: Rig;
  const setUp = (...args: ConstructorParameters<typeof Rig>): void => {
    rig = new Rig(...args);
    rig.cache.start();
  };
  beforeEach(() => setUp());
  afterEach(() => rig.cache.stop());

  describe('serving', () => {
    it('answers what a token has read itself, with an honest age, until the time to live ends (D-68)', async () => {
      expect(await rig.seed(DATA, kv2(1))).to.equal('stored-static');
      await rig.clock.advance(61_000);
      const hit = rig.hit(DATA)!;
      expect([hit.ageMs, hit.stale, hit.reply.status]).to.deep.equal([61_000, false, 200]);
      expect(hit.reply.headers.slice(-8)).to.deep.equal([
        ...['Content-Length', `${hit.reply.body.length}`, 'X-Cache', 'HIT', 'Age', '61'],
        ...['Date', 'Thu, 01 Jan 2026 00:01:01 GMT'],
      ]);
      expect(bodyOf(hit).data!.data).to.deep.equal({ a: '1' });
      await rig.clock.advance(5 * MINUTE - 61_001);
      expect(rig.holds(DATA)).to.equal(true);
      await rig.clock.advance(1);
      expect(rig.holds(DATA)).to.equal(false);
    });

    it("gives the server's own bytes", async () => {
      const text = '{"mount_type": "kv",  "data": {"n": 9007199254740993, "n": 1.0}}\n';
      await rig.seed('/v1/old/a', text);
      expect(Buffer.from(rig.hit('/v1/old/a')!.reply.body).toString()).to.equal(text);
    });

    it('counts the age from when the request was sent (R-3)', async () => {
      const asked = exchange('GET', DATA);
      const { epoch } = rig.cache;
      rig.cache.recall(asked);
      await rig.clock.advance(30_000);
      rig.cache.remember(asked, reply(kv2(1)), epoch);
      await settle();
      expect(rig.hit(DATA)!.ageMs).to.equal(30_000);
    });

    it('a list never answers a read of the same path, nor the other way (D-40)', async () => {
      await rig.seed('/v1/secret/metadata/a?list=true', kv1({ keys: ['x'] }));
      expect([rig.holds('/v1/secret/metadata/a'), rig.holds('/v1/secret/metadata/a/', {}, 'LIST')]).to.deep.equal([
        false,
        true,
      ]);
    });

    it('bypasses requests for wrapped answers, fresh answers, and without a token (D-41, D-55)', async () => {
      await rig.seed(DATA, kv2(1));
      const why = (wishes: object): string | undefined => rig.cache.bypass(exchange('GET', DATA, wishes));
      expect(why({})).to.equal(undefined);
      expect(why({ headers: ['X-Vault-Wrap-TTL', '5m'] })).to.equal('wrapped');
      expect(why({ headers: ['Cache-Control', 'no-store'] })).to.equal('no-store');
      expect(why({ token: '' })).to.equal('no-token');
      expect(why({ body: '{}' })).to.equal('body');
    });

    it('one namespace in header or path is one answer, another is another (D-42)', async () => {
      await rig.seed(DATA, kv2(1), { namespace: 'ns1/' });
      expect(rig.holds('/v1/ns1/secret/data/a')).to.equal(true);
      expect(rig.holds(DATA)).to.equal(false);
    });

    it('never keeps answers of other engines, leases, tokens or errors (R-10)', () => {
      const kept = [
        kv1({}, { mount_type: 'database' }),
        kv1({}, { lease_id: 'x' }),
        kv1({}, { auth: { client_token: 'x' } }),
        'no json',
      ].map((answer) => rig.read(exchange('GET', DATA), answer));
      expect(kept).to.deep.equal(['not-kv', 'leased', 'auth', 'no-envelope']);
      expect(rig.cache.refusal(reply({}, { status: 404 }))).to.equal('status');
      expect(rig.cache.refusal(reply({}, { status: 202 }))).to.equal('status');
      expect(rig.cache.refusal(reply({}, { headers: ['Content-Type', 'text/html'] }))).to.equal('not-json');
      expect(rig.cache.size).to.equal(0);
    });

    it('an answer of another engine takes away what was held under its name', async () => {
      await rig.seed(DATA, kv2(1));
      await rig.seed(DATA, kv1({}, { mount_type: 'transit' }));
      expect(rig.cache.size).to.equal(0);
    });

    it('has its own time to live by path; 0 means not at all (D-68)', async () => {
      setUp({
        config: {
          paths: [
            { glob: 'secret/data/never', ttlMs: 0 },
            { glob: 'secret/+/brief*', ttlMs: 1000 },
          ],
        },
        paths: [
          { glob: 'old/no/*', cache: false, maxAgeMs: 0, at: '' },
          { glob: 'old/*', cache: true, maxAgeMs: 2000, at: '' },
        ],
      });
      expect(await rig.seed('/v1/secret/data/never', kv2(1))).to.equal('policy');
      expect(await rig.seed('/v1/old/no/a', kv1())).to.equal('policy');
      await rig.seed('/v1/secret/data/brief1', kv2(1));
      await rig.seed('/v1/old/a', kv1());
      await rig.clock.advance(999);
      expect([rig.holds('/v1/secret/data/brief1'), rig.holds('/v1/old/a')]).to.deep.equal([true, true]);
      await rig.clock.advance(1);
      expect([rig.holds('/v1/secret/data/brief1'), rig.holds('/v1/old/a')]).to.deep.equal([false, true]);
      await rig.clock.advance(1000);
      expect(rig.holds('/v1/old/a')).to.equal(false);
    });

    it('the time to live ends with the version: nothing is served past deletion_time, stale or rescued (R-10)', async () => {
      setUp({ config: { staleWhileRevalidateMs: MINUTE, staleIfErrorMs: 60 * MINUTE } });
      await rig.seed(DATA, kv2(1, undefined, { deletion_time: '2026-01-01T00:01:00Z' }));
      await rig.clock.advance(MINUTE - 1);
      expect([rig.holds(DATA), rig.rescues(DATA)]).to.deep.equal([true, true]);
      await rig.clock.advance(1);
      expect([rig.holds(DATA), rig.rescues(DATA)]).to.deep.equal([false, false]);
      expect(await rig.seed(DATA, kv2(1, undefined, { deletion_time: '2026-01-01T00:01:00Z' }))).to.equal('deleted');
    });

    it('an older version from a server that lags does not replace a newer one; version 1 after a deletion does (R-10)', async () => {
      await rig.seed(DATA, kv2(5, '2026-01-01T00:00:05Z'));
      expect(await rig.seed(DATA, kv2(4, '2026-01-01T00:00:04Z'))).to.equal('older');
      expect(bodyOf(rig.hit(DATA)).data!.data).to.deep.equal({ a: '5' });
      expect(await rig.seed(DATA, kv2(1, '2026-01-01T00:00:06Z'))).to.equal('stored-static');
      expect(bodyOf(rig.hit(DATA)).data!.data).to.deep.equal({ a: '1' });
    });

    it('a slow answer that was sent earlier does not replace a later one', async () => {
      const slow = exchange('GET', '/v1/old/a');
      rig.cache.recall(slow);
      await rig.clock.advance(1000);
      await rig.seed('/v1/old/a', kv1({ a: 'new' }));
      expect(rig.cache.remember(slow, reply(kv1({ a: 'old' })), rig.cache.epoch)).to.equal('older');
      expect(bodyOf(rig.hit('/v1/old/a')).data).to.deep.equal({ a: 'new' });
    });

    it('a 404 takes the answer away, a 403 only the permission of its token', async () => {
      await rig.seed(DATA, kv2(1));
      await rig.seed(DATA, kv2(1), { token: 'hvs.two' });
      rig.cache.refused(exchange('GET', DATA), 403);
      expect([rig.holds(DATA), rig.holds(DATA, { token: 'hvs.two' })]).to.deep.equal([false, true]);
      rig.cache.refused(exchange('GET', DATA), 500);
      expect(rig.cache.size).to.equal(1);
      rig.cache.refused(exchange('GET', DATA), 404);
      expect(rig.cache.size).to.equal(0);
    });

    it('a clock that jumps back makes all answers prove themselves anew (R-13)', async () => {
      await rig.seed(DATA, kv2(1));
      expect(rig.holds(DATA)).to.equal(true);
      const now = rig.clock.now();
      rig.clock.now = () => now - 24 * 3_600_000;
      expect(rig.holds(DATA)).to.equal(false);
      await rig.seed(DATA, kv2(2, '2026-01-01T00:00:01Z'));
      expect(bodyOf(rig.hit(DATA)).data!.data).to.deep.equal({ a: '2' });
    });

    it('an answer that was under way when the clock was set back is fresh for its ttl, not until the old time comes again (R-13)', async () => {
      await rig.seed(DATA, kv2(1));
      const slow = exchange('GET', '/v1/old/a');
      rig.cache.recall(slow);
      const now = rig.clock.now() - 24 * 3_600_000;
      rig.clock.now = () => now;
      expect(rig.holds(DATA)).to.equal(false);
      rig.cache.remember(slow, reply(kv1()), rig.cache.epoch);
      const entry = [...rig.cache.entries()].find(({ path }) => path === '/v1/old/a')!;
      expect(entry.expiresAt).to.equal(now + 5 * MINUTE);
    });

    it('asks the server for the mount where answers do not name the engine, as OpenBao', async () => {
      const mute = (data: object): object => kv1(data, { mount_type: undefined });
      rig.vault.on('GET', 'sys/internal/ui/mounts/old/a', {
        status: 200,
        body: { data: { type: 'kv', path: 'old/' } },
      });
      rig.vault.on('GET', 'sys/internal/ui/mounts/other/a', {
        status: 200,
        body: { data: { type: 'transit', path: 'other/' } },
      });
      await rig.seed('/v1/old/a', mute({ a: 1 }));
      await rig.seed('/v1/other/a', mute({ a: 1 }));
      expect([rig.holds('/v1/old/a'), rig.holds('/v1/other/a')]).to.deep.equal([true, false]);
      expect(rig.read(exchange('GET', '/v1/other/b'), mute({}))).to.equal('not-kv');
      expect(rig.read(exchange('GET', '/v1/old/b'), mute({}))).to.equal('stored-static');
      expect(rig.holds('/v1/old/b')).to.equal(true);
      await settle();
      expect(rig.vault.calls.filter(({ path }) => path.startsWith('sys/internal')).length).to.equal(2);
    });

    it('a mount that is replaced is asked for again, at once through the agent, else after ten minutes', async () => {
      const mute = (): object => kv1({ a: 1 }, { mount_type: undefined });
      const mount = (type: string): unknown =>
        rig.vault.on('GET', 'sys/internal/ui/mounts/x/a', { status: 200, body: { data: { type, path: 'x/' } } });
      const served = async (): Promise<boolean> => (await rig.seed('/v1/x/a', mute()), rig.holds('/v1/x/a'));
      const asked = (): number => rig.calls('sys/internal/ui/mounts/x/a').length;
      mount('kv');
      expect([await served(), await served(), asked()]).to.deep.equal([true, true, 1]);
      mount('transit');
      rig.change('DELETE', '/v1/sys/mounts/x');
      expect([await served(), await served(), asked()]).to.deep.equal([false, false, 2]);
      mount('kv');
      await rig.clock.advance(10 * MINUTE - 1);
      expect(await served()).to.equal(false);
      await rig.clock.advance(1);
      expect([await served(), asked()]).to.deep.equal([true, 3]);
    });

    it('asks for the mount of a path at most once a minute', async () => {
      const read = (): Promise<string> => rig.seed('/v1/x/a', kv1({ a: 1 }, { mount_type: undefined }));
      await read();
      await read();
      await rig.clock.advance(MINUTE - 1);
      await read();
      expect(rig.calls('sys/internal/ui/mounts/x/a').length).to.equal(1);
      await rig.clock.advance(1);
      await read();
      expect(rig.calls('sys/internal/ui/mounts/x/a').length).to.equal(2);
    });

    it('serves nothing while it does not know whether the mount is KV', async () => {
      await rig.seed('/v1/old/a', kv1({ a: 1 }, { mount_type: undefined }));
      expect(rig.holds('/v1/old/a')).to.equal(false);
    });

    it('shows no secret in inspection, and its keys differ by token', async () => {
      await rig.seed(`${DATA}?version=1`, kv2(1));
      const [view] = rig.cache.entries();
      expect(view).to.deep.include({ kind: 'static', path: `${DATA}?version=1`, state: 'fresh', keys: 1 });
      expect(JSON.stringify(view)).not.to.contain('hvs');
      const keys = ['hvs.one', 'hvs.two'].map((token) => rig.cache.keyOf(exchange('GET', DATA, { token })));
      expect(new Set(keys).size).to.equal(2);
      expect(keys.join()).not.to.contain('hvs');
      expect(rig.log.leaks(['hvs.one'])).to.deep.equal([]);
    });
  });

  describe('limits', () => {
    it('lets the least recently used answer go for a new one, and for a lease', async () => {
      setUp({ room: { maxEntries: 2 } });
      await rig.seed('/v1/old/a', kv1());
      await rig.clock.advance(2000);
      await rig.seed('/v1/old/b', kv1());
      await rig.clock.advance(2000);
      expect(rig.holds('/v1/old/a')).to.equal(true);
      await rig.seed('/v1/old/c', kv1());
      expect(['a', 'b', 'c'].map((name) => rig.holds(`/v1/old/${name}`))).to.deep.equal([true, false, true]);
      expect(rig.room.take(10)).to.equal(true);
      expect([rig.cache.size, rig.room.entries]).to.deep.equal([1, 2]);
    });

    it('refuses what never fits, and gives its room back to the byte', async () => {
      setUp({ room: { maxBytes: 4000 } });
      expect(await rig.seed('/v1/old/a', kv1({ a: 'x'.repeat(5000) }))).to.equal('full');
      await rig.seed('/v1/old/a', kv1({ a: 'x' }));
      await rig.seed('/v1/old/a', kv1({ a: 'y'.repeat(1000) }));
      await rig.seed('/v1/old/b', kv1({ a: 'x'.repeat(5000) }));
      expect(rig.cache.size).to.equal(1);
      expect(rig.read(exchange('GET', '/v1/old/a'), kv1({ a: 'x'.repeat(5000) }))).to.equal('full');
      expect([rig.cache.size, rig.room.entries, rig.room.bytes]).to.deep.equal([0, 0, 0]);
    });

    it('sweeps what is of no more use', async () => {
      await rig.seed(DATA, kv2(1));
      expect(rig.count('agent.cache.static.entries')).to.deep.equal({ '': 1 });
      await rig.clock.advance(6 * MINUTE);
      expect([rig.cache.size, rig.room.entries]).to.deep.equal([0, 0]);
      expect(rig.count('agent.cache.static.entries')).to.deep.equal({ '': 0 });
    });

    it('leaves no timer behind when it is stopped', async () => {
      await rig.seed(DATA, kv2(1));
      rig.cache.stop();
      rig.vault.on('GET', 'auth/token/lookup-self', lookup());
      expect(rig.clock.pending).to.equal(0);
    });
  });
});
