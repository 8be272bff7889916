// The tutorial of the reference's caching agent, steps 4 and 5 (requests through the agent, cache evictions), command by command: what each
// command of the CLI or of curl puts on the wire, what its user then sees, and what the log promises.
import { expect } from 'chai';
import type { Answer } from './client.js';
import { fileSink, onRig, SERVE, type Rig, type RunningAgent } from './rig.js';

const CLI = { 'X-Vault-Request': 'true', 'User-Agent': 'Go-http-client/1.1' };
const CURL = { 'User-Agent': 'curl/7.88.1', Accept: '*/*', 'Content-Type': 'application/x-www-form-urlencoded' };

async function setTheStage(rig: Rig): Promise<RunningAgent> {
  await rig.engines('1h', '24h');
  await rig.admin('POST', 'aws/roles/readonly', { credential_type: 'iam_user', policy_document: '{}' });
  await rig.admin('POST', 'sys/auth/userpass', { type: 'userpass' });
  const rules = 'path "auth/token/create" {\n capabilities = ["create", "update"]\n}\n';
  await rig.admin('POST', 'sys/policies/acl/myapp', { policy: rules });
  await rig.admin('POST', 'auth/userpass/users/student', { password: 'pAssw0rd', token_policies: ['myapp'] });
  const all = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }';
  const { method } = await rig.approle('app', { policy: all });
  const agent = await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`);
  await rig.file('token');
  return agent;
}

const commands = (agent: RunningAgent) => ({
  read: (token?: string): Promise<Answer> =>
    agent.ask('/v1/aws/creds/readonly', {
      headers: { ...CLI, ...(token !== undefined && { 'X-Vault-Token': token }) },
    }),
  login: (): Promise<Answer> =>
    agent.ask('/v1/auth/userpass/login/student', { method: 'PUT', headers: CLI, body: { password: 'pAssw0rd' } }),
  createToken: (token: string): Promise<Answer> =>
    agent.ask('/v1/auth/token/create', {
      method: 'POST',
      headers: { ...CLI, 'X-Vault-Token': token },
      body: { ttl: '12m', num_uses: 0, renewable: true, display_name: '', explicit_max_ttl: '0s', period: '' },
    }),
  revoke: (token: string): Promise<Answer> =>
    agent.ask('/v1/auth/token/revoke', { method: 'POST', headers: CURL, body: { token } }),
  clear: (body: unknown): Promise<Answer> =>
    agent.ask('/agent/v1/cache-clear', { method: 'POST', headers: CURL, body }),
});

const shown = ({ status, headers }: Answer): unknown[] => [status, headers['x-cache']];

describe('scenario: the tutorial of the source documents', () => {
  it('step 4: dynamic secrets and tokens through the agent', () =>
    onRig({}, async (rig) => {
      const agent = await setTheStage(rig);
      const { read, login, createToken } = commands(agent);

      const first = await read();
      expect(shown(first)).to.deep.equal([200, 'MISS']);
      const again = await read();
      expect(shown(again)).to.deep.equal([200, 'HIT']);
      expect(again.json.lease_id).to.equal(first.json.lease_id);
      expect(again.json.request_id).to.equal(first.json.request_id);
      expect(again.json.data).to.deep.equal(first.json.data);

      const student = await login();
      expect(shown(student)).to.deep.equal([200, 'MISS']);
      expect(student.json.auth.policies).to.deep.equal(['default', 'myapp']);
      const token: string = student.json.auth.client_token;

      const made = await createToken(token);
      expect(shown(made)).to.deep.equal([200, 'MISS']);
      expect(made.json.auth.lease_duration).to.equal(720);
      const same = await createToken(token);
      expect(shown(same)).to.deep.equal([200, 'HIT']);
      expect(same.json.auth.client_token).to.equal(made.json.auth.client_token);
      expect(same.json.auth.accessor).to.equal(made.json.auth.accessor);

      const log = agent.lines.join('\n');
      for (const line of ['using auto auth token', 'storing response into the cache', 'returning cached response'])
        expect(log).to.contain(line);
    }));

  it('step 5: a lease is evicted by cache-clear, a revoked token with all it made, and everything by "all"', () =>
    onRig({}, async (rig) => {
      const agent = await setTheStage(rig);
      const { read, login, createToken, revoke, clear } = commands(agent);

      const lease: string = (await read()).json.lease_id;
      const cleared = await clear({ type: 'lease', value: lease });
      expect([cleared.status, cleared.text]).to.deep.equal([200, '']);
      const anew = await read();
      expect(shown(anew)).to.deep.equal([200, 'MISS']);
      expect(anew.json.lease_id).not.to.equal(lease);

      const token: string = (await login()).json.auth.client_token;
      const child: string = (await createToken(token)).json.auth.client_token;
      expect((await revoke(child)).status).to.equal(204);
      const next = await createToken(token);
      expect(shown(next)).to.deep.equal([200, 'MISS']);
      expect(next.json.auth.client_token).not.to.equal(child);
      expect((await revoke(token)).status).to.equal(204);
      const relogin = await login();
      expect(shown(relogin)).to.deep.equal([200, 'MISS']);
      expect(relogin.json.auth.client_token).not.to.equal(token);

      expect(shown(await read())).to.deep.equal([200, 'HIT']);
      expect((await clear({ type: 'all' })).status).to.equal(200);
      expect(shown(await read())).to.deep.equal([200, 'MISS']);
      expect(shown(await login())).to.deep.equal([200, 'MISS']);
      // the reference caches nothing any more from here until its next login (D-15)
      expect(shown(await read())).to.deep.equal([200, 'HIT']);
    }));
});
