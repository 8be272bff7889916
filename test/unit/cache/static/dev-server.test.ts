import { expect } from 'chai';
import { MINUTE, ServerRig } from './fixture.js';

const A = '/v1/secret/data/a';

describe('static secrets of a real server (OpenBao answers, which do not name their engine)', () => {
  let rig: ServerRig;
  let token: string;
  const setUp = async (...args: ConstructorParameters<typeof ServerRig>): Promise<void> => {
    rig = new ServerRig(...args);
    await rig.prepare();
    await rig.admin('POST', 'secret/data/a', { data: { k: 'one' } });
    await rig.admin('POST', 'old/a', { k: 'one' });
    token = await rig.token();
  };
  beforeEach(() => setUp());
  afterEach(() => rig.close());
  const get = async (target: string, as = token): Promise<string> =>
    (await rig.ask('GET', target, { token: as })).label;
  const warm = async (target: string, as = token): Promise<void> => {
    await get(target, as);
    await get(target, as);
  };
  const value = async (target: string): Promise<unknown> => {
    const { body } = await rig.ask('GET', target, { token });
    const { data } = body as { data: { data?: { k: unknown }; k?: unknown } };
    return data.data?.k ?? data.k;
  };

  it('reads of KV 1 and KV 2 and lists become hits', async () => {
    for (const target of [
      A,
      `${A}?version=1`,
      '/v1/old/a',
      '/v1/secret/metadata/a',
      '/v1/secret/metadata/?list=true',
    ]) {
      await warm(target);
      expect(await get(target), target).to.equal('HIT');
    }
  });

  it('leases and other engines never do (R-10)', async () => {
    await rig.admin('POST', 'sys/mounts/cub', { type: 'transit' });
    await rig.admin('POST', 'cub/keys/k', {});
    await warm('/v1/cub/keys/k', 'hvs.root');
    expect(await get('/v1/cub/keys/k', 'hvs.root')).to.equal('MISS');
    expect(rig.cache.size).to.equal(0);
  });

  it('a write through the agent is seen at once, at all endpoints (D-67, D-69)', async () => {
    for (const target of [A, '/v1/secret/metadata/a', '/v1/secret/subkeys/a']) await warm(target);
    await rig.ask('POST', A, { body: '{"data":{"k":"two"}}' });
    expect(await get('/v1/secret/metadata/a')).to.equal('MISS');
    expect(await value(A)).to.equal('two');
    expect(await get('/v1/secret/subkeys/a')).to.equal('MISS');
    await rig.ask('DELETE', '/v1/secret/metadata/a');
    expect((await rig.ask('GET', A, { token })).status).to.equal(404);
  });

  it('a new secret appears in the list at once (D-40)', async () => {
    const list = '/v1/secret/metadata/?list=true';
    await warm(list);
    await rig.ask('POST', '/v1/secret/data/b', { body: '{"data":{"k":"b"}}' });
    const { label, body } = await rig.ask('GET', list, { token });
    expect([label, (body as { data: unknown }).data]).to.deep.equal(['MISS', { keys: ['a', 'b'] }]);
  });

  it('a refused write keeps the answer', async () => {
    await warm(A);
    expect((await rig.ask('POST', A, { token, body: '{"data":{"k":"two"}}' })).status).to.equal(403);
    expect(await get(A)).to.equal('HIT');
  });

  it('a stranger is refused though the answer is held', async () => {
    await warm(A);
    const stranger = await rig.token({ policies: ['default'] });
    expect((await rig.ask('GET', A, { token: stranger })).status).to.equal(403);
    expect((await rig.ask('GET', A, { token: stranger })).status).to.equal(403);
  });

  it('a token with limited uses spends them at the server, and one for its lookup (R-10)', async () => {
    const limited = await rig.token({ num_uses: 4 });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) statuses.push((await rig.ask('GET', A, { token: limited })).status);
    expect(statuses).to.deep.equal([200, 200, 200, 403]);
    expect(rig.upstream.filter((line) => line.endsWith('lookup-self')).length).to.equal(1);
  });

  it('a policy that was taken away elsewhere bites within one interval (S-13)', async () => {
    await rig.close();
    await setUp({ ttlMs: 60 * MINUTE });
    await warm(A);
    await rig.admin('PUT', 'sys/policies/acl/reader', { policy: 'path "other/*" { capabilities = ["read"] }' });
    expect(await get(A)).to.equal('HIT');
    await rig.clock.advance(5 * MINUTE);
    expect((await rig.ask('GET', A, { token })).status).to.equal(403);
  });

  it('a token revoked through the agent is refused at once', async () => {
    await warm(A);
    await rig.ask('POST', '/v1/auth/token/revoke-self', { token });
    expect((await rig.ask('GET', A, { token })).status).to.equal(403);
  });

  it('a secret that deletes itself is not served past that (R-10)', async () => {
    await rig.admin('POST', 'secret/metadata/brief', { delete_version_after: '60s' });
    await rig.admin('POST', 'secret/data/brief', { data: { k: 1 } });
    await warm('/v1/secret/data/brief');
    await rig.clock.advance(59_999);
    expect(await get('/v1/secret/data/brief')).to.equal('HIT');
    await rig.clock.advance(1);
    expect((await rig.ask('GET', '/v1/secret/data/brief', { token })).status).to.equal(404);
    expect((await rig.ask('GET', '/v1/secret/data/brief', { token })).label).to.equal('MISS');
  });

  it('a change elsewhere is seen after the time to live, or by polling sooner (D-68)', async () => {
    await rig.close();
    await setUp({ ttlMs: 60 * MINUTE, versionPollMs: MINUTE });
    await warm(A);
    expect(await get(A)).to.equal('HIT');
    await rig.admin('POST', 'secret/data/a', { data: { k: 'two' } });
    expect(await value(A)).to.equal('one');
    await rig.clock.advance(MINUTE);
    expect([await get(A), await value(A)]).to.deep.equal(['HIT', 'two']);
  });

  it('an outage is bridged by stale_if_error and ends (R-10)', async () => {
    await rig.close();
    await setUp({ ttlMs: MINUTE, staleIfErrorMs: 10 * MINUTE });
    await warm(A);
    rig.down = true;
    await rig.clock.advance(2 * MINUTE);
    expect(await get(A)).to.equal('RESCUE');
    await rig.clock.advance(10 * MINUTE);
    expect((await rig.ask('GET', A, { token })).status).to.equal(502);
  });

  it('an unmounted engine leaves nothing behind (R-11)', async () => {
    await warm(A);
    await warm('/v1/old/a');
    await rig.ask('DELETE', '/v1/sys/mounts/secret');
    expect([(await rig.ask('GET', A, { token })).status, await get('/v1/old/a')]).to.deep.equal([404, 'HIT']);
  });
});
