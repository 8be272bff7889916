import { expect } from 'chai';
import type { Exchange, Reply } from '../../../core/contracts/exchange.js';
import { errorReply, jsonReply } from '../../../core/kernel/local-reply.js';
import { createBackground } from '../../../core/proxy/background.js';
import { BUFFER_LIMIT, BodyBudget, SMALL_BODY } from '../../../core/proxy/body-budget.js';
import { Secret } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/index.js';
import { LeaseCacheFake } from './caches-fake.js';
import { StreamFake } from './exchange-fake.js';

describe('background reads', () => {
  const request = { path: '/v1/db/creds/a', query: '', namespace: 'ns1/', token: new Secret('hvs.a') };
  let sent: Exchange[];
  let answer: () => Promise<Reply>;
  let budget: BodyBudget;
  let cache: LeaseCacheFake;
  const make = () => {
    const forward = (exchange: Exchange): Promise<Reply> => (sent.push(exchange), answer());
    return createBackground({ forward, instance: 'me', clock: new VirtualClock(5000), budget });
  };
  beforeEach(() => {
    sent = [];
    answer = () => Promise.resolve(jsonReply(200, { lease_id: 'b' }));
    budget = new BodyBudget();
    cache = new LeaseCacheFake();
  });
  afterEach(() => expect(budget.held).to.equal(0));

  it('send a marked GET with their token and namespace, and give the whole answer (D-62)', async () => {
    const body = new StreamFake(Buffer.alloc(2 * SMALL_BODY, 'x'));
    answer = () => Promise.resolve({ status: 200, headers: [], body });
    expect((await make().get(request))!.body.length).to.equal(2 * SMALL_BODY);
    const { method, path, namespace, token, headers, sentAt } = sent[0]!;
    expect([method, path, namespace, token!.reveal(), headers, sentAt]).to.deep.equal([
      ...['GET', '/v1/db/creds/a', 'ns1/', 'hvs.a'],
      ['X-Claviger-Hop', 'me'],
      5000,
    ]);
  });

  it('give up an answer that is too long', async () => {
    const body = new StreamFake(Buffer.alloc(BUFFER_LIMIT + 1));
    answer = () => Promise.resolve({ status: 200, headers: [], body });
    expect([await make().get(request), body.canceled]).to.deep.equal([undefined, true]);
  });

  describe('that replace a cached answer', () => {
    const refetch = (): Promise<void> => make().refetch(cache, { ...request, key: 'key', headers: ['A', '1'] });

    it('are remembered under its key, with the epoch from before they were sent (R-1, R-3)', async () => {
      answer = () => ((cache.epoch = 99), Promise.resolve(jsonReply(200, {})));
      await refetch();
      expect(cache.remembered).to.deep.equal([{ text: '{}\n', epoch: 7, sentAt: 5000 }]);
      expect([sent[0]!.cacheKey, sent[0]!.headers]).to.deep.equal(['key', ['A', '1', 'X-Claviger-Hop', 'me']]);
      expect(cache.abandoned).to.deep.equal([]);
    });

    it('are marked once, however often the request was asked anew (D-62)', async () => {
      let headers = ['A', '1'];
      for (let turn = 0; turn < 3; turn++) {
        await make().refetch(cache, { ...request, key: 'key', headers });
        headers = sent.at(-1)!.headers;
      }
      expect(headers).to.deep.equal(['A', '1', 'X-Claviger-Hop', 'me']);
    });

    it('are given back when they were not kept (R-9)', async () => {
      cache.verdict = 'raced';
      await refetch();
      expect(cache.abandoned).to.deep.equal(['{"lease_id":"b"}\n']);
    });

    it('do nothing when there is no answer, or an error', async () => {
      answer = () => Promise.reject(new Error('down'));
      await refetch();
      answer = () => Promise.resolve(errorReply(403, 'no'));
      await refetch();
      expect([cache.remembered, cache.abandoned]).to.deep.equal([[], []]);
    });
  });
});
