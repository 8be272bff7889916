// The bounds of a whole agent: entries, bytes, the share of one client, the pace of refused secrets, policies by path, ages, and big bodies.
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { expect } from 'chai';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { dial, parseAnswer, readToEnd, requestBytes } from '../../core/sdk/testing/http-client.js';
import type { Answer, Question } from './client.js';
import { collect, plant } from './collector.js';
import { LISTENER, OPEN_POLICY, onRig, type Rig, type RunningAgent } from './rig.js';
import { until } from './until.js';

const MINUTE = 60_000;
const POLICY = `${OPEN_POLICY}\npath "sys/leases/lookup" { capabilities = ["update"] }`;

interface Stage {
  readonly rig: Rig;
  readonly agent: RunningAgent;
  readonly clock: VirtualClock;
  label(path: string, question?: Question): Promise<string>;
}

const labelOf = ({ status, headers }: Answer): string =>
  status >= 400 ? String(status) : [headers['x-cache'], headers['x-cache-reason']].filter(Boolean).join(' ');

const played = (cache: readonly string[], play: (stage: Stage) => Promise<unknown>): Promise<unknown> => {
  const clock = new VirtualClock();
  return onRig({ clock }, async (rig) => {
    await rig.engines('4m', '4h');
    const { method } = await rig.approle('app', { policy: POLICY, token_ttl: '8h', token_max_ttl: '8h' });
    const block = cache.map((line) => `  ${line}\n`).join('');
    const agent = await rig.agent(
      `auto_auth {\n${method}}\napi_proxy {\n  use_auto_auth_token = true\n}\ncache {\n${block}}\n${LISTENER}`,
    );
    await rig.pass(20);
    const label = async (path: string, question?: Question): Promise<string> =>
      labelOf(await agent.ask(`/v1/${path}`, question));
    return play({ rig, agent, clock, label });
  });
};

const creds = (n: number): string => `aws/creds/app?n=${String(n)}`;

/** A token that the agent knows, made through it. */
async function client({ agent }: Stage): Promise<{ readonly 'X-Vault-Token': string }> {
  const body = { policies: ['app'], ttl: '4h', display_name: 'client' };
  const { auth } = (await agent.ask('/v1/auth/token/create', { method: 'POST', body })).json;
  return { 'X-Vault-Token': plant('token of a client', auth.client_token as string) };
}

interface Inspected {
  readonly size: number;
  readonly bytes: number;
  readonly max_entries: number;
  readonly max_bytes: number;
}
const inspected = async ({ agent }: Stage): Promise<Inspected> =>
  (await agent.ask('/agent/v1/cache?limit=0')).json as Inspected;

describe('scenario: limits', function () {
  this.timeout(30_000);

  for (const [name, setting] of [
    ['max_entries', 'max_entries = 2'],
    ['max_bytes', 'max_bytes = "3KiB"'],
  ] as const) {
    it(`${name}: a lease without room is passed on, a MISS each time, and the agent never renews it (D-20)`, () =>
      played([setting, 'refused_issue_rate = 0'], async (on) => {
        const kept = [await on.label(creds(1)), await on.label(creds(2))];
        expect(kept).to.deep.equal(['MISS stored-lease', 'MISS stored-lease']);
        const refused = [await on.agent.ask(`/v1/${creds(3)}`), await on.agent.ask(`/v1/${creds(3)}`)];
        expect(refused.map(labelOf)).to.deep.equal(['MISS full', 'MISS full']);
        const ids = refused.map(({ json }) => json.lease_id as string);
        expect(new Set(ids)).to.have.lengthOf(2);
        await on.rig.pass(3.5 * MINUTE);
        expect(on.rig.server.requests.count('PUT', 'sys/leases/renew'), 'one renewal for each that is held').to.equal(
          2,
        );
        for (const lease_id of ids) {
          const found = await on.rig.admin('PUT', 'sys/leases/lookup', { lease_id });
          expect(found.data.last_renewal).to.equal(null);
        }
        expect([await on.label(creds(1)), await on.label(creds(2))]).to.deep.equal(['HIT', 'HIT']);
        const now = await inspected(on);
        expect(now.size).to.equal(2);
        if (now.max_bytes === 3072) expect(now.bytes).to.be.within(1, 3072);
        expect(await on.label(creds(4))).to.equal('MISS full');
        await on.agent.ask('/agent/v1/cache-clear', { method: 'POST', body: { type: 'all' } });
        expect(await on.label(creds(4)), 'there is room again').to.equal('MISS stored-lease');
      }));
  }

  it('static secrets give way to leases, those that were not used for longest first; leases never give way (D-20)', () =>
    played(['max_entries = 3', 'static_secrets {', '}'], async (on) => {
      for (const name of ['a', 'b', 'c']) await on.rig.admin('POST', `secret/data/${name}`, { data: { name } });
      for (let round = 0; round < 3; round++) {
        for (const name of ['a', 'b', 'c']) await on.label(`secret/data/${name}`);
        await on.rig.pass(1000);
      }
      expect(await on.label('secret/data/a')).to.equal('HIT');
      expect([await on.label(creds(1)), await on.label(creds(2))]).to.deep.equal(Array(2).fill('MISS stored-lease'));
      expect([await on.label('secret/data/a'), await on.label(creds(1))]).to.deep.equal(['HIT', 'HIT']);
      expect(await on.label(creds(3))).to.equal('MISS stored-lease');
      expect(await on.label('secret/data/b')).to.equal('MISS full');
      expect([await on.label(creds(1)), await on.label(creds(2)), await on.label(creds(3))]).to.deep.equal(
        Array(3).fill('HIT'),
      );
    }));

  it("one client's token takes no more than its share; the agent's own clients and others keep theirs (R-14)", () =>
    played(['max_entries = 8', 'max_share_per_token = 25', 'refused_issue_rate = 0'], async (on) => {
      const headers = await client(on);
      const seen: string[] = [];
      for (let n = 1; n <= 4; n++) seen.push(await on.label(creds(n), { headers }));
      expect(seen).to.deep.equal(['MISS stored-lease', 'MISS stored-lease', 'MISS share-full', 'MISS share-full']);
      for (let n = 1; n <= 4; n++) expect(await on.label(creds(n))).to.equal('MISS stored-lease');
      expect(await on.label(creds(1), { headers })).to.equal('HIT');
    }));

  it('10,000 requests of one client that varies its query: memory and calls stay bounded, refusals are 429 with Retry-After (R-14)', function () {
    this.timeout(60_000);
    return played(['max_entries = 100', 'max_share_per_token = 50', 'refused_issue_rate = 20'], async (on) => {
      const headers = await client(on);
      const before = on.rig.server.requests.all.length;
      const sockets = 150;
      const { statuses, retryAfter, oneRefusal } = await storm(on, { headers, count: 10_000, sockets });
      const calls = on.rig.server.requests.all.length - before;
      expect((statuses.get(200) ?? 0) + (statuses.get(429) ?? 0), JSON.stringify([...statuses])).to.equal(10_000);
      // its share, those that were on their way already, a second's worth at once, and those that waited for up to five seconds
      expect(calls).to.be.within(50, 50 + sockets + 20 + 100 + 20);
      expect(statuses.get(200)).to.equal(calls);
      expect([...retryAfter].every((text) => /^[1-9]\d*$/.test(text))).to.equal(true);
      const refusal = JSON.parse(oneRefusal) as { errors: string[] };
      collect('an error body', oneRefusal);
      expect(Object.keys(refusal)).to.deep.equal(['errors']);
      expect(refusal.errors).to.have.lengthOf(1);
      const now = await inspected(on);
      expect([now.size, now.max_entries]).to.deep.equal([51, 100]);
      expect(now.bytes).to.be.lessThan(51 * 3000);
      expect(await on.label('secret/data/none', { headers }), 'other paths are not slowed').to.equal('404');
      await on.rig.pass(61_000);
      expect(await on.label(creds(99_999), { headers }), 'it is forgotten').to.equal('MISS share-full');
    });
  });

  it('path policies: cache = false, and max_age after which the answer is fetched anew (D-55)', () =>
    played(
      ['path "database/creds/+" {', '  cache = false', '}', 'path "aws/*" {', '  max_age = "1m"', '}'],
      async (on) => {
        const never = [await on.label('database/creds/app'), await on.label('database/creds/app')];
        expect(never).to.deep.equal(['MISS path-policy', 'MISS path-policy']);
        const first = await on.agent.ask('/v1/aws/creds/app');
        expect(await on.label('aws/creds/app')).to.equal('HIT');
        await on.rig.pass(MINUTE + 1000);
        const second = await on.agent.ask('/v1/aws/creds/app');
        expect([labelOf(second), second.json.lease_id === first.json.lease_id]).to.deep.equal([
          'MISS stored-lease',
          false,
        ]);
        expect(await on.label('aws/creds/app')).to.equal('HIT');
      },
    ));

  it('login_max_age: an older login is not given out; without it, it is (R-12)', async () => {
    for (const [setting, then] of [
      ['login_max_age = "2m"', false],
      ['', true],
    ] as const) {
      await played([setting], async (on) => {
        const { role_id } = (await on.rig.admin('GET', 'auth/approle/role/app/role-id')).data;
        const { secret_id } = (await on.rig.admin('POST', 'auth/approle/role/app/secret-id', {})).data;
        const login = { method: 'POST', body: { role_id, secret_id } };
        const first = (await on.agent.ask('/v1/auth/approle/login', login)).json.auth.client_token as string;
        const again = await on.agent.ask('/v1/auth/approle/login', login);
        expect([labelOf(again), again.json.auth.client_token === first]).to.deep.equal(['HIT', true]);
        await on.rig.pass(2 * MINUTE + 1000);
        const later = await on.agent.ask('/v1/auth/approle/login', login);
        expect(later.json.auth.client_token === first).to.equal(then);
      });
    }
  });

  for (const value of ['no-store', 'no-cache', 'max-age=0, No-Store']) {
    it(`Cache-Control: ${value} asks for a fresh secret and leaves the held one where it is (D-55)`, () =>
      played([], async (on) => {
        const held = (await on.agent.ask('/v1/aws/creds/app')).json.lease_id as string;
        const fresh = await on.agent.ask('/v1/aws/creds/app', { headers: { 'Cache-Control': value } });
        expect([labelOf(fresh), fresh.json.lease_id === held]).to.deep.equal(['MISS no-store', false]);
        const hit = await on.agent.ask('/v1/aws/creds/app');
        expect([labelOf(hit), hit.json.lease_id]).to.deep.equal(['HIT', held]);
      }));
  }

  it('a body that must be looked at and is too long is 413 and not sent; one that need not be is sent on (D-35)', () =>
    onRig({}, async (rig) => {
      await rig.engines('4m', '4h');
      const { method } = await rig.approle('app');
      const agent = await rig.agent(
        `auto_auth {\n${method}}\napi_proxy {\n  use_auto_auth_token = true\n}\ncache {\n}\n${LISTENER}`,
      );
      await until('the login', () =>
        rig.server.requests.all.some(({ path, status }) => path === 'auth/approle/login' && status === 200),
      );
      const body = Buffer.alloc(33 * 1024 * 1024, ' ');
      const send = async (path: string): Promise<ReturnType<typeof parseAnswer>> => {
        const socket = await dial(agent.url);
        socket.write(requestBytes({ method: 'PUT', path, headers: { Connection: 'close' }, body }));
        return parseAnswer(await readToEnd(socket));
      };
      const refused = await send('/v1/sys/leases/revoke');
      expect([refused.status, (JSON.parse(refused.body) as { errors: string[] }).errors.length]).to.deep.equal([
        413, 1,
      ]);
      expect(rig.server.requests.count('PUT', 'sys/leases/revoke')).to.equal(0);
      await send('/v1/secret/data/big');
      expect(rig.server.requests.count('PUT', 'secret/data/big')).to.equal(1);
      expect((await agent.ask('/v1/aws/creds/app')).status, 'and it goes on').to.equal(200);
    }));
});

interface Storm {
  readonly statuses: ReadonlyMap<number, number>;
  readonly retryAfter: ReadonlySet<string>;
  readonly oneRefusal: string;
}

/** Many requests at once on a few connections. Who has to wait gets the time for it at the end. */
async function storm(
  { agent, clock }: Stage,
  {
    headers,
    count,
    sockets,
  }: { readonly headers: Record<string, string>; readonly count: number; readonly sockets: number },
): Promise<Storm> {
  const connections = new HttpAgent({ keepAlive: true, maxSockets: sockets });
  const statuses = new Map<number, number>();
  const retryAfter = new Set<string>();
  let oneRefusal = '';
  let answered = 0;
  const one = (n: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(`${agent.url}/v1/${creds(n)}`, { agent: connections, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => {
          const { statusCode = 0 } = response;
          statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
          if (statusCode === 429) {
            retryAfter.add(response.headers['retry-after'] ?? '');
            oneRefusal = text;
          }
          answered++;
          resolve();
        });
      });
      request.on('error', reject).end();
    });
  try {
    const all = Promise.all(Array.from({ length: count }, (_, n) => one(1000 + n)));
    await until('all that need not wait', () => answered >= count - 100, 40_000);
    for (let step = 0; step < 60 && answered < count; step++) {
      await clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await all;
  } finally {
    connections.destroy();
  }
  return { statuses, retryAfter, oneRefusal };
}
