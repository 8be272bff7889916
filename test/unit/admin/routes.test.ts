import { expect } from 'chai';
import type { Exchange, Reply } from '../../../core/contracts/exchange.js';
import type { ClearRequest } from '../../../core/contracts/lease-cache.js';
import { createAdminRoutes, type AdminOptions } from '../../../core/admin/routes.js';
import type { SeriesValue } from '../../../core/admin/metrics-form.js';
import { holding } from './holding.js';
import { VirtualClock, settle } from '../../../core/sdk/testing/index.js';

const series: SeriesValue[] = [
  { name: 'agent.proxy.success', kind: 'counter', help: 'requests', labels: {}, count: 3, value: 3 },
  {
    name: 'agent.cache.evictions',
    kind: 'counter',
    help: 'removed',
    labels: { reason: 'say "x"' },
    count: 1,
    value: 2,
  },
  { name: 'agent.authenticated', kind: 'gauge', help: 'token', labels: {}, count: 1, value: 1 },
];

describe('local endpoints', () => {
  const cleared: ClearRequest[] = [];
  const ask = async (
    name: string,
    more: { method?: string; query?: string; body?: string; headers?: string[] } = {},
    options: Partial<AdminOptions> = {},
  ) => {
    cleared.length = 0;
    const routes = createAdminRoutes({
      cache: { ...holding([]), clear: (request) => cleared.push(request) },
      metrics: { snapshot: () => series, naming: { prefix: 'vault' }, prometheus: true, clock: new VirtualClock() },
      status: { components: () => [], ready: () => true },
      shutdown: () => undefined,
      ...options,
    });
    const reply: Reply = await routes.get(name)!.handle(exchange(more));
    return { status: reply.status, headers: reply.headers, text: Buffer.from(reply.body as Uint8Array).toString() };
  };
  const exchange = ({ method = 'GET', query = '', body = '', headers = [] as string[] }): Exchange =>
    ({ method, query, headers, body: Buffer.from(body), path: '/agent/v1/x', notes: {} }) as unknown as Exchange;

  it('are control endpoints where they change or tell something, so the gate covers them (D-24, D-25)', () => {
    const routes = createAdminRoutes({
      cache: undefined,
      metrics: { snapshot: () => [], naming: { prefix: '' }, prometheus: false, clock: new VirtualClock() },
      status: { components: () => [], ready: () => true },
      shutdown: () => undefined,
    });
    expect([...routes].filter(([, route]) => route.control).map(([name]) => name)).to.deep.equal([
      'cache-clear',
      'cache',
      'cache/explain',
      'quit',
    ]);
  });

  describe('cache-clear (section 8)', () => {
    const bad: [string, string, string][] = [
      ['empty body', '', 'failed to parse JSON input: empty JSON provided'],
      ['no JSON', 'hello', 'failed to parse JSON input: this is not JSON'],
      ['a list', '[]', 'failed to parse JSON input: an object is expected'],
      ['no type', '{}', 'failed to parse clear input: no type provided'],
      ['unknown type', '{"type":"moon"}', 'failed to clear cache: invalid type provided'],
      ['a type of the prototype', '{"type":"constructor"}', 'failed to clear cache: invalid type provided'],
      ['no path', '{"type":"request_path"}', 'failed to clear cache: request path not provided'],
      ['no token', '{"type":"token"}', 'failed to clear cache: token not provided'],
      ['no accessor', '{"type":"token_accessor","value":""}', 'failed to clear cache: token accessor not provided'],
      ['no id', '{"type":"id"}', 'failed to clear cache: id not provided'],
      ['no lease', '{"type":"lease","value":7}', 'failed to clear cache: lease not provided'],
    ];
    for (const [name, body, message] of bad) {
      it(`answers 400 to ${name} (D-71)`, async () => {
        const got = await ask('cache-clear', { method: 'POST', body });
        expect([got.status, got.text]).to.deep.equal([400, `{"errors":["${message}"]}\n`]);
        expect(cleared).to.deep.equal([]);
      });
    }

    const good: [string, ClearRequest][] = [
      ['{"type":"all","more":1}', { type: 'all' }],
      ['{"type":"token","value":"hvs.a"}', { type: 'token', value: 'hvs.a' }],
      [
        '{"type":"request_path","value":"/v1/db","namespace":"ns1"}',
        { type: 'request_path', value: '/v1/db', namespace: 'ns1' },
      ],
      ['{"type":"lease","value":"a/b/1"}', { type: 'lease', value: 'a/b/1' }],
      ['{"type":"id","value":"e1"}', { type: 'id', value: 'e1' }],
    ];
    for (const [body, want] of good) {
      it(`clears before it answers: ${body} (K-1)`, async () => {
        const got = await ask('cache-clear', { method: 'PUT', body });
        expect([got.status, got.text]).to.deep.equal([200, '']);
        expect(cleared).to.deep.equal([want]);
      });
    }

    it('refuses GET and clears nothing (D-70)', async () => {
      const got = await ask('cache-clear', { body: '{"type":"all"}' });
      expect([got.status, got.text]).to.deep.equal([405, '{"errors":[]}\n']);
      expect(got.headers).to.include('POST, PUT');
      expect(cleared).to.deep.equal([]);
    });

    it('clears both caches (D-65)', async () => {
      const both: string[] = [];
      const part = (name: string) => ({ ...holding([]), clear: () => both.push(name) });
      const got = await ask(
        'cache-clear',
        { method: 'POST', body: '{"type":"all"}' },
        { cache: part('leases'), statics: part('statics') },
      );
      expect([got.status, both]).to.deep.equal([200, ['leases', 'statics']]);
    });

    it('is a success without a cache, whatever the body', async () => {
      expect(await ask('cache-clear', { method: 'POST', body: 'x' }, { cache: undefined })).to.deep.include({
        status: 200,
        text: '',
      });
    });
  });

  describe('quit', () => {
    it('answers 200 to every POST and shuts down once, after the answer (D-33)', async () => {
      let times = 0;
      const routes = createAdminRoutes({
        cache: undefined,
        metrics: { snapshot: () => [], naming: { prefix: '' }, prometheus: false, clock: new VirtualClock() },
        status: { components: () => [], ready: () => true },
        shutdown: () => void times++,
      });
      const post = async (): Promise<number> => (await routes.get('quit')!.handle(exchange({ method: 'POST' }))).status;
      expect(await post()).to.equal(200);
      expect(times).to.equal(0);
      expect(await post()).to.equal(200);
      await settle();
      expect(times).to.equal(1);
    });

    it('refuses other methods with JSON (D-33)', async () => {
      expect(await ask('quit')).to.deep.include({ status: 405, text: '{"errors":[]}\n' });
    });
  });

  describe('metrics (2.6)', () => {
    it('have exactly the five keys as JSON', async () => {
      const got = await ask('metrics');
      const value = JSON.parse(got.text) as Record<string, { Name: string; Count: number }[]>;
      expect(Object.keys(value)).to.deep.equal(['Timestamp', 'Gauges', 'Points', 'Counters', 'Samples']);
      expect(value.Timestamp).to.equal('2026-01-01 00:00:00 +0000 UTC');
      expect(value.Counters![0]).to.deep.include({ Name: 'vault.agent.proxy.success', Count: 3, Sum: 3 });
    });

    it('are Prometheus text by format or Accept', async () => {
      const want =
        '# HELP vault_agent_proxy_success requests\n# TYPE vault_agent_proxy_success counter\nvault_agent_proxy_success 3\n' +
        '# HELP vault_agent_cache_evictions removed\n# TYPE vault_agent_cache_evictions counter\nvault_agent_cache_evictions{reason="say \\"x\\""} 2\n' +
        '# HELP vault_agent_authenticated token\n# TYPE vault_agent_authenticated gauge\nvault_agent_authenticated 1\n';
      expect((await ask('metrics', { query: 'format=prometheus' })).text).to.equal(want);
      expect(
        (await ask('metrics', { headers: ['Accept', 'application/openmetrics-text; version=1.0.0'] })).text,
      ).to.equal(want);
    });

    it('put the host into the names of gauges, or onto all as a label (spec config 3.8)', async () => {
      const metrics = { snapshot: () => series, prometheus: true, clock: new VirtualClock() };
      const text = async (naming: { prefix: string; host: string; hostAsLabel?: boolean }) =>
        (await ask('metrics', { query: 'format=prometheus' }, { metrics: { ...metrics, naming } })).text;
      expect(await text({ prefix: 'vault', host: 'h1' }))
        .to.contain('\nvault_h1_agent_authenticated 1')
        .and.to.contain('\nvault_agent_proxy_success 3');
      expect(await text({ prefix: 'vault', host: 'h1', hostAsLabel: true })).to.contain(
        'vault_agent_authenticated{host="h1"} 1',
      );
    });

    it('refuse Prometheus when it is off, unknown formats, and other methods', async () => {
      const off = { snapshot: () => series, naming: { prefix: '' }, prometheus: false, clock: new VirtualClock() };
      expect(await ask('metrics', { query: 'format=prometheus' }, { metrics: off })).to.deep.include({
        status: 400,
        text: 'prometheus is not enabled',
      });
      expect(await ask('metrics', { query: 'format=x' })).to.deep.include({
        status: 400,
        text: 'metric response format "x" unknown',
      });
      expect(await ask('metrics', { method: 'POST' })).to.deep.include({ status: 405, text: '{"errors":[]}\n' });
    });
  });

  describe('health (D-64)', () => {
    const status = (ready: boolean) => ({
      ready: () => ready,
      components: () => [
        { id: 'listener.1', state: 'ok', since: 0 },
        { id: 'auto_auth.default', state: 'degraded', since: 1000, error: { code: 'AUTH_REFUSED', message: 'hvs.x' } },
      ],
    });

    it('says that the process lives', async () =>
      expect(await ask('livez')).to.deep.include({ status: 200, text: 'ok\n' }));

    it('says whether it can serve, and in detail when asked, without the texts of errors', async () => {
      expect(await ask('readyz', {}, { status: status(true) })).to.deep.include({ status: 200, text: 'ok\n' });
      const got = await ask('readyz', { query: 'verbose' }, { status: status(false) });
      expect(got).to.deep.include({
        status: 503,
        text: '[+]listener.1 ok\n[-]auto_auth.default degraded AUTH_REFUSED\nnot ready\n',
      });
    });

    it('shows components as JSON', async () => {
      const got = await ask('health', { method: 'HEAD' }, { status: status(true) });
      expect(JSON.parse(got.text)).to.deep.equal({
        ready: true,
        components: [
          { id: 'listener.1', state: 'ok', since: '1970-01-01T00:00:00.000Z' },
          { id: 'auto_auth.default', state: 'degraded', since: '1970-01-01T00:00:01.000Z', code: 'AUTH_REFUSED' },
        ],
      });
    });
  });
});
