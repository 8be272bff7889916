// The agent heals itself when its token dies, end to end: one login for all, reads sent once more, writes never, nothing for a client's own token,
// and neither a loop nor a wait beyond the bound where no login succeeds. One virtual clock for agent and server; every call is counted there.
import { expect } from 'chai';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import type { Answer, Question } from './client.js';
import { plant } from './collector.js';
import { fileSink, LISTENER, onRig, type Rig, type RunningAgent } from './rig.js';

const LOGIN = 'auth/approle/login';
const PROOF = 'sys/internal/ui/mounts';
const WAIT_MS = 5_000;

interface Stage {
  readonly rig: Rig;
  readonly agent: RunningAgent;
  /** Asks while virtual time passes. */
  readonly ask: (path: string, question?: Question) => Promise<Answer>;
  /** The same question many times at once. */
  readonly many: (times: number, path: (nth: number) => string, question?: Question) => Promise<Answer[]>;
  /** How often a path was asked since the last `forget`, by any verb. */
  readonly calls: (path: string) => number;
  readonly forget: () => void;
}

const serve = (method: string, rig: Rig): string =>
  `auto_auth {\n${method}${fileSink(rig.path('token'))}}\napi_proxy {\n  use_auto_auth_token = true\n  token_wait = "${String(WAIT_MS / 1_000)}s"\n}\ncache {\n}\n${LISTENER}`;

async function start(rig: Rig, secretId?: string): Promise<Stage> {
  await rig.engines('10m', '1h');
  await rig.admin('POST', 'secret/data/app', { data: { colour: 'green' } });
  const { method } = await rig.approle('app', { token_ttl: '10m', token_max_ttl: '1h' });
  if (secretId !== undefined) rig.write('app.secret-id', secretId);
  const agent = await rig.agent(serve(method, rig));
  const { requests } = rig.server;
  const ask: Stage['ask'] = (path, question) => rig.passUntil(agent.ask(path, question));
  return {
    rig,
    agent,
    ask,
    many: (times, path, question) =>
      rig.passUntil(Promise.all(Array.from({ length: times }, (_, nth) => agent.ask(path(nth), question)))),
    calls: (path) => requests.all.filter((one) => one.path === path).length,
    forget: () => requests.clear(),
  };
}

/** The agent is logged in for a while, and nothing is counted yet. */
const loggedIn = (scenario: (stage: Stage) => Promise<void>): Promise<void> =>
  onRig({ clock: new VirtualClock() }, async (rig) => {
    const stage = await start(rig);
    await rig.pass(15_000);
    plant('the token of the agent', await rig.file('token'));
    stage.forget();
    await scenario(stage);
  });

const killToken = ({ rig }: Stage): Promise<unknown> =>
  rig.admin('POST', 'auth/token/revoke', { token: rig.read('token') });

async function killRole(stage: Stage): Promise<void> {
  const secret_id = stage.rig.read('app.secret-id');
  await stage.rig.admin('POST', 'auth/approle/role/app/secret-id/destroy', { secret_id });
  await killToken(stage);
}

const statuses = (answers: readonly Answer[]): number[] => [...new Set(answers.map(({ status }) => status))];

describe('scenario: self-healing', function () {
  this.timeout(30_000);

  it('an administrator revokes the token: 50 parallel reads all get 200 by one proof and one login, each sent at most twice (R-6)', () =>
    loggedIn(async (stage) => {
      await killToken(stage);
      const answers = await stage.many(50, () => '/v1/secret/data/app');
      expect(statuses(answers)).to.deep.equal([200]);
      expect([stage.calls(PROOF), stage.calls(LOGIN)]).to.deep.equal([1, 1]);
      const asked = stage.rig.server.requests.all.filter(({ path }) => path === 'secret/data/app');
      expect(asked.filter(({ status }) => status === 200)).to.have.lengthOf(50);
      expect(asked.length).to.be.within(51, 100);
    }));

  it('50 parallel reads of one lease then get one new lease, and what hung on the dead token is gone (R-6, D-8)', () =>
    loggedIn(async (stage) => {
      const { ask, rig } = stage;
      const old = (await ask('/v1/aws/creds/app')).json.lease_id as string;
      await killToken(stage);
      expect((await ask('/v1/secret/data/app')).status).to.equal(200);
      stage.forget();
      const answers = await stage.many(50, () => '/v1/aws/creds/app');
      expect(statuses(answers)).to.deep.equal([200]);
      const leases = new Set(answers.map(({ json }) => json.lease_id as string));
      expect([leases.size, leases.has(old)]).to.deep.equal([1, false]);
      expect(rig.server.requests.all.map(({ path }) => path)).to.deep.equal(['aws/creds/app']);
    }));

  it('leases asked for with the dead token: one login, and the server has issued one lease for 50 clients (R-6)', () =>
    loggedIn(async (stage) => {
      await killToken(stage);
      const answers = await stage.many(50, () => '/v1/aws/creds/app');
      expect(statuses(answers)).to.deep.equal([200]);
      expect(new Set(answers.map(({ json }) => json.lease_id as string)).size).to.equal(1);
      expect(stage.calls(LOGIN)).to.equal(1);
      const issued = stage.rig.server.requests.all.filter(
        ({ path, status }) => path === 'aws/creds/app' && status === 200,
      );
      expect(issued).to.have.lengthOf(1);
    }));

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    it(`never sends ${method} twice: each is refused once and not applied, and the next ones pass (R-6)`, () =>
      loggedIn(async (stage) => {
        const headers = { 'Content-Type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
        const body = method === 'DELETE' ? {} : { body: { data: { colour: 'red' } } };
        await killToken(stage);
        const refused = await stage.many(10, () => '/v1/secret/data/app', { method, headers, ...body });
        expect(statuses(refused)).to.deep.equal([403]);
        expect([stage.calls('secret/data/app'), stage.calls(LOGIN)]).to.deep.equal([10, 1]);
        const read = await stage.ask('/v1/secret/data/app');
        expect([read.json.data.data, read.json.data.metadata.version]).to.deep.equal([{ colour: 'green' }, 1]);
        const next = await stage.ask('/v1/secret/data/app', { method: 'POST', body: { data: { colour: 'blue' } } });
        expect([next.status, next.json.data.version]).to.deep.equal([200, 2]);
      }));
  }

  it("never replaces a client's own dead token, in either header, though the agent's lives: 403, no proof, no login (R-6, D-22)", () =>
    loggedIn(async (stage) => {
      const own = (await stage.rig.admin('POST', 'auth/token/create', { ttl: '5m' })).auth.client_token as string;
      await stage.rig.admin('POST', 'auth/token/revoke', { token: plant('a client token', own) });
      for (const headers of [{ 'X-Vault-Token': own }, { Authorization: `Bearer ${own}` }]) {
        stage.forget();
        expect((await stage.agent.ask('/v1/secret/data/app', { headers })).status).to.equal(403);
        const seen = stage.rig.server.requests.all.map(({ path, accessor }) => [path, accessor]);
        expect(seen).to.deep.equal([['secret/data/app', '']]);
      }
    }));

  it('relays a 403 of policy after one proof, which holds for five seconds, and never logs in for it (R-6)', () =>
    loggedIn(async (stage) => {
      const answers = await stage.many(20, () => '/v1/sys/mounts');
      answers.push(await stage.ask('/v1/sys/policies/acl/app'));
      expect(statuses(answers)).to.deep.equal([403]);
      expect([stage.calls('sys/mounts'), stage.calls(PROOF), stage.calls(LOGIN)]).to.deep.equal([20, 1, 0]);
    }));

  it('never loops: a read that the new token is refused as well is sent twice and relayed (R-6)', () =>
    loggedIn(async (stage) => {
      await killToken(stage);
      const answer = await stage.ask('/v1/sys/mounts');
      expect(answer.status).to.equal(403);
      expect([stage.calls('sys/mounts'), stage.calls(PROOF), stage.calls(LOGIN)]).to.deep.equal([2, 1, 1]);
    }));

  it('a dead role: reads and writes get 403 within token_wait, one call and one proof each, and logins keep to their backoff and the lock-out (R-6, D-64, 5.1)', () =>
    loggedIn(async (stage) => {
      const { rig, calls } = stage;
      await killRole(stage);
      for (const method of ['GET', 'POST', 'GET']) {
        stage.forget();
        const sentAt = rig.clock.now();
        const body = method === 'POST' ? { body: { data: {} } } : {};
        expect((await stage.ask('/v1/secret/data/app', { method, ...body })).status).to.equal(403);
        expect(rig.clock.now() - sentAt).to.be.within(0, WAIT_MS + 1_000);
        expect([calls('secret/data/app'), calls(PROOF)]).to.deep.equal([1, 1]);
        expect(calls(LOGIN)).to.be.lessThan(5);
      }
      stage.forget();
      await rig.pass(1_200_000);
      expect(rig.server.requests.all.every(({ path }) => path === LOGIN)).to.equal(true);
      expect(
        calls(LOGIN),
        'the secret id was refused three times, so it is tried once in fifteen minutes',
      ).to.be.within(1, 2);
    }));

  it('a dead role that gets a new secret id: the next read is healed, without a restart', () =>
    loggedIn(async (stage) => {
      await killRole(stage);
      expect((await stage.ask('/v1/secret/data/app')).status).to.equal(403);
      const fresh = (await stage.rig.admin('POST', 'auth/approle/role/app/secret-id', {})).data.secret_id as string;
      stage.rig.write('app.secret-id', plant('a secret id', fresh));
      await stage.rig.pass(30_000);
      expect((await stage.ask('/v1/secret/data/app')).status).to.equal(200);
    }));

  it('before the first token: a request waits token_wait, then gets 503 with Retry-After, and nothing reached the server but logins (D-22, D-64)', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      const stage = await start(rig, 'this-is-no-secret-id');
      await rig.pass(2_000);
      expect((await stage.ask('/agent/v1/readyz?verbose')).text).to.include('[-]auto_auth.default degraded');
      const sentAt = rig.clock.now();
      const answers = await stage.many(10, (nth) => `/v1/secret/data/${String(nth)}`);
      expect(rig.clock.now() - sentAt).to.be.within(WAIT_MS, WAIT_MS + 1_000);
      expect(statuses(answers)).to.deep.equal([503]);
      expect(answers.every(({ headers }) => headers['retry-after'] === '1')).to.equal(true);
      expect(rig.server.requests.all.every(({ path }) => path === LOGIN)).to.equal(true);
    }));
});
