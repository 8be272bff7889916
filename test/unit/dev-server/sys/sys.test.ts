// The endpoints of the server itself, as far as the recorded scenarios do not reach.
import { expect } from 'chai';
import { rig, type Ask } from '../auth/rig.js';

const tokenWith = async (ask: Ask, policy: string): Promise<string> => {
  await ask('POST', 'sys/policies/acl/p', { policy });
  return (await ask('POST', 'auth/token/create', { policies: ['p'] })).auth.client_token;
};

describe('dev server: sys', () => {
  it('capabilities-self spends a use, takes one path or many, and 999 at most', async () => {
    const { ask } = rig();
    const made = await ask('POST', 'auth/token/create', { policies: ['default'], num_uses: 2 });
    const token = made.auth.client_token;
    const one = await ask('POST', 'sys/capabilities-self', { path: 'cubbyhole/x' }, { token });
    expect(one.data['capabilities']).to.deep.equal(['create', 'delete', 'list', 'read', 'scan', 'update']);
    await ask('POST', 'sys/capabilities-self', { paths: ['a'] }, { token });
    expect((await ask('POST', 'sys/capabilities-self', { paths: ['a'] }, { token })).status).to.equal(403);
    const many = Array.from({ length: 1_000 }, (_item, index) => `a/${String(index)}`);
    expect((await ask('POST', 'sys/capabilities-self', { paths: many })).status).to.equal(400);
    expect((await ask('POST', 'sys/capabilities-self', {})).errors).to.deep.equal(['paths must be supplied']);
  });

  it('capabilities of another token, by id and by accessor', async () => {
    const { ask } = rig();
    const token = await tokenWith(ask, 'path "a" { capabilities = ["read"] }');
    const { data } = await ask('GET', 'auth/token/lookup-self', undefined, { token });
    const byId = await ask('POST', 'sys/capabilities', { token, paths: ['a'] });
    const byAccessor = await ask('POST', 'sys/capabilities-accessor', { accessor: data['accessor'], paths: ['a'] });
    expect([byId.data['a'], byAccessor.data['a']]).to.deep.equal([['read'], ['read']]);
  });

  it('a write is create or update, as the engine knows', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '1' } });
    const token = await tokenWith(ask, 'path "kv/*" { capabilities = ["create"] }');
    expect((await ask('POST', 'kv/x', { a: 1 }, { token })).status).to.equal(204);
    expect((await ask('POST', 'kv/x', { a: 2 }, { token })).status).to.equal(403);
  });

  it('lists policies, refuses to touch the built-in ones, and keeps a deleted one out', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/policies/acl/Mixed', { policy: 'path "a" { capabilities = ["read"] }' });
    expect((await ask('LIST', 'sys/policies/acl')).data['keys']).to.deep.equal(['default', 'mixed', 'root']);
    expect((await ask('GET', 'sys/policy')).data['policies']).to.deep.equal(['default', 'mixed', 'root']);
    expect((await ask('DELETE', 'sys/policies/acl/default')).status).to.equal(400);
    expect((await ask('PUT', 'sys/policies/acl/root', { policy: 'path "a" {}' })).status).to.equal(400);
    await ask('DELETE', 'sys/policies/acl/mixed');
    expect((await ask('GET', 'sys/policies/acl/mixed')).status).to.equal(404);
  });

  it('a changed policy counts at once for tokens that have it', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '1' } });
    await ask('POST', 'kv/x', { a: 1 });
    const token = await tokenWith(ask, 'path "kv/*" { capabilities = ["read"] }');
    expect((await ask('GET', 'kv/x', undefined, { token })).status).to.equal(200);
    await ask('POST', 'sys/policies/acl/p', { policy: 'path "other" { capabilities = ["read"] }' });
    expect((await ask('GET', 'kv/x', undefined, { token })).status).to.equal(403);
  });

  it('lists and tunes mounts, and refuses unknown types and nested paths', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/mounts/a/b', { type: 'kv-v2', config: { max_lease_ttl: '2h' } });
    const mounts = (await ask('GET', 'sys/mounts')).data;
    expect(Object.keys(mounts).sort()).to.deep.equal(['a/b/', 'cubbyhole/', 'identity/', 'sys/']);
    expect((await ask('POST', 'sys/mounts/a', { type: 'kv' })).errors).to.deep.equal([
      'path is already in use at a/b/',
    ]);
    for (const type of ['nothing', 'constructor', '__proto__', '']) {
      expect((await ask('POST', 'sys/mounts/x', { type })).status, type).to.equal(400);
    }
    await ask('POST', 'sys/mounts/a/b/tune', {
      default_lease_ttl: '1h',
      description: 'd',
      listing_visibility: 'unauth',
    });
    expect((await ask('GET', 'sys/mounts/a/b/tune')).data).to.include({
      default_lease_ttl: 3600,
      max_lease_ttl: 7200,
      description: 'd',
    });
    expect((await ask('GET', 'sys/auth')).data).to.have.property('token/');
    expect((await ask('DELETE', 'sys/mounts/sys')).status).to.equal(400);
    expect((await ask('DELETE', 'sys/mounts/a/b')).status).to.equal(204);
    expect((await ask('GET', 'a/b/data/x')).status).to.equal(404);
  });

  it('internal/ui/mounts shows what a token may reach, and to nobody what is not public', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/mounts/kv', { type: 'kv' });
    const token = await tokenWith(ask, 'path "kv/data/app" { capabilities = ["read"] }');
    const seen = (await ask('GET', 'sys/internal/ui/mounts', undefined, { token })).data['secret'] as object;
    expect(Object.keys(seen)).to.deep.equal(['cubbyhole/', 'kv/', 'sys/']);
    expect((await ask('GET', 'sys/internal/ui/mounts/kv/data/app', undefined, { token })).data['path']).to.equal('kv/');
    expect((await ask('GET', 'sys/internal/ui/mounts/identity/x', undefined, { token })).status).to.equal(403);
    const anonymous = await ask('GET', 'sys/internal/ui/mounts', undefined, { token: '' });
    expect(anonymous.data).to.deep.equal({ auth: {}, secret: {} });
  });

  it('disabling an auth method ends its tokens', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/auth/up', { type: 'userpass' });
    await ask('POST', 'auth/up/users/ann', { password: 'pw' });
    const token = (await ask('POST', 'auth/up/login/ann', { password: 'pw' }, { token: '' })).auth.client_token;
    await ask('DELETE', 'sys/auth/up');
    expect((await ask('GET', 'auth/token/lookup-self', undefined, { token })).status).to.equal(403);
  });

  it('revoke-prefix reaches the tokens of an auth mount', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/auth/up', { type: 'userpass' });
    await ask('POST', 'auth/up/users/ann', { password: 'pw' });
    const token = (await ask('POST', 'auth/up/login/ann', { password: 'pw' }, { token: '' })).auth.client_token;
    await ask('PUT', 'sys/leases/revoke-prefix/auth/up');
    expect((await ask('GET', 'auth/token/lookup-self', undefined, { token })).status).to.equal(403);
  });

  it('answers health with the status a caller wants, and without an envelope', async () => {
    const { server } = rig();
    const answer = await server.call('GET', 'sys/health?activecode=299', { token: '' });
    expect(answer.status).to.equal(299);
    expect(answer.body).to.have.all.keys(
      'initialized',
      'sealed',
      'standby',
      'replication_performance_mode',
      'replication_dr_mode',
      'server_time_utc',
      'version',
      'cluster_name',
      'cluster_id',
    );
  });

  it('old revocation paths and tokens in the URL are 404', async () => {
    const { ask } = rig();
    for (const path of ['sys/revoke/a/b', 'sys/revoke-prefix/a', 'auth/token/revoke/x', 'auth/token/lookup/x']) {
      expect((await ask('PUT', path)).status, path).to.equal(404);
    }
  });
});

describe('dev server: wrapping', () => {
  const wrap = async (ask: Ask): Promise<string> =>
    (await ask('POST', 'sys/wrapping/wrap', { a: 'b' }, { headers: { 'X-Vault-Wrap-TTL': '60' } })).wrap_info.token;

  it('a foreign token in the header needs a policy to open a parcel of the body', async () => {
    const { ask } = rig();
    const parcel = await wrap(ask);
    const token = (await ask('POST', 'auth/token/create', { policies: ['x'], no_default_policy: true })).auth
      .client_token;
    expect((await ask('POST', 'sys/wrapping/unwrap', { token: parcel }, { token })).status).to.equal(403);
    expect((await ask('POST', 'sys/wrapping/unwrap', {}, { token: parcel })).data).to.deep.equal({ a: 'b' });
    expect((await ask('POST', 'sys/wrapping/unwrap', {}, { token: parcel })).status).to.equal(400);
  });

  it('looking does not open; the time of the parcel ends it', async () => {
    const { ask, clock } = rig();
    const parcel = await wrap(ask);
    for (let look = 0; look < 3; look++) {
      expect(
        (await ask('POST', 'sys/wrapping/lookup', { token: parcel }, { token: '' })).data['creation_ttl'],
      ).to.equal(60);
    }
    await clock.advance(60_000);
    expect((await ask('POST', 'sys/wrapping/unwrap', {}, { token: parcel })).status).to.equal(400);
  });

  it('the old way opens it too: cubbyhole/response', async () => {
    const { ask } = rig();
    const parcel = await wrap(ask);
    const answer = await ask('GET', 'cubbyhole/response', undefined, { token: parcel });
    expect(JSON.parse(String(answer.data['response']))).to.deep.include({ data: { a: 'b' } });
    expect((await ask('GET', 'cubbyhole/response', undefined, { token: parcel })).status).to.equal(403);
  });

  it('errors and empty answers are not wrapped', async () => {
    const { ask } = rig();
    const headers = { 'X-Vault-Wrap-TTL': '60' };
    expect((await ask('GET', 'nowhere', undefined, { headers })).wrap_info).to.equal(undefined);
    expect((await ask('POST', 'cubbyhole/x', { a: 1 }, { headers })).status).to.equal(204);
  });

  it('a wrapped login hands out a living token once', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/auth/up', { type: 'userpass' });
    await ask('POST', 'auth/up/users/ann', { password: 'pw' });
    const login = await ask(
      'POST',
      'auth/up/login/ann',
      { password: 'pw' },
      { token: '', headers: { 'X-Vault-Wrap-TTL': '60' } },
    );
    const opened = await ask('POST', 'sys/wrapping/unwrap', {}, { token: login.wrap_info.token });
    const token = opened.auth.client_token;
    expect((await ask('GET', 'auth/token/lookup-self', undefined, { token })).data['display_name']).to.equal('up-ann');
  });
});

describe('dev server: namespaces', () => {
  const inTeam = { headers: { 'X-Vault-Namespace': 'team' } };

  it('keep mounts, policies and tokens apart', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/namespaces/team', {});
    await ask('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '1' } }, inTeam);
    await ask('POST', 'kv/x', { a: 1 }, inTeam);
    await ask('POST', 'sys/policies/acl/p', { policy: 'path "kv/*" { capabilities = ["read"] }' }, inTeam);
    const token = (await ask('POST', 'auth/token/create', { policies: ['p'] }, inTeam)).auth.client_token;
    expect(token).to.match(/^s\.\w{24}\.\w{6}$/);
    expect((await ask('GET', 'team/kv/x', undefined, { token })).data).to.deep.equal({ a: 1 });
    expect((await ask('GET', 'kv/x', undefined, { token, ...inTeam })).status).to.equal(200);
    expect((await ask('GET', 'kv/x', undefined, { token })).status).to.equal(403);
    expect((await ask('GET', 'sys/policies/acl/p')).status).to.equal(404);
  });

  it('a policy of the root reaches into a namespace by its path', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/namespaces/team', {});
    await ask('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '1' } }, inTeam);
    await ask('POST', 'kv/x', { a: 1 }, inTeam);
    const token = await tokenWith(ask, 'path "team/kv/*" { capabilities = ["read"] }');
    expect((await ask('GET', 'kv/x', undefined, { token, ...inTeam })).status).to.equal(200);
  });

  it('nest, list by LIST and SCAN, and go away empty of tokens', async () => {
    const { ask } = rig();
    expect((await ask('POST', 'sys/namespaces/a/b', {})).status).to.equal(400);
    await ask('POST', 'sys/namespaces/a', { custom_metadata: { k: 'v' } });
    await ask('POST', 'sys/namespaces/b', {}, { headers: { 'X-Vault-Namespace': 'a' } });
    expect((await ask('LIST', 'sys/namespaces')).data['keys']).to.deep.equal(['a/']);
    expect((await ask('SCAN', 'sys/namespaces')).data['keys']).to.deep.equal(['a/', 'a/b/']);
    expect((await ask('GET', 'sys/namespaces/a')).data).to.deep.include({ path: 'a/', custom_metadata: { k: 'v' } });
    expect((await ask('DELETE', 'sys/namespaces/a')).status).to.equal(400);
    const token = (await ask('POST', 'a/b/auth/token/create', { policies: ['default'] })).auth.client_token;
    await ask('DELETE', 'sys/namespaces/b', undefined, { headers: { 'X-Vault-Namespace': 'a/' } });
    expect((await ask('GET', 'sys/internal/ui/mounts', undefined, { token })).status).to.equal(403);
    expect((await ask('DELETE', 'sys/namespaces/a')).status).to.equal(204);
  });

  it('lease ids work from another namespace, prefixes do not', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/namespaces/team', {});
    await ask('POST', 'sys/mounts/db', { type: 'database' }, inTeam);
    await ask(
      'POST',
      'db/config/pg',
      {
        plugin_name: 'postgresql-database-plugin',
        allowed_roles: ['*'],
        connection_url: 'postgresql://x',
        username: 'u',
        password: 'p',
      },
      inTeam,
    );
    await ask('POST', 'db/roles/app', { db_name: 'pg', creation_statements: ['x'], default_ttl: '20s' }, inTeam);
    const id = (await ask('GET', 'db/creds/app', undefined, inTeam)).lease_id;
    expect(id).to.match(/^db\/creds\/app\/\w{24}\.\w{6}$/);
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: id })).data['ttl']).to.equal(20);
    await ask('PUT', 'sys/leases/revoke-prefix/db');
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: id })).status).to.equal(200);
    await ask('PUT', 'sys/leases/revoke-prefix/db', undefined, inTeam);
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: id })).status).to.equal(400);
  });
});

describe('dev server: identity', () => {
  it('policies of an entity count for all its tokens, and for children that tried to be narrower', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '1' } });
    await ask('POST', 'kv/x', { a: 1 });
    await ask('POST', 'sys/policies/acl/p', { policy: 'path "kv/*" { capabilities = ["read"] }' });
    await ask('POST', 'sys/auth/up', { type: 'userpass' });
    await ask('POST', 'auth/up/users/ann', { password: 'pw' });
    const token = (await ask('POST', 'auth/up/login/ann', { password: 'pw' }, { token: '' })).auth.client_token;
    const { data } = await ask('GET', 'auth/token/lookup-self', undefined, { token });
    expect((await ask('GET', 'kv/x', undefined, { token })).status).to.equal(403);
    await ask('POST', `identity/entity/id/${String(data['entity_id'])}`, { policies: ['p'] });
    expect((await ask('GET', 'kv/x', undefined, { token })).status).to.equal(200);
    const shown = await ask('GET', 'auth/token/lookup-self', undefined, { token });
    expect(shown.data['identity_policies']).to.deep.equal(['p']);
    expect((await ask('LIST', 'identity/entity/id')).data['keys']).to.deep.equal([data['entity_id']]);
  });
});
