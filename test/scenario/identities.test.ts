// Two identities with two AppRoles and two listeners in one process (issue 3, done when 6).
import { expect } from 'chai';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { ask } from './client.js';
import { plant } from './collector.js';
import { fileSink, onRig, type AppRole, type Rig, type RunningAgent } from './rig.js';

const IDENTITIES = ['billing', 'reports'];

const policy = (name: string): string =>
  `path "secret/data/${name}" { capabilities = ["read", "update", "create"] }\npath "aws/creds/app" { capabilities = ["read"] }`;

async function start(rig: Rig, roles: readonly AppRole[]): Promise<RunningAgent> {
  const blocks = IDENTITIES.map(
    (name, index) => `auto_auth "${name}" {\n${roles[index]!.method}${fileSink(rig.path(`${name}.token`))}}
listener "tcp" {\n  address = "127.0.0.1:0"\n  tls_disable = true\n  auto_auth = "${name}"\n}\n`,
  );
  return rig.agent(`${blocks.join('')}api_proxy {\n  use_auto_auth_token = true\n}\ncache {\n}\n`);
}

async function roles(rig: Rig): Promise<AppRole[]> {
  await rig.engines('5m', '1h');
  for (const name of IDENTITIES) await rig.admin('POST', `secret/data/${name}`, { data: { of: name } });
  return Promise.all(
    IDENTITIES.map((name) => rig.approle(name, { policy: policy(name), token_ttl: '30s', token_max_ttl: '60s' })),
  );
}

const seen = (rig: Rig, path: string): string[] =>
  rig.server.requests.all.filter((request) => request.path === path).map(({ accessor }) => accessor);

const accessorOf = async (rig: Rig, file: string): Promise<string> =>
  (await rig.admin('POST', 'auth/token/lookup', { token: rig.read(file) })).data.accessor as string;

describe('scenario: two identities in one process', function () {
  this.timeout(20_000);

  it('shows the server the right token on each listener, and each may do only what its own role may', () =>
    onRig({}, async (rig) => {
      const { agent } = await start(rig, await roles(rig));
      await Promise.all(IDENTITIES.map((name) => rig.file(`${name}.token`)));
      for (const [index, name] of IDENTITIES.entries()) {
        const url = agent.urls[index]!;
        const accessor = await accessorOf(rig, `${name}.token`);
        const own = await ask(url, `/v1/secret/data/${name}`);
        expect([own.status, own.json.data.data.of]).to.deep.equal([200, name]);
        expect(seen(rig, `secret/data/${name}`).at(-1)).to.equal(accessor);
        const foreign = await ask(url, `/v1/secret/data/${IDENTITIES[1 - index]!}`);
        expect(foreign.status).to.equal(403);
        expect(seen(rig, `secret/data/${IDENTITIES[1 - index]!}`).at(-1)).to.equal(accessor);
      }
      const tokens = IDENTITIES.map((name) => rig.read(`${name}.token`));
      expect(new Set(tokens).size).to.equal(2);
    }));

  it('shares one cache without mixing: the same request of the other identity is a MISS with a lease of its own', () =>
    onRig({}, async (rig) => {
      const { agent } = await start(rig, await roles(rig));
      const answers = [];
      for (const url of [...agent.urls, ...agent.urls]) answers.push(await ask(url, '/v1/aws/creds/app'));
      expect(answers.map(({ headers }) => headers['x-cache'])).to.deep.equal(['MISS', 'MISS', 'HIT', 'HIT']);
      const leases = answers.map(({ json }) => json.lease_id as string);
      expect(leases[0]).to.not.equal(leases[1]);
      expect(leases.slice(2)).to.deep.equal(leases.slice(0, 2));
      expect(new Set(seen(rig, 'aws/creds/app')).size).to.equal(2);
    }));

  it('lets the other go on when one has a wrong secret id from the start: it waits and answers 503, degraded', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      const [good, bad] = await roles(rig);
      rig.write('reports.secret-id', 'this-is-no-secret-id');
      const { agent, lines } = await start(rig, [good!, bad!]);
      await rig.pass(100);
      const waiting = ask(agent.urls[1]!, '/v1/secret/data/reports');
      for (let round = 0; round < 12; round++) {
        expect((await ask(agent.urls[0]!, '/v1/secret/data/billing')).status).to.equal(200);
        await rig.pass(10_000);
      }
      const refused = await waiting;
      expect([refused.status, refused.headers['retry-after']]).to.deep.equal([503, '1']);
      expect(refused.json.errors).to.have.lengthOf(1);
      const state = (id: string) => agent.status().find((row) => row.id === id)?.state;
      expect([state('auto_auth.billing'), state('auto_auth.reports')]).to.deep.equal(['ok', 'degraded']);
      expect(lines.join(''))
        .to.match(/\[ERROR\] .*error authenticating:.*identity=reports/)
        .and.not.match(/error authenticating:.*identity=billing/);
    }));

  it('lets the other go on when one loses its credentials later: it waits and answers 503, and takes the new ones when they appear', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      const { agent } = await start(rig, await roles(rig));
      await rig.pass(100);
      const secret = rig.read('reports.secret-id');
      await rig.file('reports.token');
      await rig.admin('POST', 'auth/approle/role/reports/secret-id/destroy', { secret_id: secret });
      await rig.admin('POST', 'auth/token/revoke', { token: rig.read('reports.token') });
      await rig.pass(60_000);
      const status = async (index: number) =>
        (await rig.passUntil(ask(agent.urls[index]!, `/v1/secret/data/${IDENTITIES[index]!}`))).status;
      expect([await status(0), await status(1)]).to.deep.equal([200, 503]);
      const fresh = (await rig.admin('POST', 'auth/approle/role/reports/secret-id', {})).data.secret_id as string;
      rig.write('reports.secret-id', plant('a secret id', fresh));
      await rig.pass(301_000);
      expect([await status(0), await status(1)]).to.deep.equal([200, 200]);
    }));
});
