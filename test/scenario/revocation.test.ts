// Every form of revocation that passes through the agent evicts what it kills, and nothing else (spec cache section 7, D-10 to D-12, corrections).
import { expect } from 'chai';
import { fileSink, onRig, SERVE, type Rig, type RunningAgent } from './rig.js';

interface Held {
  readonly lease: string;
  readonly token: string;
  readonly accessor: string;
}

interface Form {
  readonly name: string;
  readonly method?: string;
  readonly path: (held: Held) => string;
  readonly body?: (held: Held) => unknown;
  /** What is a MISS afterwards: the lease of the agent's own token, or all that hangs on the token of the client. */
  readonly kills: 'lease' | 'client' | 'nothing';
}

const POLICY = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }';

const FORMS: readonly Form[] = [
  {
    name: 'sys/leases/revoke with a body',
    path: () => 'sys/leases/revoke',
    body: (held) => ({ lease_id: held.lease }),
    kills: 'lease',
  },
  {
    name: 'sys/leases/revoke with sync=false (202)',
    path: () => 'sys/leases/revoke',
    body: (held) => ({ lease_id: held.lease, sync: false }),
    kills: 'lease',
  },
  { name: 'sys/leases/revoke/<id>', path: (held) => `sys/leases/revoke/${held.lease}`, kills: 'lease' },
  {
    name: 'sys/leases/revoke with POST',
    method: 'POST',
    path: () => 'sys/leases/revoke',
    body: (held) => ({ lease_id: held.lease }),
    kills: 'lease',
  },
  {
    name: 'an encoded path',
    path: () => 'sys/leases/%72evoke',
    body: (held) => ({ lease_id: held.lease }),
    kills: 'lease',
  },
  {
    name: 'an id with %2F',
    path: (held) => `sys/leases/revoke/${encodeURIComponent(held.lease)}`,
    kills: 'lease',
  },
  {
    name: 'a path with //, which the server redirects',
    path: () => 'sys//leases/revoke',
    body: (held) => ({ lease_id: held.lease }),
    kills: 'lease',
  },
  { name: 'sys/leases/revoke-prefix', path: () => 'sys/leases/revoke-prefix/aws/creds', kills: 'lease' },
  { name: 'sys/leases/revoke-force', path: () => 'sys/leases/revoke-force/aws', kills: 'lease' },
  { name: 'unmounting the engine', method: 'DELETE', path: () => 'sys/mounts/aws', kills: 'lease' },
  {
    name: 'auth/token/revoke',
    path: () => 'auth/token/revoke',
    body: (held) => ({ token: held.token }),
    kills: 'client',
  },
  {
    name: 'auth/token/revoke-accessor',
    path: () => 'auth/token/revoke-accessor',
    body: (held) => ({ accessor: held.accessor }),
    kills: 'client',
  },
  {
    name: 'auth/token/revoke-orphan',
    path: () => 'auth/token/revoke-orphan',
    body: (held) => ({ token: held.token }),
    kills: 'client',
  },
  {
    name: 'a revocation of another lease',
    path: () => 'sys/leases/revoke',
    body: () => ({ lease_id: 'aws/creds/app/unknownunknown' }),
    kills: 'nothing',
  },
  { name: 'a prefix of other leases', path: () => 'sys/leases/revoke-prefix/database', kills: 'nothing' },
];

async function start(rig: Rig): Promise<RunningAgent> {
  await rig.engines('5m', '1h');
  const { method } = await rig.approle('app', { policy: POLICY });
  const agent = await rig.agent(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`);
  await rig.file('token');
  return agent;
}

describe('scenario: revocation', function () {
  this.timeout(20_000);

  for (const form of FORMS) {
    it(`${form.name} evicts ${form.kills === 'client' ? 'the client and its leases' : form.kills}`, () =>
      onRig({}, async (rig) => {
        const agent = await start(rig);
        const child = (await agent.ask('/v1/auth/token/create', { method: 'POST', body: { policies: ['app'] } })).json
          .auth;
        const headers = { 'X-Vault-Token': child.client_token as string };
        const own = await agent.ask('/v1/aws/creds/app');
        await agent.ask('/v1/aws/creds/app', { headers });
        const held = { lease: own.json.lease_id, token: child.client_token, accessor: child.accessor } as Held;
        const body = form.body?.(held);
        const revoked = await agent.ask(`/v1/${form.path(held)}`, {
          method: form.method ?? 'PUT',
          ...(body !== undefined && { body }),
        });
        expect(revoked.status, revoked.text).to.be.oneOf([200, 202, 204]);
        const after = [await agent.ask('/v1/aws/creds/app'), await agent.ask('/v1/aws/creds/app', { headers })];
        const isHit = after.map((answer) => answer.headers['x-cache'] === 'HIT');
        const wholeEngine = /prefix\/aws|force|mounts/.test(form.path(held));
        expect(isHit).to.deep.equal([form.kills !== 'lease', form.kills !== 'client' && !wholeEngine]);
        expect(after.map(({ json }) => json.lease_id)[0] === held.lease).to.equal(form.kills !== 'lease');
        if (form.kills === 'client') expect(after[1]!.status).to.equal(403);
      }));
  }

  it("disabling the agent's own auth method evicts all that hangs on its token (corrections)", () =>
    onRig({}, async (rig) => {
      const agent = await start(rig);
      await agent.ask('/v1/aws/creds/app');
      expect((await agent.ask('/v1/aws/creds/app')).headers['x-cache']).to.equal('HIT');
      expect((await agent.ask('/v1/sys/auth/approle', { method: 'DELETE' })).status).to.equal(204);
      const after = await agent.ask('/v1/aws/creds/app');
      expect([after.status, after.headers['x-cache']]).to.deep.equal([403, undefined]);
    }));
});
