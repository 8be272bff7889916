// The durable cache end to end: what comes back after a restart and what does not, what a crash costs, and what a damaged, foreign or locked store
// does. Whole agents on one folder, one after the other; every call is counted at the server.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { ask } from './client.js';
import type { Running } from './cli.js';
import {
  CREDS,
  durable,
  expectSealed,
  filesOf,
  gist,
  LOGIN,
  LOOKUP,
  persist,
  printOf,
  ready,
  recordsOf,
  said,
  SELF,
  sizeOf,
} from './persistence-stage.js';
import { onRig, type Rig, type RunningAgent } from './rig.js';
import { until } from './until.js';

interface Stage {
  readonly rig: Rig;
  readonly hcl: string;
  readonly method: string;
  /** Starts an agent on the folder and waits for its token. */
  readonly start: (hcl?: string) => Promise<RunningAgent>;
  readonly calls: (method: string, path: string) => number;
}

const RENEW = 'sys/leases/renew';

const onStage = (scenario: (stage: Stage) => Promise<void>, clock?: VirtualClock, more?: string): Promise<void> =>
  onRig(clock === undefined ? {} : { clock }, async (rig) => {
    await rig.engines('60s', '24h');
    const { method } = await rig.approle('app', { token_ttl: '10m', token_period: '10m' });
    const hcl = durable(method, persist(rig, more === undefined ? {} : { more }));
    const start = async (text = hcl): Promise<RunningAgent> => {
      const agent = await rig.agent(text);
      await ready(rig, agent);
      return agent;
    };
    await scenario({ rig, hcl, method, start, calls: (method, path) => rig.server.requests.count(method, path) });
  });

const onVirtualStage = (scenario: (stage: Stage) => Promise<void>): Promise<void> =>
  onStage(scenario, new VirtualClock());

/** Starts the command and waits for its listener. */
async function child(rig: Rig, name = 'agent.hcl'): Promise<{ readonly running: Running; readonly url: string }> {
  const running = rig.command(['agent', `-config=${rig.path(name)}`, '-log-level=debug']);
  const [, url = ''] = await running.says(/Api Address 1: (\S+)/);
  await until('a token', async () => (await ask(url, `/v1/${SELF}`)).status === 200);
  return { running, url };
}

describe('scenario: persistence', function () {
  this.timeout(30_000);

  describe('a restart', () => {
    it('uses the own token again after a lookup, without a login, and gives a lease out after a lookup only (R-8, D-21)', () =>
      onVirtualStage(async ({ rig, start, calls }) => {
        const first = await start();
        const issued = await first.ask(CREDS);
        await rig.pass(100);
        await first.stop();
        rig.server.requests.clear();
        const second = await start();
        expect([calls('PUT', LOGIN), calls('POST', LOGIN), calls('PUT', LOOKUP)]).to.deep.equal([0, 0, 0]);
        expect(calls('GET', SELF), 'the lookup of the token').to.be.greaterThan(0);
        const hits = [await rig.passUntil(second.ask(CREDS)), await second.ask(CREDS)];
        expect(hits.map(gist)).to.deep.equal([gist(issued), gist(issued)].map(([, lease]) => ['HIT', lease]));
        expect(hits.map(({ json }) => json.data)).to.deep.equal([issued.json.data, issued.json.data]);
        expect([calls('PUT', LOOKUP), calls('GET', 'database/creds/app')]).to.deep.equal([1, 0]);
      }));

    it('goes on renewing at the absolute time, without a client', () =>
      onVirtualStage(async ({ rig, start, calls }) => {
        const first = await start();
        const issued = await first.ask(CREDS);
        await rig.pass(20_000);
        await first.stop();
        expect(calls('PUT', RENEW)).to.equal(0);
        const second = await start();
        await rig.pass(18_000);
        expect(calls('PUT', RENEW), 'before two thirds').to.equal(0);
        await rig.pass(10_000);
        expect(calls('PUT', RENEW), 'after about two thirds').to.equal(1);
        await rig.pass(300_000);
        expect(gist(await rig.passUntil(second.ask(CREDS)))).to.deep.equal(['HIT', issued.json.lease_id]);
      }));

    it('drops leases that ended or were revoked while no agent ran', () =>
      onVirtualStage(async ({ rig, start }) => {
        const first = await start();
        const [ended, revoked] = [await first.ask(CREDS), await first.ask('/v1/aws/creds/app')];
        await rig.pass(100);
        await first.stop();
        await rig.admin('PUT', 'sys/leases/revoke', { lease_id: revoked.json.lease_id });
        const second = await start();
        const next = await rig.passUntil(second.ask('/v1/aws/creds/app'));
        expect([next.headers['x-cache'], next.json.lease_id === revoked.json.lease_id]).to.deep.equal(['MISS', false]);
        await second.stop();
        await rig.pass(70_000);
        const third = await start();
        const last = await rig.passUntil(third.ask(CREDS));
        expect([last.headers['x-cache'], last.json.lease_id === ended.json.lease_id]).to.deep.equal(['MISS', false]);
      }));

    it('logs in anew when the token died meanwhile, and what hung on it is gone (D-6, R-8)', () =>
      onVirtualStage(async ({ rig, start, calls }) => {
        const first = await start();
        const issued = await first.ask(CREDS);
        await rig.pass(100);
        await first.stop();
        await rig.pass(700_000);
        rig.server.requests.clear();
        const second = await start();
        expect(calls('PUT', LOGIN) + calls('POST', LOGIN)).to.equal(1);
        const next = await second.ask(CREDS);
        expect([next.headers['x-cache'], next.json.lease_id === issued.json.lease_id]).to.deep.equal(['MISS', false]);
      }));

    it('keeps one record per secret and per identity over hours of renewals and several restarts (D-16, D-66)', () =>
      onVirtualStage(async ({ rig, start, calls }) => {
        let agent = await start();
        await agent.ask(CREDS);
        await rig.pass(1_000);
        for (let run = 0; run < 3; run++) {
          await rig.pass(1_200_000);
          await agent.stop();
          agent = await start();
        }
        await agent.stop();
        expect(calls('PUT', RENEW)).to.be.greaterThan(60);
        expect((await recordsOf(rig)).map((key) => key.slice(0, 2))).to.deep.equal(['e/', 'i/', 'me']);
      }));
  });

  describe('a crash', () => {
    it('with sync = "always" kill -9 loses nothing that a client got', () =>
      onStage(
        async ({ rig, hcl }) => {
          rig.config(hcl);
          const given = new Map<string, unknown>();
          for (let round = 0; round < 3; round++) {
            const { running, url } = await child(rig);
            for (const [path, lease] of given) expect(gist(await ask(url, path))).to.deep.equal(['HIT', lease]);
            const paths = [1, 2, 3].map((nth) => `${CREDS}?round=${String(round)}&nth=${String(nth)}`);
            for (const path of paths) given.set(path, (await ask(url, path)).json.lease_id);
            await running.kill();
          }
          expect(new Set(given.values()).size).to.equal(9);
          expect(rig.server.requests.count('PUT', LOGIN), 'logins of three runs').to.equal(1);
          expectSealed(rig.path('store'), [...given.values()] as string[]);
        },
        undefined,
        'sync = "always"',
      ));

    it('with grouped writes kill -9 loses at most what was given out in the last moment, and that is a MISS', () =>
      onStage(async ({ rig, hcl }) => {
        rig.config(hcl);
        const one = await child(rig);
        const before = sizeOf(rig.path('store'));
        const early = (await ask(one.url, CREDS)).json.lease_id;
        await until('the record', () => sizeOf(rig.path('store')) > before + 800);
        const late = (await ask(one.url, '/v1/aws/creds/app')).json.lease_id;
        await one.running.kill();
        const two = await child(rig);
        expect(gist(await ask(two.url, CREDS))).to.deep.equal(['HIT', early]);
        const [state, lease] = gist(await ask(two.url, '/v1/aws/creds/app'));
        expect(state === 'HIT' ? lease === late : state === 'MISS' && lease !== late).to.equal(true);
      }));
  });

  describe('a store that is not ours', () => {
    it('of another role is dropped with a warning, and nothing of it is used (R-15)', () =>
      onStage(async ({ rig, start }) => {
        const first = await start();
        const issued = await first.ask(CREDS);
        await first.stop();
        const { method } = await rig.approle('other');
        rig.server.requests.clear();
        const second = await start(durable(method, persist(rig)));
        expect(said(second, /\[WARN\].*the cache store is dropped/)).to.equal(true);
        expect(rig.server.requests.count('PUT', LOGIN)).to.equal(1);
        const next = await second.ask(CREDS);
        expect([next.headers['x-cache'], next.json.lease_id === issued.json.lease_id]).to.deep.equal(['MISS', false]);
      }));

    it('of another server is dropped with a warning: its tokens are never sent there (R-15)', () =>
      onStage(async ({ rig, hcl, start }) => {
        const first = await start();
        await first.ask(CREDS);
        await first.stop();
        const tap = await rig.tap();
        rig.server.requests.clear();
        const second = await rig.agent(hcl, { address: tap.url });
        await ready(rig, second);
        expect(said(second, /\[WARN\].*the cache store is dropped/)).to.equal(true);
        const { all } = rig.server.requests;
        expect(all[0]?.path, 'the first call is the login').to.equal(LOGIN);
      }));

    it('with a wrong key the agent says so, works from memory, and overwrites nothing', () =>
      onStage(async ({ rig, hcl, start }) => {
        const first = await start();
        const issued = await first.ask(CREDS);
        await first.stop();
        const before = printOf(rig.path('store'));
        const key = rig.read('keys/cache.key');
        rig.write('keys/cache.key', Buffer.alloc(32, 1).toString('base64'));
        const second = await start();
        expect(said(second, /CACHE_UNSEAL_FAILED/)).to.equal(true);
        const [miss, hit] = [await second.ask(CREDS), await second.ask(CREDS)];
        expect([miss, hit].map(({ headers }) => headers['x-cache'])).to.deep.equal(['MISS', 'HIT']);
        await second.stop();
        expect(printOf(rig.path('store'))).to.deep.equal(before);
        rig.write('keys/cache.key', key);
        const third = await rig.agent(hcl);
        await ready(rig, third);
        expect(gist(await third.ask(CREDS))).to.deep.equal(['HIT', issued.json.lease_id]);
      }));

    it('with a wrong key and exit_on_err the agent ends with code 1 and the code in its message', () =>
      onStage(
        async ({ rig, hcl, start }) => {
          await (await start()).stop();
          rig.write('keys/cache.key', Buffer.alloc(32, 1).toString('base64'));
          rig.config(hcl);
          const running = rig.command(['agent', `-config=${rig.path('agent.hcl')}`]);
          expect((await running.ended).code).to.equal(1);
          expect(running.text).to.contain('CACHE_UNSEAL_FAILED');
        },
        undefined,
        'exit_on_err = true',
      ));
  });

  describe('two agents on one journal', () => {
    it('the second says so and goes on from memory; the first is not disturbed', () =>
      onStage(async ({ rig, hcl, start }) => {
        rig.config(hcl);
        const one = await child(rig);
        const issued = await ask(one.url, CREDS);
        const second = await start();
        expect(said(second, /CACHE_STORE_LOCKED/)).to.equal(true);
        const answers = [await second.ask(CREDS), await second.ask(CREDS)];
        expect(answers.map(({ headers }) => headers['x-cache'])).to.deep.equal(['MISS', 'HIT']);
        await second.stop();
        one.running.signal('SIGTERM');
        await one.running.ended;
        const third = await start();
        expect(gist(await third.ask(CREDS))).to.deep.equal(['HIT', issued.json.lease_id]);
      }));

    it('with exit_on_err the second ends with code 1', () =>
      onStage(
        async ({ rig, hcl }) => {
          rig.config(hcl);
          await child(rig);
          const second = rig.command(['agent', `-config=${rig.path('agent.hcl')}`]);
          expect((await second.ended).code).to.equal(1);
          expect(second.text).to.contain('CACHE_STORE_LOCKED');
        },
        undefined,
        'exit_on_err = true',
      ));
  });

  describe('damage', () => {
    it('a folder that cannot be used leaves the agent working from memory, and exit_on_err ends it', () =>
      onStage(async ({ rig, method, start }) => {
        rig.write('store', 'a file, not a folder');
        const agent = await start();
        expect(said(agent, /\[ERROR\].*goes on from memory.*CACHE_STORE_/)).to.equal(true);
        expect(agent.agent.status().find(({ id }) => id === 'cache_journal')?.state).to.equal('degraded');
        const answers = [await agent.ask(CREDS), await agent.ask(CREDS)];
        expect(answers.map(({ headers }) => headers['x-cache'])).to.deep.equal(['MISS', 'HIT']);
        rig.config(durable(method, persist(rig, { more: 'exit_on_err = true' })));
        const strict = rig.command(['agent', `-config=${rig.path('agent.hcl')}`]);
        expect((await strict.ended).code).to.equal(1);
        expect(strict.text).to.match(/CACHE_STORE_(UNAVAILABLE|FULL)/);
      }));

    it('a journal cut off or with a flipped bit anywhere costs a MISS at worst, never a wrong or dead answer (D-50)', () =>
      onStage(async ({ rig, start }) => {
        const first = await start();
        const paths = Array.from({ length: 6 }, (_, nth) => `${CREDS}?nth=${String(nth)}`);
        const given = new Map<string, unknown>();
        for (const path of paths) given.set(path, (await first.ask(path)).json.lease_id);
        await first.stop();
        const folder = rig.path('store');
        const whole = filesOf(folder);
        const [log = ''] = [...whole.keys()].filter((name) => name.endsWith('.log'));
        const bytes = whole.get(log)!;
        const cut = [0.05, 0.4, 0.7, 0.98].map((part) => bytes.subarray(0, Math.floor(bytes.length * part)));
        const bent = [0.03, 0.3, 0.55, 0.9].map((part) => flipped(bytes, part));
        const hits: number[] = [];
        for (const damaged of [...cut, ...bent, bytes]) {
          rmSync(folder, { recursive: true });
          mkdirSync(folder, { mode: 0o700 });
          for (const [name, content] of whole) writeFileSync(join(folder, name), name === log ? damaged : content);
          const agent = await start();
          const answers = new Map<string, [unknown, unknown]>();
          for (const path of paths) answers.set(path, gist(await agent.ask(path)));
          for (const [path, [state, lease]] of answers)
            expect(lease === given.get(path), `${path}: ${String(state)}`).to.equal(state === 'HIT');
          hits.push([...answers.values()].filter(([state]) => state === 'HIT').length);
          await agent.stop();
        }
        expect(hits.at(-1), 'without damage').to.equal(6);
        expect(hits[0], 'with nearly nothing left').to.equal(0);
        expect(Math.max(...hits.slice(4, 8)), 'one flipped bit costs little').to.be.greaterThan(3);
      }));
  });
});

function flipped(bytes: Buffer, part: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[Math.floor(bytes.length * part)]! ^= 0x10;
  return copy;
}
