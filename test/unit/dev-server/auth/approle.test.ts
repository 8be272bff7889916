import { expect } from 'chai';
import { rig, type Ask, type Rig } from './rig.js';

const DENIED = { status: 400, errors: ['invalid role or secret ID'] };

describe('dev-server/auth/approle', () => {
  let world: Rig;
  let ask: Ask;
  let roleId: string;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    await ask('POST', 'sys/auth/approle', { type: 'approle' });
    await ask('POST', 'auth/approle/role/web', {
      token_policies: ['app'],
      token_ttl: '20m',
      token_max_ttl: '1h',
      secret_id_num_uses: 2,
      secret_id_ttl: '10m',
    });
    roleId = String((await ask('GET', 'auth/approle/role/web/role-id')).data['role_id']);
  });

  const secretId = async (body: object = {}): Promise<string> =>
    String((await ask('POST', 'auth/approle/role/web/secret-id', body)).data['secret_id']);
  const login = (secret: string) =>
    ask('POST', 'auth/approle/login', { role_id: roleId, secret_id: secret }, { token: '' });

  it('gives a token with the policies, TTL and metadata of role and secret id', async () => {
    const answer = await login(await secretId({ metadata: '{"k":"v"}' }));
    expect(answer.status).equal(200);
    expect(answer.auth.policies).deep.equal(['app', 'default']);
    expect(answer.auth.metadata).deep.equal({ k: 'v', role_name: 'web' });
    expect(answer.auth.lease_duration).equal(1200);
  });

  it('ends a secret id with its last use', async () => {
    const secret = await secretId();
    expect((await login(secret)).status).equal(200);
    expect((await login(secret)).status).equal(200);
    expect(await login(secret)).include({ status: 400 });
    expect((await login(secret)).errors).deep.equal(DENIED.errors);
  });

  it('ends a secret id with its time', async () => {
    const secret = await secretId();
    await world.clock.advance(599_000);
    expect((await login(secret)).status).equal(200);
    await world.clock.advance(1_000);
    expect(await login(secret)).deep.include(DENIED);
  });

  it('refuses a destroyed secret id and one of another role', async () => {
    await ask('POST', 'auth/approle/role/other', {});
    const other = String((await ask('POST', 'auth/approle/role/other/secret-id', {})).data['secret_id']);
    expect(await login(other)).deep.include(DENIED);
    const secret = await secretId();
    expect((await ask('POST', 'auth/approle/role/web/secret-id/destroy', { secret_id: secret })).status).equal(204);
    expect(await login(secret)).deep.include(DENIED);
  });

  it('refuses a login from outside the blocks of the secret id, and the use is spent', async () => {
    const secret = await secretId({ cidr_list: ['10.0.0.0/8'], num_uses: 1 });
    const refused = await login(secret);
    expect(refused.status).equal(400);
    expect(refused.errors[0]).contain('source address "127.0.0.1" unauthorized through CIDR restrictions');
    expect(await login(secret)).deep.include(DENIED);
  });

  it('binds the token to the blocks of the secret id', async () => {
    const secret = await secretId({ token_bound_cidrs: ['10.0.0.0/8'] });
    const { auth } = await login(secret);
    expect((await ask('GET', 'auth/token/lookup-self', undefined, { token: auth.client_token })).status).equal(403);
  });

  it('does not issue a secret id beyond the limits of the role', async () => {
    const path = 'auth/approle/role/web/secret-id';
    expect((await ask('POST', path, { num_uses: 3 })).status).equal(400);
    expect((await ask('POST', path, { num_uses: 0 })).status).equal(400);
    expect((await ask('POST', path, { ttl: '11m' })).status).equal(400);
    expect((await ask('POST', path, { metadata: '[1]' })).status).equal(400);
    expect((await ask('POST', path, { cidr_list: ['300.0.0.0/8'] })).status).equal(400);
    expect((await ask('POST', 'auth/approle/role/none/secret-id', {})).status).equal(400);
  });

  it('takes a chosen secret id once', async () => {
    const path = 'auth/approle/role/web/custom-secret-id';
    expect((await ask('POST', path, { secret_id: 'mine' })).data['secret_id']).equal('mine');
    expect((await ask('POST', path, { secret_id: 'mine' })).errors[0]).contain('already registered');
    expect((await login('mine')).status).equal(200);
  });

  it('lists, looks up and destroys by accessor', async () => {
    const issued = await ask('POST', 'auth/approle/role/web/secret-id', {});
    const accessor = issued.data['secret_id_accessor'];
    expect((await ask('LIST', 'auth/approle/role/web/secret-id')).data['keys']).deep.equal([accessor]);
    const body = { secret_id_accessor: accessor };
    const found = await ask('POST', 'auth/approle/role/web/secret-id-accessor/lookup', body);
    expect(found.data).include({ secret_id_num_uses: 2, secret_id_ttl: 600, expiration_time: '2026-01-01T00:10:00Z' });
    await ask('POST', 'auth/approle/role/web/secret-id-accessor/destroy', body);
    expect(await login(String(issued.data['secret_id']))).deep.include(DENIED);
    expect((await ask('POST', 'auth/approle/role/web/secret-id-accessor/lookup', body)).status).equal(404);
  });

  it('carries the accessor of a secret id in the wrapping', async () => {
    const headers = { 'X-Vault-Wrap-TTL': '60' };
    const wrapped = await ask('POST', 'auth/approle/role/web/secret-id', {}, { headers });
    const plain = await ask('POST', 'sys/wrapping/unwrap', undefined, { token: wrapped.wrap_info.token });
    expect(plain.data['secret_id_accessor']).equal(wrapped.wrap_info.wrapped_accessor);
    expect((await login(String(plain.data['secret_id']))).status).equal(200);
  });

  it('needs some bound on a role without secret id', async () => {
    expect((await ask('POST', 'auth/approle/role/open', { bind_secret_id: false })).status).equal(400);
    const bound = { bind_secret_id: false, secret_id_bound_cidrs: ['10.0.0.0/8'] };
    await ask('POST', 'auth/approle/role/open', bound);
    const id = (await ask('GET', 'auth/approle/role/open/role-id')).data['role_id'];
    const refused = await ask('POST', 'auth/approle/login', { role_id: id }, { token: '' });
    expect(refused.errors[0]).contain('unauthorized by CIDR restrictions on the role');
  });

  it('renews by the role as it is now, and not at all once the role is gone (500, the token lives)', async () => {
    const { auth } = await login(await secretId());
    await ask('POST', 'auth/approle/role/web', { token_ttl: '5m' });
    const renewed = await ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token });
    expect(renewed.auth.lease_duration).equal(300);
    await ask('DELETE', 'auth/approle/role/web');
    expect((await ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token })).status).equal(500);
    expect((await ask('GET', 'auth/token/lookup-self', undefined, { token: auth.client_token })).status).equal(200);
  });

  it('reads, writes and resets single fields of a role', async () => {
    await ask('POST', 'auth/approle/role/web/secret-id-num-uses', { secret_id_num_uses: 9 });
    const path = 'auth/approle/role/web/secret-id-num-uses';
    expect((await ask('GET', path)).data).deep.equal({ secret_id_num_uses: 9 });
    await ask('DELETE', path);
    expect((await ask('GET', path)).data).deep.equal({ secret_id_num_uses: 0 });
    await ask('POST', 'auth/approle/role/web/role-id', { role_id: 'chosen' });
    expect((await ask('GET', 'auth/approle/role/web/role-id')).data).deep.equal({ role_id: 'chosen' });
  });
});
