import { expect } from 'chai';
import type { Exchange, Reply } from '../../../../core/contracts/exchange.js';
import { errorReply, jsonReply } from '../../../../core/kernel/local-reply.js';
import { BUFFER_LIMIT, BodyBudget, SMALL_BODY } from '../../../../core/proxy/body-budget.js';
import { observeStage } from '../../../../core/proxy/stages/observe.js';
import { Secret, agentError, type AgentError } from '../../../../core/sdk/index.js';
import { LeaseCacheFake, StaticCacheFake, WatchFake } from '../caches-fake.js';
import { StreamFake, answered, exchange, textOf } from '../exchange-fake.js';

describe('the observe stage (R-1, R-11, D-21)', () => {
  let cache: LeaseCacheFake;
  let statics: StaticCacheFake;
  let budget: BodyBudget;
  beforeEach(() => {
    cache = new LeaseCacheFake();
    statics = new StaticCacheFake();
    budget = new BodyBudget(64 * SMALL_BODY);
  });
  const run = (request: Exchange, next: () => Reply | Promise<Reply> = answered): Promise<Reply> =>
    Promise.resolve().then(() => observeStage({ cache, statics, budget })(request, next));

  it('passes what nobody watches without a promise', () => {
    expect(observeStage({ cache, statics, budget })(exchange(), answered)).not.to.be.instanceOf(Promise);
    expect(observeStage({ cache: undefined, statics, budget })(exchange(), answered)).not.to.be.instanceOf(Promise);
  });

  it('tells both caches when the request is sent and how it ended, once (R-1)', async () => {
    const [one, two] = [new WatchFake(), new WatchFake()];
    cache.watching = one;
    statics.watching = two;
    await run(exchange(), () => {
      expect([one.seen.length, two.seen.length]).to.deep.equal([1, 1]);
      return errorReply(404, 'x');
    });
    expect(one.seen).to.deep.equal(['sent ', 'ended 404 -']);
    expect(two.seen).to.deep.equal(one.seen);
  });

  it('lets the answer wait for what a watch still has to do for others (R-7)', async () => {
    const watch = (cache.watching = new WatchFake());
    let done: () => void = () => undefined;
    watch.settling = new Promise((resolve) => (done = resolve));
    let answer: Reply | undefined;
    const running = run(exchange()).then((reply) => (answer = reply));
    await new Promise((resolve) => setImmediate(resolve));
    expect([answer, watch.seen.length]).to.deep.equal([undefined, 2]);
    done();
    expect((await running).status).to.equal(204);
  });

  it('has the bodies in memory for a watch that needs them (R-11)', async () => {
    const watch = (cache.watching = new WatchFake(true));
    const request = exchange({ body: new StreamFake(Buffer.from('{"lease_id":"a"}')) });
    const reply = await run(request, () => ({ status: 200, headers: [], body: new StreamFake(Buffer.from('{}')) }));
    expect(watch.seen).to.deep.equal(['sent {"lease_id":"a"}', 'ended 200 {}']);
    expect([textOf(reply), reply.headers]).to.deep.equal(['{}', ['Content-Length', '2']]);
  });

  it('lets bodies stream that no watch needs (D-35)', async () => {
    statics.watching = new WatchFake();
    const body = new StreamFake(Buffer.from('x'));
    const answer = new StreamFake(Buffer.from('y'));
    expect((await run(exchange({ body }), () => ({ status: 200, headers: [], body: answer }))).body).to.equal(answer);
    expect([body.asked, answer.asked]).to.deep.equal([[], []]);
  });

  it('calls an end without an answer unclear, once, and lets the error through (R-11)', async () => {
    const watch = (cache.watching = new WatchFake());
    const lost = agentError('UPSTREAM_TIMEOUT', { address: 'a', seconds: 1 });
    const got = await run(exchange(), () => Promise.reject(lost)).catch((error: unknown) => error);
    expect([got, watch.seen]).to.deep.equal([lost, ['sent ', 'ended undefined -']]);
  });

  it('keeps the status of an answer whose body broke off (R-11)', async () => {
    const watch = (cache.watching = new WatchFake(true));
    const body = new StreamFake(Buffer.alloc(0));
    body.collect = () => Promise.reject(agentError('UPSTREAM_TIMEOUT', { address: 'a', seconds: 1 }));
    expect(await run(exchange(), () => ({ status: 204, headers: [], body })).catch(() => 'failed')).to.equal('failed');
    expect(watch.seen).to.deep.equal(['sent ', 'ended 204 -']);
  });

  it('does not tell the server that the client left, because it may have been done (D-30)', async () => {
    cache.watching = new WatchFake();
    const leaving = new AbortController();
    const request = exchange({ signal: leaving.signal });
    await run(request, () => {
      leaving.abort();
      expect(request.signal.aborted).to.equal(false);
      return answered();
    });
    expect(request.signal).to.equal(leaving.signal);
  });

  it('refuses with 413 a watched request that is too long, with 503 one that finds no room (D-35)', async () => {
    const watch = (cache.watching = new WatchFake(true));
    const code = (bytes: number): Promise<unknown> =>
      run(exchange({ body: new StreamFake(Buffer.alloc(bytes)) })).catch((error: AgentError) => error.code);
    expect(await code(BUFFER_LIMIT + 1)).to.equal('REQUEST_TOO_LARGE');
    budget.take(watch, 64 * SMALL_BODY);
    expect(await code(SMALL_BODY + 1)).to.equal('REQUEST_NO_MEMORY');
    expect(watch.seen).to.deep.equal([]);
  });

  describe("refusals of a client's own token (D-21)", () => {
    const own = (): Exchange => exchange({ token: new Secret('hvs.own') });
    const refused = (text: string): Reply => ({ status: 403, headers: [], body: new StreamFake(Buffer.from(text)) });
    const said = async (request: Exchange, reply: Reply): Promise<readonly string[]> => {
      await run(request, () => Promise.resolve(reply));
      return cache.doubted;
    };

    for (const text of ['permission denied', '2 errors occurred: permission denied; invalid token']) {
      it(`put what hangs on it in doubt: ${text} (D-21)`, async () => {
        const reply = refused(JSON.stringify({ errors: [text] }));
        expect(await said(own(), reply)).to.deep.equal(['hvs.own']);
      });
    }

    it('of other kinds do not, nor of the identity, nor other statuses (D-21, R-6)', async () => {
      await said(own(), refused('{"errors":["mfa needed"]}'));
      await said(own(), jsonReply(404, { errors: ['permission denied'] }));
      await said(exchange(), refused('permission denied'));
      const identity = exchange({ token: new Secret('hvs.auto'), identity: 'default' });
      expect(await said(identity, refused('permission denied'))).to.deep.equal([]);
    });

    it('reach the client as they are, long ones unread', async () => {
      const short = await run(own(), () => Promise.resolve(refused('permission denied')));
      expect(textOf(short)).to.equal('permission denied');
      const long = refused('permission denied'.repeat(10_000));
      expect((await run(own(), () => Promise.resolve(long))).body).to.equal(long.body);
      expect(cache.doubted).to.deep.equal(['hvs.own']);
    });
  });
});
