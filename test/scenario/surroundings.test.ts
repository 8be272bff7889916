// Other surroundings: a server behind a unix socket, an agent behind an agent, namespaces, a sink whose folder comes and goes.
import { mkdirSync, renameSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { expect } from 'chai';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { fileSink, LISTENER, onRig, OPEN_POLICY, SERVE } from './rig.js';
import { until } from './until.js';

describe('scenario: surroundings', function () {
  this.timeout(20_000);

  it('reaches a server over a unix socket: logs in, reads, lists, writes', () =>
    onRig({}, async (rig) => {
      const { port } = new URL(rig.url);
      const wire = createServer((client) => {
        const server = connect(Number(port), '127.0.0.1');
        client.on('error', () => server.destroy()).on('close', () => server.destroy());
        server.on('error', () => client.destroy()).on('close', () => client.destroy());
        client.pipe(server).pipe(client);
      });
      await new Promise<void>((resolve) => wire.listen(rig.path('server.sock'), resolve));
      const { method } = await rig.approle('app');
      const address = `unix://${rig.path('server.sock')}`;
      const agent = await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`, { address });
      const write = await agent.ask('/v1/secret/data/one', { method: 'POST', body: { data: { n: 1 } } });
      const read = await agent.ask('/v1/secret/data/one');
      const list = await agent.ask('/v1/secret/metadata/', { method: 'LIST' });
      expect([write.status, read.json.data.data.n, list.json.data.keys]).to.deep.equal([200, 1, ['one']]);
      await agent.stop();
      await new Promise((resolve) => wire.close(resolve));
    }));

  it('works behind another agent: one lease, a HIT in both, and a revocation through the outer one empties both', () =>
    onRig({}, async (rig) => {
      await rig.engines('5m', '1h');
      const { method } = await rig.approle('app');
      const inner = await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`);
      const token = await rig.file('token');
      const outer = await rig.agent(`cache {\n}\n${LISTENER}`, { address: inner.url });
      const child = (
        await outer.ask('/v1/auth/token/create', { method: 'POST', headers: { 'X-Vault-Token': token }, body: {} })
      ).json;
      const headers = { 'X-Vault-Token': child.auth.client_token as string };
      const first = await outer.ask('/v1/aws/creds/app', { headers });
      const second = await inner.ask('/v1/aws/creds/app', { headers });
      expect([first.status, second.headers['x-cache'], second.json.lease_id]).to.deep.equal([
        200,
        'HIT',
        first.json.lease_id,
      ]);
      const revoked = await outer.ask('/v1/sys/leases/revoke', {
        method: 'PUT',
        headers,
        body: { lease_id: first.json.lease_id },
      });
      const after = await inner.ask('/v1/aws/creds/app');
      expect([revoked.status, after.headers['x-cache']]).to.deep.equal([revoked.status, 'MISS']);
      expect(rig.server.requests.all.every(({ status }) => status !== 508)).to.equal(true);
    }));

  it('logs in within a namespace and keeps the same path of two namespaces apart in the cache', () =>
    onRig({}, async (rig) => {
      await rig.admin('POST', 'sys/namespaces/team', {});
      const team = { 'X-Vault-Namespace': 'team' };
      const admin = async (method: string, path: string, body: unknown) => {
        const answer = await rig.server.call(method, path, { body, headers: team });
        expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)}`).to.be.below(300);
        return answer.body as { data: Record<string, string> };
      };
      await admin('POST', 'sys/auth/approle', { type: 'approle' });
      await admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
      await admin('POST', 'auth/approle/role/app', { token_policies: ['app'] });
      await admin('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } });
      await admin('POST', 'secret/data/where', { data: { is: 'team' } });
      rig.write('role', (await admin('GET', 'auth/approle/role/app/role-id', undefined)).data.role_id!);
      rig.write('secret', (await admin('POST', 'auth/approle/role/app/secret-id', {})).data.secret_id!);
      const method = `method "approle" {\n  namespace = "team"\n  config = {\n    role_id_file_path = "${rig.path('role')}"\n    secret_id_file_path = "${rig.path('secret')}"\n  }\n}\n`;
      const agent = await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`);
      await rig.file('token');
      const inside = await agent.ask('/v1/secret/data/where', { headers: team });
      expect([inside.status, inside.json.data.data.is]).to.deep.equal([200, 'team']);
      expect(
        rig.server.requests.all.filter(({ path }) => path.endsWith('login')).map(({ namespace }) => namespace),
      ).to.deep.equal(['team/']);
      const create = { method: 'POST', body: { ttl: '5m' }, headers: team };
      const tokens = [
        await agent.ask('/v1/auth/token/create', create),
        await agent.ask('/v1/auth/token/create', create),
      ];
      expect(tokens.map(({ headers }) => headers['x-cache'])).to.deep.equal(['MISS', 'HIT']);
      const outside = await agent.ask('/v1/auth/token/create', { ...create, headers: {} });
      expect([outside.status, outside.headers['x-cache']], 'a token of team is nobody in the root').to.deep.equal([
        403,
        undefined,
      ]);
    }));

  it('keeps serving while a sink cannot be written, and writes the newest token when it can be again (R13)', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      mkdirSync(rig.path('mount'));
      const { method } = await rig.approle('app', { token_ttl: '30s', token_max_ttl: '40s' });
      const sinks = fileSink(rig.path('mount/token')) + fileSink(rig.path('other'));
      const agent = await rig.agent(`auto_auth {\n${method}${sinks}}\n${SERVE}`);
      await rig.pass(10);
      const first = await rig.file('mount/token');
      renameSync(rig.path('mount'), rig.path('away'));
      await rig.pass(60_000);
      expect(rig.read('other')).to.not.equal(first);
      expect((await agent.ask('/v1/secret/data/none')).status).to.equal(404);
      const state = () => agent.agent.status().find(({ id }) => id === 'auto_auth.default');
      expect(state()).to.have.property('state', 'degraded');
      expect(state()?.error?.code).to.equal('SINK_WRITE_FAILED');
      renameSync(rig.path('away'), rig.path('mount'));
      await rig.pass(30_000);
      await until('the newest token', () => rig.read('mount/token') === rig.read('other'));
      expect(state()).to.have.property('state', 'ok');
      expect(agent.lines.join('')).to.match(
        /\[ERROR\] agent\.sink\.server: error writing to sink, will retry: .*sink=sink\.default\.1.*backoff=/,
      );
    }));
});
