// Exact counts of what reaches the server under parallel load and when the server dies in the middle of an answer (issue 3, done when 4).
import { expect } from 'chai';
import { dial, requestBytes } from '../../core/sdk/testing/http-client.js';
import type { Answer } from './client.js';
import { fileSink, onRig, SERVE, type Rig, type RunningAgent } from './rig.js';
import type { Tap } from './tap.js';
import { until } from './until.js';

const hundred = (work: () => Promise<Answer>): Promise<Answer[]> => Promise.all(Array.from({ length: 100 }, work));
const statuses = (answers: readonly Answer[]): number[] => [...new Set(answers.map(({ status }) => status))];

describe('scenario: traffic', function () {
  this.timeout(30_000);

  it('makes one call of 100 parallel identical requests for a lease, one MISS and 99 HITs (C-10)', () =>
    onRig({}, async (rig) => {
      await rig.engines('5m', '1h');
      const { method } = await rig.approle('app');
      const agent = await rig.agent(`auto_auth {\n${method}}\n${SERVE}`);
      const answers = await hundred(() => agent.ask('/v1/aws/creds/app'));
      expect(statuses(answers)).to.deep.equal([200]);
      expect(rig.server.requests.count('GET', 'aws/creds/app')).to.equal(1);
      expect(new Set(answers.map(({ json }) => json.lease_id as string))).to.have.lengthOf(1);
      const labels = answers.map(({ headers }) => headers['x-cache']);
      expect(labels.filter((label) => label === 'MISS')).to.have.lengthOf(1);
      expect(labels.filter((label) => label === 'HIT')).to.have.lengthOf(99);
    }));

  it('makes one call of 100 parallel identical logins by clients, and each gets the same token', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const agent = await rig.agent(`auto_auth {\n${method}}\n${SERVE}`);
      await until('the login', () => rig.server.requests.count('PUT', 'auth/approle/login'));
      const answers = await hundred(() => agent.ask('/v1/auth/token/create', { method: 'POST', body: { ttl: '5m' } }));
      expect(statuses(answers)).to.deep.equal([200]);
      expect(new Set(answers.map(({ json }) => json.auth.client_token as string))).to.have.lengthOf(1);
      expect(rig.server.requests.count('POST', 'auth/token/create')).to.equal(1);
    }));

  it('sends each of 100 parallel identical requests that cannot be cached: reads, and writes exactly once', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const agent = await rig.agent(`auto_auth {\n${method}}\n${SERVE}`);
      const writes = await hundred(() =>
        agent.ask('/v1/secret/data/counter', { method: 'POST', body: { data: { n: 1 } } }),
      );
      expect(statuses(writes)).to.deep.equal([200]);
      expect(new Set(writes.map(({ json }) => json.data.version as number))).to.have.lengthOf(100);
      const reads = await hundred(() => agent.ask('/v1/secret/data/counter'));
      expect(new Set(reads.map(({ json }) => json.data.metadata.version as number))).to.deep.equal(new Set([100]));
      expect(rig.server.requests.count('POST', 'secret/data/counter')).to.equal(100);
      expect(rig.server.requests.count('GET', 'secret/data/counter')).to.equal(100);
      const login = rig.server.requests.count('PUT', 'auth/approle/login');
      expect(rig.server.requests.all, 'nothing else reached the server').to.have.lengthOf(200 + login);
    }));

  it('lets 100 requests that come before the first token wait for it, and then makes one call of them (D-22)', () =>
    onRig({}, async (rig) => {
      await rig.engines('5m', '1h');
      const { method } = await rig.approle('app');
      rig.server.inject({ trouble: { kind: 'delay', delayMs: 300 }, when: ({ path }) => path.endsWith('login') });
      const agent = await rig.agent(`auto_auth {\n${method}}\n${SERVE}`);
      const answers = await hundred(() => agent.ask('/v1/aws/creds/app'));
      expect(statuses(answers)).to.deep.equal([200]);
      expect(rig.server.requests.count('GET', 'aws/creds/app')).to.equal(1);
      expect(rig.server.requests.count('PUT', 'auth/approle/login')).to.equal(1);
    }));

  it('cancels the call that no client waits for any more: its connection to the server is cut (D-30)', () =>
    onRig({}, async (rig) => {
      const { tap, agent } = await behindTap(rig);
      rig.server.inject({ trouble: { kind: 'hang' }, when: ({ path }) => path === 'secret/data/slow' });
      expect(tap.closed).to.equal(0);
      await leave(agent.url, '/v1/secret/data/slow', () => rig.server.requests.count('GET', 'secret/data/slow') === 1);
      await until('the end of the connection', () => tap.closed === 1);
      expect(agent.lines.join('')).to.not.match(/\[(WARN|ERROR)\]/);
    }));

  it('finishes the call that may issue a secret although its client left: the next one gets it from the cache (D-30)', () =>
    onRig({}, async (rig) => {
      await rig.engines('5m', '1h');
      const { agent } = await behindTap(rig);
      rig.server.inject({ trouble: { kind: 'delay', delayMs: 300 }, when: ({ path }) => path === 'aws/creds/app' });
      await leave(agent.url, '/v1/aws/creds/app', () => rig.server.requests.count('GET', 'aws/creds/app') === 1);
      const next = await agent.ask('/v1/aws/creds/app');
      expect([next.status, next.headers['x-cache']]).to.deep.equal([200, 'HIT']);
      expect(rig.server.requests.count('GET', 'aws/creds/app')).to.equal(1);
    }));

  it('never passes a broken body off as whole when the server is killed half-way, and reads again after its restart', () =>
    onRig({}, async (rig) => {
      const { tap, agent } = await behindTap(rig);
      await rig.admin('POST', 'secret/data/big', { data: { value: 'x'.repeat(400_000) } });
      const dead = tap.dieAfter(200_000);
      const broken = await agent.ask('/v1/secret/data/big').catch((error: Error) => error);
      await dead;
      expect(broken instanceof Error || !broken.complete || broken.status === 502).to.equal(true);
      const refused = await agent.ask('/v1/secret/data/big', { method: 'POST', body: { data: { value: 'y' } } });
      expect(refused.status).to.equal(502);
      expect(refused.json.errors).to.have.lengthOf(1);
      await tap.open();
      const again = await agent.ask('/v1/secret/data/big');
      expect([again.status, again.complete, again.json.data.data.value.length]).to.deep.equal([200, true, 400_000]);
      expect(rig.server.requests.count('POST', 'secret/data/big')).to.equal(0);
    }));

  it('answers 502 to a write whose answer was lost and never repeats it: it is applied exactly once', () =>
    onRig({}, async (rig) => {
      const { tap, agent } = await behindTap(rig, 3);
      const dead = tap.dieAfter(100);
      const write = agent.ask('/v1/secret/data/once', { method: 'POST', body: { data: { n: 1 } } });
      await dead;
      await tap.open();
      const answer = await write;
      expect(answer.status).to.equal(502);
      expect(rig.server.requests.count('POST', 'secret/data/once')).to.equal(1);
      const read = await agent.ask('/v1/secret/data/once');
      expect([read.status, read.json.data.metadata.version]).to.deep.equal([200, 1]);
    }));

  it('does not repeat a read that may have issued a lease when its answer is cut, stores nothing, and issues one anew when asked', () =>
    onRig({}, async (rig) => {
      await rig.engines('5m', '1h');
      const { tap, agent } = await behindTap(rig, 3);
      const dead = tap.dieAfter(350);
      const broken = await agent.ask('/v1/aws/creds/app');
      await dead;
      await tap.open();
      expect([broken.status, rig.server.requests.count('GET', 'aws/creds/app')]).to.deep.equal([502, 1]);
      const next = await agent.ask('/v1/aws/creds/app');
      expect([next.status, next.headers['x-cache'], rig.server.requests.count('GET', 'aws/creds/app')]).to.deep.equal([
        200,
        'MISS',
        2,
      ]);
    }));

  it('lets requests that reached no server wait with retries, and each write is applied exactly once after the restart', () =>
    onRig({}, async (rig) => {
      const { tap, agent } = await behindTap(rig, 5);
      await rig.admin('POST', 'secret/data/known', { data: { n: 1 } });
      await tap.close();
      const write = agent.ask('/v1/secret/data/late', { method: 'POST', body: { data: { n: 1 } } });
      const read = agent.ask('/v1/secret/data/known');
      await tap.open();
      expect([(await write).status, (await read).status]).to.deep.equal([200, 200]);
      expect(rig.server.requests.count('POST', 'secret/data/late')).to.equal(1);
    }));
});

async function behindTap(rig: Rig, retries = -1): Promise<{ readonly tap: Tap; readonly agent: RunningAgent }> {
  const tap = await rig.tap();
  const { method } = await rig.approle('app');
  const vault = `vault {\n  address = "${tap.url}"\n  retry {\n    num_retries = ${String(retries)}\n  }\n}\n`;
  const agent = await rig.agent(`${vault}auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`);
  await rig.file('token');
  return { tap, agent };
}

// Asks and hangs up as soon as the request has arrived at the server.
async function leave(url: string, path: string, hasArrived: () => boolean): Promise<void> {
  const socket = await dial(url);
  socket.write(requestBytes({ path }));
  await until('the request to arrive', hasArrived);
  socket.destroy();
}
