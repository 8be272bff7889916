// Coalesce and recall together, over a scripted cache and a scripted server.
import { expect } from 'chai';
import type { Exchange, Reply } from '../../../../core/contracts/exchange.js';
import { jsonReply, textReply } from '../../../../core/kernel/local-reply.js';
import { BodyBudget, SMALL_BODY } from '../../../../core/proxy/body-budget.js';
import { compose } from '../../../../core/proxy/compose.js';
import { coalesceStage } from '../../../../core/proxy/stages/coalesce.js';
import { forwardStage } from '../../../../core/proxy/stages/forward.js';
import { recallStage } from '../../../../core/proxy/stages/recall.js';
import { agentError, type AgentError } from '../../../../core/sdk/index.js';
import { LogSpy, VirtualClock, settle } from '../../../../core/sdk/testing/index.js';
import { LeaseCacheFake } from '../caches-fake.js';
import { StreamFake, exchange, header, later, textOf } from '../exchange-fake.js';

class Path {
  readonly cache = new LeaseCacheFake();
  readonly clock = new VirtualClock(1_000_000);
  readonly budget = new BodyBudget(4 * SMALL_BODY);
  readonly sent: Exchange[] = [];
  answer: (request: Exchange) => Promise<Reply> = () => Promise.resolve(jsonReply(200, { from: 'server' }));
  readonly run;

  constructor() {
    const { cache, clock, budget } = this;
    const send = (request: Exchange): Promise<Reply> => (this.sent.push(request), this.answer(request));
    const log = new LogSpy();
    this.run = compose([
      coalesceStage({ cache, clock, budget, instance: 'me' }),
      recallStage({ cache, budget, log }),
      forwardStage({ send, instance: 'me', clock, log }),
    ]);
  }

  ask(request = exchange()): Promise<Reply> {
    return Promise.resolve().then(() => this.run(request));
  }
}

const clientThatLeaves = (): { leave: () => void; signal: AbortSignal } => {
  const leaving = new AbortController();
  return { signal: leaving.signal, leave: () => leaving.abort(agentError('UPSTREAM_CANCELLED', {})) };
};
const codeOf = (got: Promise<Reply>): Promise<string> =>
  got.then(
    ({ status }) => String(status),
    (error: AgentError) => error.code,
  );

describe('coalesce and recall', () => {
  let path: Path;
  beforeEach(() => (path = new Path()));
  afterEach(() => expect([path.clock.pending, path.budget.held]).to.deep.equal([0, 0]));

  it('goes straight through when a fresh answer is held, without a promise', () => {
    path.cache.answers.set('/v1/secret/data/a', 'fresh');
    const request = exchange();
    const reply = path.run(request);
    expect(reply).not.to.be.instanceOf(Promise);
    expect([request.notes, textOf(reply as Reply)]).to.deep.equal([
      { cache: 'hit', ageMs: 1000 },
      '{"from":"cache"}\n',
    ]);
  });

  it('refuses a request that has gone round before it waits for the one that sent it (D-62)', async () => {
    path.answer = () => path.ask(exchange({ headers: ['X-Claviger-Hop', 'me'] }));
    expect(await codeOf(path.ask())).to.equal('REQUEST_LOOP');
    expect(path.sent).to.have.lengthOf(1);
  });

  it('takes the epoch before the request is sent, and notes when that was (R-1, R-3)', async () => {
    const slow = later<Reply>();
    path.answer = () => slow.promise;
    const got = path.ask();
    await settle();
    path.cache.epoch = 8;
    await path.clock.advance(5_000);
    slow.resolve(jsonReply(200, {}));
    await got;
    expect(path.cache.remembered).to.deep.equal([{ text: '{}\n', epoch: 7, sentAt: 1_000_000 }]);
  });

  describe('looking beyond the memory', () => {
    it('a suspect entry that proves good is a hit for all that ask, with one look (R-13)', async () => {
      path.cache.answers.set('/v1/secret/data/a', 'suspect');
      let looks = 0;
      path.cache.seeking = async () => {
        looks++;
        await settle();
        path.cache.answers.set('/v1/secret/data/a', 'fresh');
      };
      const all = await Promise.all(Array.from({ length: 5 }, () => path.ask()));
      expect(all.map(textOf)).to.deep.equal(Array.from({ length: 5 }, () => '{"from":"cache"}\n'));
      expect([looks, path.sent.length]).to.deep.equal([1, 0]);
    });

    it('one that proves dead is fetched anew (R-13)', async () => {
      path.cache.answers.set('/v1/secret/data/a', 'suspect');
      path.cache.seeking = () => (path.cache.answers.delete('/v1/secret/data/a'), Promise.resolve());
      expect(textOf(await path.ask())).to.equal('{"from":"server"}\n');
      expect(path.sent.length).to.equal(1);
    });

    it('is given up when the only client leaves, and nothing is sent then (D-30)', async () => {
      const { signal, leave } = clientThatLeaves();
      path.cache.seeking = (_exchange, given) =>
        new Promise((_, reject) => given.addEventListener('abort', () => reject(given.reason as Error)));
      const got = codeOf(path.ask(exchange({ signal })));
      await settle();
      leave();
      expect([await got, path.sent.length]).to.deep.equal(['UPSTREAM_CANCELLED', 0]);
    });
  });

  describe('the pace of refused admissions (R-14)', () => {
    it('makes a request wait for its turn', async () => {
      path.cache.waits.push(5_000);
      const got = path.ask();
      await settle();
      expect(path.sent.length).to.equal(0);
      await path.clock.advance(4_999);
      expect(path.sent.length).to.equal(0);
      await path.clock.advance(1);
      expect((await got).status).to.equal(200);
    });

    it('answers 429 with Retry-After when that would take longer than 5 s (R-14)', async () => {
      path.cache.waits.push(5_001);
      const request = exchange();
      const reply = await path.ask(request);
      expect([reply.status, header(reply, 'Retry-After'), request.notes.why]).to.deep.equal([429, '6', 'paced']);
      expect(textOf(reply)).to.match(/"errors":\["too many requests/);
      expect([path.sent.length, path.cache.remembered.length]).to.deep.equal([0, 0]);
    });

    it('holds for those who waited for a twin in vain too (R-14)', async () => {
      path.cache.verdict = 'full';
      path.cache.waits.push(undefined, 6_000, 6_000);
      const all = await Promise.all(Array.from({ length: 3 }, () => path.ask()));
      expect(all.map(({ status }) => status)).to.deep.equal([200, 429, 429]);
    });

    it('a client that leaves while it waits sends nothing (D-30)', async () => {
      const { signal, leave } = clientThatLeaves();
      path.cache.waits.push(3_000);
      const got = codeOf(path.ask(exchange({ signal })));
      await settle();
      leave();
      expect([await got, path.sent.length]).to.deep.equal(['UPSTREAM_CANCELLED', 0]);
    });
  });

  describe('a client that leaves (R-9)', () => {
    const rows: [string, 'surely' | 'perhaps', boolean][] = [
      ['GET', 'surely', true],
      ['POST', 'perhaps', true],
      ['PUT', 'perhaps', true],
      ['GET', 'perhaps', false],
    ];
    for (const [method, issuing, finished] of rows) {
      it(`${finished ? 'does not end' : 'ends'} its ${method} that issues ${issuing} (R-9)`, async () => {
        const { signal, leave } = clientThatLeaves();
        const slow = later<Reply>();
        path.answer = () => slow.promise;
        path.cache.issuing = issuing;
        const got = codeOf(path.ask(exchange({ method, signal })));
        await settle();
        const { signal: told } = path.sent[0]!;
        leave();
        expect([await got, told.aborted]).to.deep.equal(['UPSTREAM_CANCELLED', !finished]);
        slow.resolve(jsonReply(200, {}));
        await settle();
        expect([path.cache.remembered.length, path.cache.abandoned.length]).to.deep.equal([1, 0]);
      });
    }

    const left = async (answer: Reply, more: Partial<Exchange> = {}): Promise<void> => {
      const { signal, leave } = clientThatLeaves();
      const slow = later<Reply>();
      path.answer = () => slow.promise;
      const got = codeOf(path.ask(exchange({ signal, ...more })));
      await settle();
      leave();
      slow.resolve(answer);
      await got;
      await settle();
    };

    it('has its secret given back when that was not stored (R-9)', async () => {
      path.cache.verdict = 'raced';
      await left(jsonReply(200, { lease_id: 'x' }));
      expect(path.cache.abandoned).to.deep.equal(['{"lease_id":"x"}\n']);
    });

    it('has it given back when it asked for a fresh one as well (R-9, D-55)', async () => {
      path.cache.reason = 'no-store';
      await left(jsonReply(200, { lease_id: 'x' }));
      expect(path.cache.abandoned).to.deep.equal(['{"lease_id":"x"}\n']);
    });

    it('has it given back when the body of its request was not in memory either (R-9)', async () => {
      path.cache.reason = 'no-store';
      const body = new StreamFake(Buffer.from('{}'));
      await left(jsonReply(200, { lease_id: 'x' }), { method: 'POST', body, headers: ['Content-Length', '2'] });
      expect(path.cache.abandoned).to.deep.equal(['{"lease_id":"x"}\n']);
    });

    it('has nothing given back that is an error, or that another agent has replaced (R-9)', async () => {
      await left(jsonReply(500, { errors: [] }));
      path.cache.verdict = 'shared-lost';
      await left(jsonReply(200, { lease_id: 'x' }));
      expect(path.cache.abandoned).to.deep.equal([]);
    });

    it('has the memory of a long answer given back', async () => {
      path.cache.verdict = 'full';
      const body = new StreamFake(Buffer.alloc(SMALL_BODY + 1));
      await left({ status: 200, headers: [], body });
      expect(path.cache.abandoned.length).to.equal(1);
    });

    it('gives up an answer that still streams', async () => {
      const body = new StreamFake(Buffer.from('x'));
      path.cache.head = 'not-json';
      path.cache.issuing = 'perhaps';
      await left({ status: 200, headers: [], body });
      expect(body.canceled).to.equal(true);
    });

    it('gives its own signal back to the exchange', async () => {
      for (const reason of [undefined, 'no-store']) {
        path.cache.reason = reason;
        const request = exchange();
        const { signal } = request;
        await path.ask(request);
        expect(request.signal).to.equal(signal);
      }
    });
  });

  describe('answers that were raced (R-1)', () => {
    it('are not shared: those who waited share another flight (R-1)', async () => {
      let count = 0;
      path.answer = () => Promise.resolve(jsonReply(200, { count: ++count }));
      path.cache.verdict = 'raced';
      const first = later<Reply>();
      const answer = path.answer;
      path.answer = () => first.promise;
      const all = Array.from({ length: 4 }, () => path.ask());
      await settle();
      path.answer = answer;
      path.cache.verdict = Promise.resolve('stored-lease');
      const raced = Promise.resolve('raced');
      const remember = path.cache.remember.bind(path.cache);
      let turn = 0;
      path.cache.remember = (...given) => (turn++ === 0 ? raced : remember(...given));
      first.resolve(jsonReply(200, { raced: true }));
      const texts = (await Promise.all(all)).map(textOf);
      expect(texts[0]).to.equal('{"raced":true}\n');
      expect(texts.slice(1).sort()).to.deep.equal(['{"count":1}\n', '{"from":"cache"}\n', '{"from":"cache"}\n']);
      expect(path.sent.length).to.equal(2);
    });

    it('twice in a row let everybody go alone: no loop (R-1)', async () => {
      path.cache.verdict = 'raced';
      const all = await Promise.all(Array.from({ length: 5 }, () => path.ask()));
      expect(all.length).to.equal(5);
      expect(path.sent.length).to.equal(5);
    });
  });

  describe('sharing with other agents (R-7)', () => {
    it('waits until the cache says so, and answers with the lease of the agent that was faster (R-7)', async () => {
      const verdict = later<string>();
      path.cache.verdict = verdict.promise;
      const request = exchange();
      const got = path.ask(request);
      await settle();
      verdict.resolve('shared-lost');
      expect(textOf(await got)).to.equal('{"from":"cache"}\n');
      expect(request.notes).to.deep.equal({ cache: 'hit', why: 'shared-lost', ageMs: 1000 });
    });

    it('never gives out an answer that was lost and has no winner (R-7)', async () => {
      path.cache.remember = () => 'shared-lost';
      expect(await codeOf(path.ask())).to.equal('REQUEST_OVERTAKEN');
    });
  });

  describe('long bodies (D-35)', () => {
    const long = (bytes: number): Exchange =>
      exchange({ method: 'POST', body: new StreamFake(Buffer.alloc(bytes)), headers: ['Content-Length', `${bytes}`] });

    it('of requests count while they are held, and stream when there is no room (D-35)', async () => {
      const kept = long(3 * SMALL_BODY);
      await path.ask(kept);
      expect([kept.notes.why, path.budget.held]).to.deep.equal(['stored-lease', 3 * SMALL_BODY]);
      const other = long(2 * SMALL_BODY);
      await path.ask(other);
      expect([other.notes.cache, other.notes.why]).to.deep.equal(['bypass', 'body-budget']);
      expect(path.sent.at(-1)!.body).to.be.instanceOf(StreamFake);
      path.budget.release(kept);
    });

    it('of requests that no answer is kept for are not read (D-35)', async () => {
      path.cache.issuing = 'never';
      const request = long(3 * SMALL_BODY);
      await path.ask(request);
      expect((request.body as StreamFake).asked).to.deep.equal([]);
    });

    it('of answers stream when there is no room, or when they are too long (D-35)', async () => {
      path.budget.take(path, 4 * SMALL_BODY);
      path.answer = () =>
        Promise.resolve({ status: 200, headers: [], body: new StreamFake(Buffer.alloc(2 * SMALL_BODY)) });
      const request = exchange();
      expect((await path.ask(request)).body).to.be.instanceOf(StreamFake);
      expect(request.notes.why).to.equal('body-budget');
      path.budget.release(path);
    });
  });

  it('notes why there is no key', async () => {
    const request = exchange({ path: '/v1/no-key' });
    await path.ask(request);
    expect(request.notes).to.deep.equal({ cache: 'bypass', why: 'no-key' });
  });

  it('leaves alone what a later stage answered from its cache', async () => {
    const { cache, budget } = path;
    const stages = compose([
      recallStage({ cache, budget, log: new LogSpy() }),
      (request) => {
        request.notes.cache = 'hit';
        return textReply(200, 'application/json', 'static');
      },
    ]);
    const reply = stages(exchange());
    expect(reply).not.to.be.instanceOf(Promise);
    expect([textOf(reply as Reply), cache.remembered]).to.deep.equal(['static', []]);
  });
});
