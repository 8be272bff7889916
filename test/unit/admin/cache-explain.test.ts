// GET cache/explain: what it says, and that it only asks the caches.
import { expect } from 'chai';
import { cacheExplain, type CacheExplainOptions } from '../../../core/admin/cache-explain.js';
import type { Exchange, Reply } from '../../../core/contracts/exchange.js';
import { CACHE_REASONS } from '../../../core/contracts/reasons.js';
import { Secret } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/index.js';
import { entry, holding } from './holding.js';

interface Answer {
  readonly verdict: string;
  readonly token: string;
  readonly path: string;
  readonly lease: Record<string, unknown>;
  readonly static: Record<string, unknown>;
  readonly entries: readonly { id: string }[];
  readonly last_reason?: string;
}

async function ask(query: string, options: Partial<CacheExplainOptions> = {}, headers: string[] = []) {
  const handle = cacheExplain({ cache: holding([entry()]), clock: new VirtualClock(), ...options });
  const asking = { id: 'r1', method: 'GET', path: '/agent/v1/cache/explain', query, headers, notes: {} };
  const reply: Reply = await handle(asking as unknown as Exchange);
  const text = Buffer.from(reply.body as Uint8Array).toString();
  return { status: reply.status, text, body: JSON.parse(text) as Answer };
}

describe('cache explain', () => {
  it('nothing held: a miss, and both caches say what they think', async () => {
    const statics = holding([], { bypass: () => 'not-static' });
    const { body } = await ask('path=database/creds/app', { statics });
    expect([body.verdict, body.path, body.lease, body.static]).to.deep.equal([
      'miss',
      '/v1/database/creds/app',
      { candidate: true, held: null },
      { candidate: false, reason: 'not-static', meaning: CACHE_REASONS['not-static'], held: null },
    ]);
    expect(body.entries.map(({ id }) => id)).to.deep.equal(['e1']);
  });

  for (const [held, verdict] of [
    ['fresh', 'hit'],
    ['suspect', 'lookup'],
  ] as const) {
    it(`${held} means ${verdict}`, async () => {
      const { body } = await ask('path=/v1/x', { cache: holding([], { held: () => held }) });
      expect([body.verdict, body.lease.held]).to.deep.equal([verdict, held]);
    });
  }

  it('what is held for clients that send the request header with everything counts too', async () => {
    const keyOf = ({ headers }: Pick<Exchange, 'headers'>): string => headers.join();
    const cache = holding([], { keyOf, held: (key) => (key === 'X-Vault-Request,true' ? 'fresh' : undefined) });
    expect((await ask('path=/v1/x', { cache })).body.verdict).to.equal('hit');
  });

  it('a reason to bypass is named with its meaning', async () => {
    const { body } = await ask('path=sys/mounts', { cache: holding([], { bypass: () => 'system' }) });
    expect([body.verdict, body.lease]).to.deep.equal([
      'bypass',
      { candidate: false, reason: 'system', meaning: CACHE_REASONS.system, held: null },
    ]);
  });

  it('a request without a key is one for the server', async () => {
    const { body } = await ask('path=x', { cache: holding([], { keyOf: () => undefined }) });
    expect(body.lease.reason).to.equal('no-key');
  });

  it('caches that are not configured say so', async () => {
    const { body } = await ask('path=x', { cache: undefined });
    expect([body.verdict, body.lease.reason, body.static.reason]).to.deep.equal(['bypass', 'off', 'off']);
  });

  it('a static secret is held by path and version, and perhaps for this token', async () => {
    const statics = holding([
      entry({ id: 's1', kind: 'static', path: 'kv/data/a', state: 'stale' }),
      entry({ id: 's2', kind: 'static', path: 'kv/data/a?version=2', state: 'fresh' }),
    ]);
    const cache = holding([], { bypass: () => 'no-lease' });
    const current = (await ask('path=kv/data/a', { cache, statics })).body;
    expect([current.verdict, current.static.held, current.entries.map(({ id }) => id)]).to.deep.equal([
      'perhaps',
      'stale',
      ['s1'],
    ]);
    const second = (await ask(`path=${encodeURIComponent('kv/data/a?version=2')}`, { cache, statics })).body;
    expect([second.static.held, second.entries.map(({ id }) => id)]).to.deep.equal(['fresh', ['s2']]);
  });

  it('the request is the one that the client would send: method, path, query, namespace, its token; no X-Vault-Request', async () => {
    let seen: Exchange | undefined;
    const cache = holding([], { bypass: (exchange) => ((seen = exchange), undefined) });
    const headers = ['X-Vault-Request', 'true', 'X-Vault-Token', 'hvs.secret', 'X-Vault-Namespace', 'other'];
    const { body, text } = await ask('method=post&path=%2Fv1%2Fa%3Fx%3D1&namespace=ns1', { cache }, headers);
    expect([seen?.method, seen?.path, seen?.query, seen?.namespace, seen?.token?.reveal()]).to.deep.equal([
      'POST',
      '/v1/a',
      'x=1',
      'ns1/',
      'hvs.secret',
    ]);
    expect(seen?.headers).to.deep.equal(['X-Vault-Token', 'hvs.secret', 'X-Vault-Namespace', 'ns1']);
    expect([body.token, text.includes('hvs.secret')]).to.deep.equal(['client', false]);
  });

  it('the identity stage may give it the token of an identity', async () => {
    const identify = async (exchange: Exchange): Promise<void> => {
      await Promise.resolve();
      exchange.token = new Secret('t');
      exchange.identity = 'web';
    };
    expect((await ask('path=a', { identify })).body.token).to.equal('identity web');
    expect((await ask('path=a')).body.token).to.equal('none');
  });

  it('the reason of the last request for this path', async () => {
    const { body } = await ask('path=a', { lastReason: ({ path }) => (path === '/v1/a' ? 'no-lease' : undefined) });
    expect(body.last_reason).to.equal('no-lease');
    expect((await ask('path=b', { lastReason: () => undefined })).body).to.not.have.property('last_reason');
  });

  it('entries of other namespaces are not shown', async () => {
    const cache = holding([entry({ id: 'a', namespace: 'ns1/' }), entry({ id: 'b' })]);
    const { body } = await ask('path=database/creds/app&namespace=ns1', { cache });
    expect(body.entries.map(({ id }) => id)).to.deep.equal(['a']);
  });

  for (const query of ['', 'path=', 'path=a&method=G%0AET', 'path=a&method=']) {
    it(`?${query} is a 400`, async () => {
      expect((await ask(query)).status).to.equal(400);
    });
  }
});
