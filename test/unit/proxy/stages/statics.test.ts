import { expect } from 'chai';
import type { Exchange, Reply } from '../../../../core/contracts/exchange.js';
import type { StaticHit } from '../../../../core/contracts/static-cache.js';
import { errorReply, jsonReply } from '../../../../core/kernel/local-reply.js';
import { BodyBudget, SMALL_BODY } from '../../../../core/proxy/body-budget.js';
import { staticsStage } from '../../../../core/proxy/stages/statics.js';
import { agentError, type AgentError } from '../../../../core/sdk/index.js';
import { settle } from '../../../../core/sdk/testing/index.js';
import { StaticCacheFake } from '../caches-fake.js';
import { StreamFake, exchange, header, later, textOf } from '../exchange-fake.js';

const PATH = '/v1/secret/data/a';
const lost = (): AgentError => agentError('UPSTREAM_UNREACHABLE', { address: 'a', why: 'b' });
const stored = (stale: boolean, ageMs = 61_900): StaticHit => ({
  reply: { ...jsonReply(200, { old: true }), headers: ['A', '1', 'X-Cache', 'HIT', 'Age', '61'] },
  ageMs,
  stale,
});

describe('the statics stage (R-10, D-68)', () => {
  let cache: StaticCacheFake;
  let budget: BodyBudget;
  let fetches: number;
  let answer: (request: Exchange) => Reply | Promise<Reply>;
  let stage: ReturnType<typeof staticsStage>;
  beforeEach(() => {
    cache = new StaticCacheFake();
    budget = new BodyBudget(SMALL_BODY);
    fetches = 0;
    answer = () => Promise.resolve(jsonReply(200, { n: fetches }));
    stage = staticsStage({ statics: cache, budget, instance: 'me' });
  });
  const ask = (request = exchange()): Promise<Reply> =>
    Promise.resolve().then(() => stage(request, () => (fetches++, answer(request))));

  it('answers a hit without a promise, as the cache made it (P-11)', () => {
    const hit = stored(false);
    cache.hits.set(PATH, hit);
    const request = exchange();
    const reply = stage(request, () => errorReply(500)) as Reply;
    expect(reply).to.equal(hit.reply);
    expect(request.notes).to.deep.equal({ cache: 'hit', ageMs: 61_900 });
  });

  it('says when a hit is stale, and leaves the stored head alone', async () => {
    const hit = stored(true);
    cache.hits.set(PATH, hit);
    expect(header(await ask(), 'X-Cache-Reason')).to.equal('stale');
    expect(hit.reply.headers.length).to.equal(6);
  });

  it('refuses a request that has gone round before it waits for the one that sent it (D-62)', async () => {
    answer = () => ask(exchange({ headers: ['X-Claviger-Hop', 'me'] }));
    const code = await ask().then(
      ({ status }) => String(status),
      (error: AgentError) => error.code,
    );
    expect([code, fetches]).to.deep.equal(['REQUEST_LOOP', 1]);
  });

  it('stores what it fetches, with the epoch from before it was sent (R-1)', async () => {
    answer = () => {
      cache.epoch = 99;
      return Promise.resolve(jsonReply(200, { n: 1 }));
    };
    const request = exchange();
    expect(textOf(await ask(request))).to.equal('{"n":1}\n');
    expect([request.notes, cache.remembered]).to.deep.equal([{ cache: 'miss', why: 'stored-static' }, ['{"n":1} 3']]);
    expect(header(await ask(), 'X-Cache')).to.equal('HIT');
  });

  it('fetches once for all that ask at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => ask()));
    expect([fetches, all.filter((reply) => header(reply, 'X-Cache') === 'HIT').length]).to.deep.equal([1, 9]);
  });

  it('lets them go alone when the answer was not stored', async () => {
    cache.verdict = 'not-kv';
    await Promise.all(Array.from({ length: 3 }, () => ask()));
    expect(fetches).to.equal(3);
  });

  it('passes what is none of its business, with the reason, unless one was given before', async () => {
    cache.reason = 'not-static';
    const [first, second] = [exchange(), exchange({ notes: { cache: 'bypass', why: 'method' } })];
    expect(stage(first, () => errorReply(204))).not.to.be.instanceOf(Promise);
    await ask(second);
    expect([first.notes, second.notes]).to.deep.equal([
      { cache: 'bypass', why: 'not-static' },
      { cache: 'bypass', why: 'method' },
    ]);
  });

  describe('when the server cannot answer (R-10)', () => {
    const trouble: [string, () => Reply | Promise<Reply>][] = [
      ['it is out of reach', () => Promise.reject(lost())],
      ['it answers 500', () => errorReply(500, 'x')],
      ['it answers 503', () => Promise.resolve(errorReply(503, 'sealed'))],
    ];
    for (const [what, fails] of trouble) {
      it(`stands in with the old answer: ${what}`, async () => {
        cache.old.set(PATH, stored(true));
        answer = fails;
        const all = await Promise.all([ask(), ask()]);
        for (const reply of all) {
          expect([reply.status, textOf(reply)]).to.deep.equal([200, '{"old":true}\n']);
          expect([header(reply, 'X-Cache'), header(reply, 'X-Cache-Reason')]).to.deep.equal(['HIT', 'stale']);
        }
      });
    }

    it('passes the failure on when there is none', async () => {
      answer = () => Promise.reject(lost());
      const got = await Promise.all([ask(), ask()].map((one) => one.catch((error: AgentError) => error.code)));
      expect([got, fetches]).to.deep.equal([['UPSTREAM_UNREACHABLE', 'UPSTREAM_UNREACHABLE'], 1]);
      answer = () => errorReply(502, 'x');
      expect((await ask()).status).to.equal(502);
    });

    it('gives up the answer it does not pass on', async () => {
      const body = new StreamFake(Buffer.from('x'));
      cache.old.set(PATH, stored(true));
      answer = () => ({ status: 500, headers: [], body });
      await ask();
      expect(body.canceled).to.equal(true);
    });

    for (const status of [400, 403, 404, 412, 429]) {
      it(`never stands in for a ${status} (R-10)`, async () => {
        cache.old.set(PATH, stored(true));
        answer = () => errorReply(status, 'no');
        const request = exchange();
        expect((await ask(request)).status).to.equal(status);
        expect(cache.refusals).to.deep.equal(status === 403 || status === 404 ? [`${PATH} ${status}`] : []);
        expect(request.notes).to.deep.equal({ cache: 'miss', why: 'status' });
      });
    }

    it('never stands in for a defect of ours or for a client that left (R-10)', async () => {
      cache.old.set(PATH, stored(true));
      for (const error of [new Error('bug'), agentError('UPSTREAM_CANCELLED', {}), agentError('REQUEST_LOOP', {})]) {
        answer = () => Promise.reject(error);
        expect(await ask().catch((got: unknown) => got)).to.equal(error);
      }
    });
  });

  it('ends the fetch when the last client left, and gives each its signal back (D-30)', async () => {
    const slow = later<Reply>();
    answer = () => slow.promise;
    const leaving = new AbortController();
    const request = exchange({ signal: leaving.signal });
    const got = ask(request).catch((error: AgentError) => error.code);
    await settle();
    const told = request.signal;
    leaving.abort(agentError('UPSTREAM_CANCELLED', {}));
    expect([await got, told.aborted]).to.deep.equal(['UPSTREAM_CANCELLED', true]);
    slow.resolve(jsonReply(200, {}));
    await settle();
    expect(request.signal).to.equal(leaving.signal);
  });

  it('lets an answer stream for which there is no room (D-35)', async () => {
    answer = () => ({ status: 200, headers: [], body: new StreamFake(Buffer.alloc(SMALL_BODY + 1)) });
    budget.take(cache, SMALL_BODY);
    const request = exchange();
    expect((await ask(request)).body).to.be.instanceOf(StreamFake);
    expect(request.notes.why).to.equal('body-budget');
  });
});
