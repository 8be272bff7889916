// Self-healing, requests before the first token, secrets of clients that left, and long bodies, over real connections.
import { expect } from 'chai';
import { BodyBudget, SMALL_BODY } from '../../../core/proxy/body-budget.js';
import { StaticCacheFake, WatchFake } from './caches-fake.js';
import { IdentityFake, state } from './identity-fake.js';
import { Rig, json, lease, until, type Answer } from './rig.js';

const CREDS = '/v1/db/creds/app';

describe('the request path, healing itself', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.close();
    rig = undefined;
  });
  const start = async (options: Parameters<typeof Rig.start>[0]): Promise<Rig> => (rig = await Rig.start(options));

  /** A server on which only one token lives. */
  const only =
    (live: string): Answer =>
    (call, response) => {
      if (call.token !== live) return json(response, 403, { errors: ['permission denied'] });
      json(response, 200, call.target === CREDS ? lease('db/creds/app/id1') : { data: { a: 1 } });
    };
  const healing = (): IdentityFake => {
    const identity = new IdentityFake('default', state('hvs.dead'));
    identity.reauthenticate = () => {
      const next = state('hvs.live', 'default', 2);
      rig!.cache?.adopt(next);
      identity.publish(next);
      return Promise.resolve(next);
    };
    return identity;
  };

  it('gets the answer in the same request although the own token was dead (R-6, D-64)', async () => {
    const agent = await start({ answer: only('hvs.live'), identity: healing() });
    const got = await agent.send('GET', CREDS);
    expect([got.status, got.headers['x-cache']]).to.deep.equal([200, 'MISS']);
    expect(agent.calls.map(({ target, token }) => `${target} ${token}`)).to.deep.equal([
      `${CREDS} hvs.dead`,
      '/v1/sys/internal/ui/mounts hvs.dead',
      `${CREDS} hvs.live`,
    ]);
    expect((await agent.send('GET', CREDS)).headers['x-cache']).to.equal('HIT');
  });

  it('heals many at once with one proof and one login, without the cache too (R-6)', async () => {
    for (const cache of [undefined, false] as const) {
      const identity = healing();
      let logins = 0;
      const { reauthenticate } = identity;
      identity.reauthenticate = (...given) => (logins++, reauthenticate(...given));
      const agent = await start({ answer: only('hvs.live'), identity, ...(cache === false && { cache }) });
      const all = await Promise.all(Array.from({ length: 20 }, (_, n) => agent.send('GET', `/v1/kv/${n}`)));
      expect(all.every(({ status }) => status === 200)).to.equal(true);
      expect(agent.targets.filter((target) => target.endsWith('mounts')).length).to.equal(1);
      expect(logins).to.be.within(1, 20);
      await agent.close();
      rig = undefined;
    }
  });

  it("relays a 403 of policy, and one of a client's own token, as they are (R-6)", async () => {
    const agent = await start({
      identity: new IdentityFake('default', state('hvs.auto')),
      answer: (call, response) =>
        call.target.endsWith('mounts')
          ? json(response, 200, {})
          : json(response, 403, { errors: ['permission denied'] }),
    });
    const own = await agent.send('GET', CREDS, { headers: { 'X-Vault-Token': 'hvs.own' } });
    expect([own.status, agent.calls.length]).to.deep.equal([403, 1]);
    const auto = await agent.send('GET', CREDS);
    expect([auto.status, auto.text, auto.headers['x-cache']]).to.deep.equal([
      403,
      '{"errors":["permission denied"]}',
      undefined,
    ]);
    expect(agent.calls.length).to.equal(3);
  });

  const unusable: [string, IdentityFake][] = [
    ['none', new IdentityFake('default')],
    ['a wrapped one', new IdentityFake('default', { ...state('{}'), form: 'wrapped' })],
    ['an expired one', new IdentityFake('default', { ...state('hvs.old'), expiresAt: 1 })],
  ];
  for (const [what, identity] of unusable) {
    it(`answers 503 with Retry-After when the token is ${what}, and sends nothing (D-22)`, async () => {
      const agent = await start({ answer: only('hvs.live'), identity });
      const got = await agent.send('GET', CREDS);
      expect([got.status, got.headers['retry-after'], agent.calls.length]).to.deep.equal([503, '1', 0]);
    });
  }

  it('counts the life of a lease from when its request was sent, not from when it was answered (R-3)', async () => {
    const seen: (number | undefined)[] = [];
    const agent = await start({
      identity: new IdentityFake('default', state('hvs.live')),
      answer: (call, response, request) => void setImmediate(() => only('hvs.live')(call, response, request)),
    });
    const remember = agent.cache!.remember.bind(agent.cache);
    agent.cache!.remember = (exchange, ...rest) => (seen.push(exchange.sentAt), remember(exchange, ...rest));
    const before = Date.now();
    await agent.send('GET', CREDS);
    expect(seen[0]).to.be.within(before, Date.now());
  });

  it('says why on each success that was no hit', async () => {
    const agent = await start({ answer: only('hvs.live'), identity: new IdentityFake('default', state('hvs.live')) });
    const reason = async (headers: Record<string, string>, path = CREDS): Promise<unknown> =>
      (await agent.send('GET', path, { headers })).headers['x-cache-reason'];
    expect(await reason({ 'Cache-Control': 'no-cache' })).to.equal('no-store');
    expect(await reason({ Authorization: 'Negotiate x' })).to.equal('authorization');
    expect(await reason({ 'X-Vault-Inline-Auth-Path': 'auth/x/login' })).to.equal('inline-auth');
    expect(await reason({}, '/v1/sys/mounts')).to.equal('system');
    expect(await reason({}, '/v1/kv/a')).to.equal('no-lease');
    expect(await reason({})).to.equal('stored-lease');
    expect(await reason({})).to.equal(undefined);
  });

  describe('with static secrets', () => {
    it('answers them without the cache of leases too, and says when a client is given an old one (R-10)', async () => {
      const statics = new StaticCacheFake();
      const down = { now: false };
      const agent = await start({
        statics,
        cache: false,
        answer: (call, response, request) => {
          if (down.now) return json(response, 503, { errors: ['Vault is sealed'] });
          only('hvs.live')(call, response, request);
        },
        identity: new IdentityFake('default', state('hvs.live')),
      });
      const first = await agent.send('GET', '/v1/secret/data/a');
      const second = await agent.send('GET', '/v1/secret/data/a');
      expect([first, second].map(({ headers }) => headers['x-cache'])).to.deep.equal(['MISS', 'HIT']);
      expect(first.headers['x-cache-reason']).to.equal('stored-static');
      statics.old.set('/v1/secret/data/a', { ...statics.hits.get('/v1/secret/data/a')!, stale: true });
      statics.hits.clear();
      down.now = true;
      const old = await agent.send('GET', '/v1/secret/data/a');
      expect([old.status, old.text, old.headers['x-cache-reason']]).to.deep.equal([200, first.text, 'stale']);
    });

    it('leaves them to their cache when both are there, and shows it writes (D-67)', async () => {
      const statics = new StaticCacheFake();
      const watch = (statics.watching = new WatchFake());
      const agent = await start({
        statics,
        answer: only('hvs.live'),
        identity: new IdentityFake('default', state('hvs.live')),
      });
      const reads = [];
      for (let n = 0; n < 3; n++) reads.push((await agent.send('GET', '/v1/kv/a')).headers['x-cache']);
      expect([reads, agent.calls.length, agent.cache!.size]).to.deep.equal([['MISS', 'HIT', 'HIT'], 1, 0]);
      expect(watch.seen).to.deep.equal(['sent ', 'ended 200 -']);
    });
  });

  describe('long bodies (D-35)', () => {
    it('give their room back when the answer is written, also to a client that leaves', async () => {
      const budget = new BodyBudget();
      const long = JSON.stringify({ data: { a: 'x'.repeat(2 * SMALL_BODY) } });
      const held: (() => void)[] = [];
      const agent = await start({
        budget,
        answer: (_call, response) => void held.push(() => json(response, 200, long)),
        identity: new IdentityFake('default', state('hvs.live')),
      });
      const got = agent.send('POST', '/v1/db/creds/big', { body: 'y'.repeat(3 * SMALL_BODY) });
      await until(() => held.length === 1);
      expect(budget.held).to.equal(3 * SMALL_BODY);
      held.pop()!();
      expect((await got).text.length).to.equal(long.length);
      await until(() => budget.held === 0);
      const leaving = new AbortController();
      const body = 'z'.repeat(3 * SMALL_BODY);
      const gone = agent.send('POST', '/v1/db/creds/big', { body, signal: leaving.signal }).catch(() => 'gone');
      await until(() => held.length === 1);
      leaving.abort();
      expect(await gone).to.equal('gone');
      held.pop()!();
      await until(() => budget.held === 0);
    });

    it('stream when there is no room, and cannot be followed then: 503 with Retry-After', async () => {
      const budget = new BodyBudget(0);
      const agent = await start({
        budget,
        answer: only('hvs.live'),
        identity: new IdentityFake('default', state('hvs.live')),
      });
      const body = `{"x":"${'y'.repeat(2 * SMALL_BODY)}"}`;
      const streamed = await agent.send('POST', '/v1/db/creds/big', { body });
      expect([streamed.status, streamed.headers['x-cache-reason']]).to.deep.equal([200, 'body-budget']);
      expect(agent.calls[0]!.body.length).to.equal(body.length);
      const watched = await agent.send('PUT', '/v1/sys/leases/revoke', { body });
      expect([watched.status, watched.headers['retry-after'], agent.calls.length]).to.deep.equal([503, '1', 1]);
    });
  });
});
