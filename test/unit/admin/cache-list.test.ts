// GET cache: what inspection shows, and how it is filtered.
import { expect } from 'chai';
import { cacheList, type CacheListOptions } from '../../../core/admin/cache-list.js';
import type { Exchange, Reply } from '../../../core/contracts/exchange.js';
import { VirtualClock } from '../../../core/sdk/testing/index.js';
import { entry, holding } from './holding.js';

const NOW = 1_060_500;

async function ask(query: string, options: Partial<CacheListOptions> = {}, method = 'GET') {
  const clock = new VirtualClock(NOW);
  const handle = cacheList({ cache: undefined, clock, ...options });
  const reply: Reply = await handle({ method, query, headers: [], notes: {} } as unknown as Exchange);
  const body = JSON.parse(Buffer.from(reply.body as Uint8Array).toString()) as Record<string, unknown>;
  return { status: reply.status, body };
}

const ids = (body: Record<string, unknown>): string[] => (body.entries as { id: string }[]).map(({ id }) => id);

const LEASES = holding([
  entry(),
  entry({ id: 'e2', kind: 'token', path: '/v1/auth/approle/login', namespace: 'ns1/', nextAt: 0, children: 3 }),
  entry({ id: 'e3', path: '/v1/database/creds/other', storedAt: NOW + 5_000, expiresAt: 1_000_000 }),
]);
const STATICS = holding([
  entry({ id: 's1', kind: 'static', path: 'secret/data/app', expiresAt: 0, bytes: 50, state: 'stale', keys: 2 }),
]);

describe('cache list', () => {
  it('shows each entry with times in seconds; null is never, overdue is 0, an age is not negative', async () => {
    const { status, body } = await ask('', { cache: LEASES, statics: STATICS });
    expect([status, body.matched, body.size, body.bytes]).to.deep.equal([200, 4, 4, 350]);
    const [first, second, third, fourth] = body.entries as Record<string, unknown>[];
    expect(first).to.deep.equal({
      id: 'e1',
      kind: 'lease',
      path: '/v1/database/creds/app',
      namespace: '',
      age_seconds: 60,
      remaining_seconds: 539,
      renewals: 0,
      state: 'renewing',
      why: 'stored-lease',
      next_in_seconds: 339,
      parent: 'identity default',
      children: 0,
      keys: 1,
      bytes: 100,
    });
    expect([second?.next_in_seconds, second?.children]).to.deep.equal([null, 3]);
    expect([third?.age_seconds, third?.remaining_seconds]).to.deep.equal([0, 0]);
    expect([fourth?.remaining_seconds, fourth?.keys]).to.deep.equal([null, 2]);
  });

  for (const [query, wanted] of [
    ['kind=token', ['e2']],
    ['kind=static', ['s1']],
    ['id=e3', ['e3']],
    ['id=nobody', []],
    ['path=/v1/database/', ['e1', 'e3']],
    ['path=database/creds/o', ['e3']],
    ['path=/v1/secret/data', ['s1']],
    ['path=%2Fv1%2Fauth', ['e2']],
    ['namespace=ns1', ['e2']],
    ['namespace=/ns1/', ['e2']],
    ['namespace=root', ['e1', 'e3', 's1']],
    ['namespace=', ['e1', 'e3', 's1']],
    ['kind=lease&path=database/creds/app', ['e1']],
  ] as const) {
    it(`?${query}`, async () => {
      const { body } = await ask(query, { cache: LEASES, statics: STATICS });
      expect(ids(body)).to.deep.equal(wanted);
      expect([body.matched, body.size]).to.deep.equal([wanted.length, 4]);
    });
  }

  it('shows at most 1000 entries, or as many as are asked for, and says how many there are', async () => {
    const cache = holding(Array.from({ length: 1_200 }, (_, index) => entry({ id: `e${index}` })));
    expect(ids((await ask('', { cache })).body)).to.have.length(1_000);
    expect(ids((await ask('limit=1100', { cache })).body)).to.have.length(1_100);
    const { body } = await ask('limit=0', { cache });
    expect([ids(body), body.matched, body.size]).to.deep.equal([[], 1_200, 1_200]);
  });

  for (const query of ['limit=-1', 'limit=1e3', 'limit=many', 'limit=', 'kind=secret', 'kind=constructor']) {
    it(`?${query} is a 400`, async () => {
      const { status, body } = await ask(query, { cache: LEASES });
      expect([status, (body.errors as string[]).length]).to.deep.equal([400, 1]);
    });
  }

  it('limits, store and addresses of the server, where there are some', async () => {
    const { body } = await ask('', {
      room: { bytes: 7, limits: { maxEntries: 8, maxBytes: 9 } },
      persist: () => ({ state: 'open' }),
      upstreams: () => [{ address: 'https://a' }],
    });
    expect(body).to.deep.equal({
      entries: [],
      matched: 0,
      size: 0,
      bytes: 7,
      max_entries: 8,
      max_bytes: 9,
      persist: { state: 'open' },
      upstreams: [{ address: 'https://a' }],
    });
  });

  it('other methods are refused', async () => {
    expect((await ask('', { cache: LEASES }, 'DELETE')).status).to.equal(405);
  });
});
