// Leases over their lives, with the database engine as the one that issues them.
import { expect } from 'chai';
import { fault } from '../../../../core/dev-server/backend.js';
import { rig, type Ask, type Rig } from '../auth/rig.js';

async function withDatabase(terms: Record<string, unknown> = {}): Promise<Rig> {
  const made = rig();
  await made.ask('POST', 'sys/mounts/db', { type: 'database' });
  await made.ask('POST', 'db/config/pg', {
    plugin_name: 'postgresql-database-plugin',
    allowed_roles: ['*'],
    connection_url: 'postgresql://{{username}}:{{password}}@127.0.0.1/x',
    username: 'u',
    password: 'p',
  });
  const role = { db_name: 'pg', creation_statements: ['x'], default_ttl: '20s', max_ttl: '60s', ...terms };
  await made.ask('POST', 'db/roles/app', role);
  return made;
}

const creds = async (ask: Ask, token = 'root'): Promise<string> => {
  const answer = await ask('GET', 'db/creds/app', undefined, { token });
  expect(answer.errors).to.deep.equal([]);
  return answer.lease_id;
};
const ttlOf = async (ask: Ask, id: string): Promise<unknown> =>
  (await ask('PUT', 'sys/leases/lookup', { lease_id: id })).data['ttl'];
const rootToken = async (ask: Ask, body: Record<string, unknown>): Promise<string> =>
  (await ask('POST', 'auth/token/create', { policies: ['root'], ttl: '10m', ...body })).auth.client_token;

describe('dev server: leases', () => {
  it('expire by the clock', async () => {
    const { ask, clock } = await withDatabase();
    const id = await creds(ask);
    await clock.advance(19_000);
    expect(await ttlOf(ask, id)).to.equal(1);
    await clock.advance(1_000);
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: id })).errors).to.deep.equal(['invalid lease']);
  });

  it('an increment of 0 shortens what was extended before; the maximum counts from the issue', async () => {
    const { ask, clock } = await withDatabase();
    const id = await creds(ask);
    const renew = async (increment: number): Promise<number> =>
      (await ask('PUT', 'sys/leases/renew', { lease_id: id, increment })).lease_duration;
    expect([await renew(40), await renew(0), await renew(600)]).to.deep.equal([40, 20, 60]);
    await clock.advance(55_000);
    expect(await renew(30)).to.equal(5);
  });

  it('a lease that says 3600 s dies with its 10 s token', async () => {
    const { ask, clock } = await withDatabase({ default_ttl: '1h', max_ttl: '2h' });
    const token = await rootToken(ask, { ttl: '10s' });
    const id = await creds(ask, token);
    expect(await ttlOf(ask, id)).to.equal(3600);
    await clock.advance(10_000);
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: id })).status).to.equal(400);
  });

  it('a batch token caps its leases at its own remainder', async () => {
    const { ask, clock } = await withDatabase({ default_ttl: '1h', max_ttl: '2h' });
    const token = await rootToken(ask, { type: 'batch', ttl: '60s' });
    await clock.advance(20_000);
    const answer = await ask('GET', 'db/creds/app', undefined, { token });
    expect([answer.lease_duration, answer.renewable]).to.deep.equal([40, false]);
  });

  it('revoke-orphan ends the own leases and spares those of children', async () => {
    const { ask } = await withDatabase();
    const parent = await rootToken(ask, {});
    const child = (await ask('POST', 'auth/token/create', { policies: ['root'], ttl: '5m' }, { token: parent })).auth
      .client_token;
    const [own, other] = [await creds(ask, parent), await creds(ask, child)];
    await ask('POST', 'auth/token/revoke-orphan', { token: parent });
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: own })).status).to.equal(400);
    expect(await ttlOf(ask, other)).to.equal(20);
  });

  it('D-10 revocation answers 204 however it is written; only sync=false answers 202', async () => {
    const { ask, clock } = await withDatabase();
    const forms: readonly (readonly [string, (id: string) => [string, unknown]])[] = [
      ['by body', (id) => ['sys/leases/revoke', { lease_id: id }]],
      ['by URL', (id) => [`sys/leases/revoke/${id}`, undefined]],
      ['with sync', (id) => ['sys/leases/revoke', { lease_id: id, sync: true }]],
      ['percent-encoded', (id) => [`sys/leases/%72evoke/${encodeURIComponent(id)}`, undefined]],
      ['by prefix', () => ['sys/leases/revoke-prefix/db/creds', undefined]],
      ['by a full id as prefix', (id) => [`sys/leases/revoke-prefix/${id}`, undefined]],
      ['by force', () => ['sys/leases/revoke-force/db', undefined]],
    ];
    for (const [title, form] of forms) {
      const id = await creds(ask);
      const [path, body] = form(id);
      expect((await ask('PUT', path, body)).status, title).to.equal(204);
      expect((await ask('PUT', 'sys/leases/lookup', { lease_id: id })).status, title).to.equal(400);
    }
    const id = await creds(ask);
    expect((await ask('PUT', 'sys/leases/revoke', { lease_id: id, sync: false })).status).to.equal(202);
    expect(await ttlOf(ask, id)).to.equal(0);
    await clock.advance(0);
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: id })).status).to.equal(400);
  });

  it('E-5 prefixes match whole segments', async () => {
    const { ask } = await withDatabase();
    const id = await creds(ask);
    await ask('PUT', 'sys/leases/revoke-prefix/db/cre');
    await ask('PUT', 'sys/leases/revoke-prefix/d');
    expect(await ttlOf(ask, id)).to.equal(20);
  });

  it('an engine that fails: 400 and the lease lives; force drops it; expiry tries again', async () => {
    const { ask, clock, server } = await withDatabase();
    const backend = server.world.namespaces.root.mounts.get('db/')?.backend;
    if (backend === undefined) throw new Error('no mount');
    const working = backend.revoke?.bind(backend);
    backend.revoke = () => {
      throw fault(500, 'down');
    };
    const [stuck, forced] = [await creds(ask), await creds(ask)];
    const failed = await ask('PUT', 'sys/leases/revoke', { lease_id: stuck });
    expect([failed.status, await ttlOf(ask, stuck)]).to.deep.equal([400, 20]);
    expect((await ask('PUT', `sys/leases/revoke-force/${forced}`)).status).to.equal(204);
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: forced })).status).to.equal(400);
    await clock.advance(25_000);
    expect(await ttlOf(ask, stuck)).to.be.below(1);
    expect((await ask('PUT', 'sys/leases/renew', { lease_id: stuck })).errors).to.deep.equal(['lease expired']);
    if (working !== undefined) backend.revoke = working;
    await clock.advance(10_000);
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: stuck })).status).to.equal(400);
  });

  it('unmounting ends the leases of the engine', async () => {
    const { ask } = await withDatabase();
    const id = await creds(ask);
    expect((await ask('DELETE', 'sys/mounts/db')).status).to.equal(204);
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: id })).status).to.equal(400);
  });

  it('a stranger under `default` may renew a lease by id, not revoke it', async () => {
    const { ask } = await withDatabase();
    const id = await creds(ask);
    const token = (await ask('POST', 'auth/token/create', { policies: ['default'] })).auth.client_token;
    expect((await ask('PUT', 'sys/leases/renew', { lease_id: id }, { token })).status).to.equal(200);
    expect((await ask('PUT', 'sys/leases/revoke', { lease_id: id }, { token })).status).to.equal(403);
  });

  it('a token with one use left gets no leased credentials', async () => {
    const { ask } = await withDatabase();
    const token = await rootToken(ask, { num_uses: 1 });
    expect((await ask('GET', 'db/creds/app', undefined, { token })).status).to.equal(500);
    expect((await ask('LIST', 'sys/leases/lookup/db/creds/app')).status).to.equal(404);
  });

  it('a token revoked while its request runs: 200, and a doomed lease', async () => {
    const { ask, server, clock } = await withDatabase();
    const token = await rootToken(ask, {});
    const backend = server.world.namespaces.root.mounts.get('db/')?.backend;
    if (backend === undefined) throw new Error('no mount');
    const handle = backend.handle.bind(backend);
    backend.handle = async (request) => {
      await ask('POST', 'auth/token/revoke', { token });
      return handle(request);
    };
    const answer = await ask('GET', 'db/creds/app', undefined, { token });
    expect(answer.status).to.equal(200);
    expect(await ttlOf(ask, answer.lease_id)).to.equal(0);
    await clock.advance(0);
    expect((await ask('PUT', 'sys/leases/lookup', { lease_id: answer.lease_id })).status).to.equal(400);
  });
});
