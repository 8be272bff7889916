import { expect } from 'chai';
import { rig, type Ask, type Rig } from '../auth/rig.js';

describe('dev-server/secrets/database', () => {
  let world: Rig;
  let ask: Ask;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    await ask('POST', 'sys/mounts/db', { type: 'database' });
    await ask('POST', 'db/config/pg', { plugin_name: 'postgresql-database-plugin', allowed_roles: 'app,x-*' });
    await ask('POST', 'db/roles/app', { db_name: 'pg', default_ttl: '20s', max_ttl: '60s' });
  });

  const alive = async (user: unknown): Promise<unknown> =>
    (await ask('GET', `db/dev/users/${String(user)}`, undefined, { token: '' })).data['alive'];

  it('leases a user that dies with its lease, at the latest at max_ttl', async () => {
    const { lease_id, data, ...answer } = await ask('GET', 'db/creds/app');
    expect(answer).include({ lease_duration: 20, renewable: true });
    expect(data['username']).match(/^v-root-app-[A-Za-z0-9]{20}-1767225600$/);
    for (const wait of [15, 15, 15, 14]) {
      await world.clock.advance(wait * 1000);
      expect((await ask('PUT', 'sys/leases/renew', { lease_id })).status).equal(200);
    }
    expect(await alive(data['username'])).equal(true);
    await world.clock.advance(1000);
    expect(await alive(data['username'])).equal(false);
    expect((await ask('PUT', 'sys/leases/renew', { lease_id })).status).equal(400);
  });

  it('deletes the user when the lease or its token is revoked', async () => {
    const first = await ask('GET', 'db/creds/app');
    await ask('PUT', 'sys/leases/revoke', { lease_id: first.lease_id });
    expect(await alive(first.data['username'])).equal(false);
    const { auth } = await ask('POST', 'auth/token/create', { policies: ['root'], ttl: '10s' });
    const second = await ask('GET', 'db/creds/app', undefined, { token: auth.client_token });
    expect(await alive(second.data['username'])).equal(true);
    await ask('POST', 'auth/token/revoke', { token: auth.client_token });
    expect(await alive(second.data['username'])).equal(false);
  });

  it('does not renew once the role is gone', async () => {
    const { lease_id } = await ask('GET', 'db/creds/app');
    await ask('DELETE', 'db/roles/app');
    expect((await ask('PUT', 'sys/leases/renew', { lease_id })).errors[0]).contain('could not find role');
  });

  it('holds roles to the connection', async () => {
    await ask('POST', 'db/roles/other', { db_name: 'pg' });
    await ask('POST', 'db/roles/x-1', { db_name: 'pg' });
    await ask('POST', 'db/roles/lost', { db_name: 'none' });
    expect((await ask('GET', 'db/creds/other')).errors).deep.equal(['"other" is not an allowed role']);
    expect((await ask('GET', 'db/creds/x-1')).status).equal(200);
    expect((await ask('GET', 'db/creds/lost')).status).equal(500);
    expect((await ask('POST', 'db/config/bad', {})).status).equal(400);
    expect((await ask('POST', 'db/rotate-root/pg', {})).status).equal(204);
  });

  it('shows a connection without its password', async () => {
    await ask('POST', 'db/config/pg', { password: 'hidden', username: 'u' });
    const { data } = await ask('GET', 'db/config/pg');
    expect(JSON.stringify(data)).contain('"username":"u"').and.not.contain('hidden');
    expect(data['allowed_roles']).deep.equal(['app', 'x-*']);
  });

  it('turns the password of a static role every period, and when asked', async () => {
    await ask('POST', 'db/static-roles/fix', { db_name: 'pg', username: 'fixed', rotation_period: '1h' });
    const read = async () => (await ask('GET', 'db/static-creds/fix')).data;
    const first = await read();
    await world.clock.advance(3_599_000);
    expect(await read()).include({ password: first['password'], ttl: 1 });
    await world.clock.advance(1_000);
    const second = await read();
    expect(second).include({ ttl: 3600, last_vault_rotation: '2026-01-01T01:00:00Z' });
    expect(second['password']).not.equal(first['password']);
    await ask('POST', 'db/rotate-role/fix', {});
    expect((await read())['password']).not.equal(second['password']);
  });
});
