// How tokens are handed over: child tokens that may do less, reuse after a restart, notifications, and revoking at the end (issue 5).
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { TokenEntry } from '../../core/dev-server/tokens/token-entry.js';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { plant } from './collector.js';
import { fileSink, onRig, OPEN_POLICY, SERVE, type Rig, type RunningAgent } from './rig.js';
import { until } from './until.js';

const LOGIN = 'auth/approle/login';
const CREATE = 'auth/token/create';
const REVOKE = 'auth/token/revoke-self';
const NARROW = 'token { policies = ["narrow"] no_default_policy = true }';

const both = (rig: Rig, narrow = NARROW, more = ''): string =>
  `${more}\n${fileSink(rig.path('narrow'), narrow)}${fileSink(rig.path('token'))}`;

async function role(rig: Rig, settings: object = {}): Promise<string> {
  const { method } = await rig.approle('app', { token_policies: ['app', 'narrow'], ...settings });
  await rig.admin('POST', 'sys/policies/acl/narrow', { policy: 'path "secret/data/app" { capabilities = ["read"] }' });
  return method;
}

const lookup = async (rig: Rig, name: string): Promise<Record<string, unknown>> =>
  (await rig.admin('POST', 'auth/token/lookup', { token: plant('a delivered token', await rig.file(name)) }))
    .data as Record<string, unknown>;

const isAlive = (rig: Rig, token: string): boolean => rig.server.world.tokens.find(token) !== undefined;

const onVirtualRig = (scenario: (rig: Rig, clock: VirtualClock) => Promise<void>): Promise<void> => {
  const clock = new VirtualClock();
  return onRig({ clock }, (rig) => scenario(rig, clock));
};

/** Living tokens besides that of the operator. */
const tokensOf = (rig: Rig): TokenEntry[] =>
  rig.server.world.tokens.all().filter(({ id, parent }) => id !== rig.rootToken && parent !== rig.rootToken);

const says = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

/** Paths of the requests to these places, in their order, with what had the token in hand. */
const order = (rig: Rig): string[] =>
  rig.server.requests.all
    .filter(({ path }) => [LOGIN, CREATE, REVOKE].includes(path))
    .map(({ path, displayName }) => `${path} ${displayName}`);

describe('scenario: handing tokens over', function () {
  this.timeout(30_000);

  it('a child may do what its policies say and nothing else; it dies with its parent', () =>
    onRig({}, async (rig) => {
      const method = await role(rig);
      await rig.admin('POST', 'secret/data/app', { data: { a: 1 } });
      await rig.agent(`auto_auth {\n${method}${both(rig)}}\n`);
      const [child, parent] = [await lookup(rig, 'narrow'), await lookup(rig, 'token')];
      expect(child).to.deep.include({ policies: ['narrow'], orphan: false, display_name: 'token-claviger-sink' });
      expect(parent.policies).to.deep.equal(['app', 'default', 'narrow']);
      const token = rig.read('narrow');
      const asked = async (path: string): Promise<number> => (await rig.server.call('GET', path, { token })).status;
      expect([await asked('secret/data/app'), await asked('secret/data/other')]).to.deep.equal([200, 403]);
      await rig.admin('POST', 'auth/token/revoke', { token: rig.read('token') });
      expect(await asked('secret/data/app')).to.equal(403);
    }));

  it('a child whose entity has policies is revoked and refused, until the entity has none; allow_identity_policies takes it', () =>
    onRig({}, async (rig) => {
      const method = await role(rig);
      const first = await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n`);
      const { entity_id: id } = await lookup(rig, 'token');
      await first.stop();
      await rig.admin('POST', `identity/entity/id/${String(id)}`, { policies: ['app'] });
      const narrow = 'token { policies = ["narrow"] }';
      const second = await rig.agent(`auto_auth {\n${method}${both(rig, narrow)}}\n`);
      await says(second, /SINK_CHILD_WIDE: .*\(app\).*allow_identity_policies/);
      await until('the revocation', () => rig.server.requests.count('PUT', REVOKE) === 1);
      expect([existsSync(rig.path('narrow')), existsSync(rig.path('token'))]).to.deep.equal([false, true]);
      expect(tokensOf(rig).filter(({ path }) => path === CREATE)).to.deep.equal([]);
      expect(second.agent.status().find(({ id: part }) => part === 'auto_auth.default')).to.deep.include({
        state: 'degraded',
      });
      await second.stop();
      const wide = NARROW.replace('}', 'allow_identity_policies = true }');
      await rig.agent(`auto_auth {\n${method}${both(rig, wide)}}\n`);
      expect((await lookup(rig, 'narrow')).identity_policies).to.deep.equal(['app']);
    }));

  it('rotation: a new parent, a new child, delivered, and only then the old child is revoked', () =>
    onVirtualRig(async (rig) => {
      const method = await role(rig, { token_ttl: '60s', token_max_ttl: '60s' });
      await rig.agent(`auto_auth {\n${method}${both(rig, 'token { policies = ["narrow"] }')}}\n`);
      await rig.pass(100);
      const old = rig.read('narrow');
      await rig.pass(55_000);
      const now = rig.read('narrow');
      expect(now).to.not.equal(old);
      expect([isAlive(rig, now), isAlive(rig, old)]).to.deep.equal([true, false]);
      expect(order(rig).slice(0, 5)).to.deep.equal([
        `${LOGIN} `,
        `${CREATE} approle`,
        `${LOGIN} `,
        `${CREATE} approle`,
        `${REVOKE} token-claviger-sink`,
      ]);
    }));

  it('a limited child is made anew before its end and never renewed', () =>
    onVirtualRig(async (rig) => {
      const method = await role(rig);
      await rig.agent(
        `auto_auth {\n${method}${both(rig, 'token { policies = ["narrow"] ttl = "60s" num_uses = 3 }')}}\n`,
      );
      await rig.pass(100);
      const first = await lookup(rig, 'narrow');
      expect(first).to.deep.include({ num_uses: 3, policies: ['default', 'narrow'] });
      await rig.pass(58_000);
      expect((await lookup(rig, 'narrow')).accessor).to.not.equal(first.accessor);
      const byChildren = rig.server.requests.all.filter(({ displayName }) => displayName === 'token-claviger-sink');
      expect(byChildren.map(({ path }) => path)).to.not.include('auth/token/renew-self');
    }));

  it('a child that an administrator revoked is made anew when it should be renewed', () =>
    onVirtualRig(async (rig) => {
      const method = await role(rig);
      await rig.agent(`auto_auth {\n${method}${both(rig, 'token { policies = ["narrow"] ttl = "60s" }')}}\n`);
      await rig.pass(100);
      const token = rig.read('narrow');
      await rig.admin('POST', 'auth/token/revoke', { token });
      await rig.pass(45_000);
      expect(isAlive(rig, rig.read('narrow'))).to.equal(true);
    }));

  for (const [what, settings, reason] of [
    ['batch', { token_type: 'batch' }, 'batch token'],
    ['limited', { token_num_uses: 20 }, 'limited number of uses'],
  ] as const) {
    it(`a ${what} parent cannot have children: said once with the reason, and the server is not asked`, () =>
      onVirtualRig(async (rig) => {
        const method = await role(rig, settings);
        const agent = await rig.agent(`auto_auth {\n${method}${both(rig)}}\n`);
        await rig.pass(60_000);
        const lines = agent.lines.filter((line) => line.includes('SINK_CHILD_REFUSED'));
        expect(lines).to.have.length(1);
        expect(lines[0]).to.contain(reason);
        expect([rig.server.requests.count('PUT', CREATE), existsSync(rig.path('token'))]).to.deep.equal([0, true]);
      }));
  }

  it('a wrapped child opens to the child, and costs it no use', () =>
    onRig({}, async (rig) => {
      const method = await role(rig);
      const narrow = 'wrap_ttl = "5m"\n  token { policies = ["narrow"] num_uses = 2 no_default_policy = true }';
      await rig.agent(`auto_auth {\n${method}${both(rig, narrow)}}\n`);
      const { token } = JSON.parse(await rig.file('narrow')) as { token: string };
      const opened = await rig.server.call('POST', 'sys/wrapping/unwrap', { token: plant('a wrapping token', token) });
      const child = (opened.body as { data: { token: string } }).data.token;
      const { data } = await rig.admin('POST', 'auth/token/lookup', { token: plant('a child', child) });
      expect(data).to.deep.include({ policies: ['narrow'], num_uses: 2 });
    }));

  it('exit_after_auth waits for the child token that could not be made yet, and for the notification', () =>
    onRig({}, async (rig) => {
      const method = await role(rig);
      rig.server.inject({
        trouble: { kind: 'fail', status: 503, errors: ['sealed'] },
        times: 2,
        when: ({ path }) => path === CREATE,
      });
      const notify = `notify { command { argv = ["/bin/sh", "-c", "sleep 0.3; echo told > '${rig.path('told')}'"] } }`;
      const retry = 'retry { min_backoff = "100ms" max_backoff = "200ms" }';
      const hcl = `exit_after_auth = true\nauto_auth {\n${method}${both(rig, `${NARROW}\n${retry}\n${notify}`)}}\n`;
      const running = rig.command(['agent', `-config=${rig.config(hcl)}`]);
      expect(await running.code()).to.equal(0);
      expect(rig.read('told')).to.equal('told\n');
      expect(running.text).to.match(/SINK_CHILD_FAILED: .*503 sealed/);
    }));

  describe('revoke_on_shutdown', () => {
    const ON = 'revoke_on_shutdown = true';

    it('an orderly stop withdraws from the sinks and leaves no token at the server, orphans and the narrowest child included', () =>
      onRig({}, async (rig) => {
        const method = await role(rig, {
          policy: `${OPEN_POLICY}\npath "${CREATE}" { capabilities = ["update", "sudo"] }`,
        });
        const orphan = fileSink(rig.path('orphan'), 'token { policies = ["narrow"] orphan = true }');
        const agent = await rig.agent(`auto_auth {\n${ON}\n${method}${both(rig)}${orphan}}\n${SERVE}`);
        for (const name of ['narrow', 'orphan', 'token']) await rig.file(name);
        expect((await lookup(rig, 'orphan')).orphan).to.equal(true);
        expect((await agent.ask('/v1/secret/data/x')).status).to.equal(404);
        await agent.stop();
        expect(tokensOf(rig)).to.deep.equal([]);
        expect(['narrow', 'orphan', 'token'].map((name) => existsSync(rig.path(name)))).to.deep.equal([
          false,
          false,
          false,
        ]);
        expect(order(rig).at(-1)).to.equal(`${REVOKE} approle`);
      }));

    it('SIGTERM and the quit endpoint do the same', () =>
      onRig({}, async (rig) => {
        const method = await role(rig);
        const listener =
          'listener "tcp" {\n address = "127.0.0.1:0"\n tls_disable = true\n agent_api { enable_quit = true }\n}\n';
        const hcl = `auto_auth {\n${ON}\n${method}${both(rig)}}\n${SERVE.replace(/listener [\s\S]*/, listener)}`;
        const started = rig.command(['agent', `-config=${rig.config(hcl)}`]);
        await rig.file('narrow');
        await rig.file('token');
        expect(await started.stop()).to.equal(0);
        expect([tokensOf(rig), existsSync(rig.path('token'))]).to.deep.equal([[], false]);
        const agent = await rig.agent(hcl);
        await rig.file('narrow');
        await rig.file('token');
        await agent.ask('/agent/v1/quit', { method: 'POST' });
        expect(await agent.agent.ended).to.deep.equal({ reason: 'quit' });
        await agent.stop();
        expect(tokensOf(rig)).to.deep.equal([]);
      }));

    it('a request that is still under way gets its answer before the token goes', () =>
      onRig({}, async (rig) => {
        const method = await role(rig);
        await rig.admin('POST', 'secret/data/slow', { data: { a: 1 } });
        const agent = await rig.agent(`auto_auth {\n${ON}\n${method}${both(rig)}}\n${SERVE}`);
        await rig.file('token');
        rig.server.inject({ trouble: { kind: 'delay', delayMs: 500 }, when: ({ path }) => path.includes('slow') });
        const answer = agent.ask('/v1/secret/data/slow');
        await until('the request', () => rig.server.requests.count('GET', 'secret/data/slow') === 1);
        const stopping = agent.stop();
        expect((await answer).status).to.equal(200);
        await stopping;
        expect(tokensOf(rig)).to.deep.equal([]);
      }));

    it('a server that does not answer holds the stop up for five seconds at most, and what lives on is told', () =>
      onVirtualRig(async (rig, clock) => {
        const method = await role(rig);
        const agent = await rig.agent(`auto_auth {\n${ON}\n${method}${fileSink(rig.path('token'))}}\n`);
        await rig.pass(100);
        rig.server.inject({ trouble: { kind: 'hang' }, times: 9, when: ({ path }) => path === REVOKE });
        const began = rig.clock.now();
        let over = false;
        const stopping = agent.stop().then(() => (over = true));
        // the request that hangs keeps the server busy, so time is moved by hand
        await until('the stop', () => over || clock.advance(250).then(() => over));
        await stopping;
        expect(rig.clock.now() - began).to.be.within(4_500, 9_000);
        await says(agent, /AUTH_REVOKE_FAILED: .*there was no time left/);
        expect(existsSync(rig.path('token'))).to.equal(false);
      }));

    it('without it nothing is revoked, and the file stays', () =>
      onRig({}, async (rig) => {
        const method = await role(rig);
        const agent = await rig.agent(`auto_auth {\n${method}${both(rig)}}\n`);
        for (const name of ['narrow', 'token']) await rig.file(name);
        await agent.stop();
        expect(tokensOf(rig)).to.have.length(2);
        expect([isAlive(rig, rig.read('narrow')), isAlive(rig, rig.read('token'))]).to.deep.equal([true, true]);
      }));
  });

  describe('reuse', () => {
    it('with a secret id for one login, restarts log in never again while the token lives, and tell nobody', () =>
      onRig({}, async (rig) => {
        const method = await role(rig, { secret_id_num_uses: 1 });
        const notify = `notify { command { argv = ["/bin/sh", "-c", "echo told >> '${rig.path('told')}'"] } }`;
        const hcl = `auto_auth {\n${method}${fileSink(rig.path('token'), `reuse = true\n${notify}`)}}\n`;
        const first = await rig.agent(hcl);
        await until('the first notification', () => existsSync(rig.path('told')) && rig.read('told') === 'told\n');
        const token = rig.read('token');
        await first.stop();
        for (let restart = 0; restart < 2; restart++) {
          const again = await rig.agent(hcl);
          await says(again, /still valid, no login needed/);
          await again.stop();
        }
        expect([rig.read('token'), rig.read('told')]).to.deep.equal([token, 'told\n']);
        expect(rig.server.requests.count('PUT', LOGIN)).to.equal(1);
      }));

    it('a token that is dead, or was changed by somebody, leads to a login', () =>
      onRig({}, async (rig) => {
        const method = await role(rig);
        const hcl = `auto_auth {\n${method}${fileSink(rig.path('token'), 'reuse = true')}}\n`;
        for (const left of ['hvs.never-was-a-token', 'two\nlines', '']) {
          rig.write('token', left);
          const agent = await rig.agent(hcl);
          await until('a new token', () => isAlive(rig, rig.read('token')));
          await agent.stop();
        }
        expect(rig.server.requests.count('PUT', LOGIN)).to.equal(3);
      }));

    it('a token that was taken up is not revoked at the end: the agent did not mint it', () =>
      onRig({}, async (rig) => {
        const method = await role(rig);
        const hcl = (more: string): string =>
          `auto_auth {\n${more}\n${method}${fileSink(rig.path('token'), 'reuse = true')}}\n`;
        const first = await rig.agent(hcl(''));
        const token = await rig.file('token');
        await first.stop();
        const second = await rig.agent(hcl('revoke_on_shutdown = true'));
        await says(second, /still valid, no login needed/);
        await second.stop();
        expect([isAlive(rig, token), rig.read('token')]).to.deep.equal([true, token]);
      }));
  });

  it('notify: once per change, and the program gets neither the token nor the environment of the agent', () =>
    onVirtualRig(async (rig) => {
      const method = await role(rig, { token_ttl: '60s', token_max_ttl: '60s' });
      const script = `env > '${rig.path('env')}'; cat '${rig.path('token')}' >> '${rig.path('seen')}'; echo >> '${rig.path('seen')}'`;
      const notify = `notify { command { argv = ["/bin/sh", "-c", "${script}"] } }`;
      await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'), notify)}}\n`);
      const seen = (): string[] =>
        existsSync(rig.path('seen')) ? readFileSync(rig.path('seen'), 'utf8').split('\n').slice(0, -1) : [];
      await rig.pass(100);
      await until('the first notification', () => seen().length === 1);
      const first = rig.read('token');
      await rig.pass(55_000);
      await until('the second notification', () => seen().length === 2);
      expect(seen()).to.deep.equal([first, rig.read('token')]);
      expect(rig.read('env')).to.contain('CLAVIGER_SINK=sink.default.1').and.not.contain(first);
    }));
});
