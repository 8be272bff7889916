import { expect } from 'chai';
import { mergePatch, subkeysOf } from '../../../../core/dev-server/secrets/merge-patch.js';
import { goDuration } from '../../../../core/dev-server/secrets/kv2-versions.js';
import { rig, type Ask, type Rig } from '../auth/rig.js';

const MERGE = { headers: { 'Content-Type': 'application/merge-patch+json' } };

describe('dev-server/secrets/kv version 1', () => {
  let ask: Ask;

  beforeEach(async () => {
    ask = rig().ask;
    await ask('POST', 'sys/mounts/one', { type: 'kv', options: { version: '1' } });
  });

  it('keeps one object per path and shows its ttl as lease_duration', async () => {
    await ask('POST', 'one/a', { x: 1 });
    expect(await ask('GET', 'one/a')).deep.include({ data: { x: 1 }, lease_duration: 2_764_800, lease_id: '' });
    await ask('POST', 'one/a', { ttl: '30m' });
    expect((await ask('GET', 'one/a')).lease_duration).equal(1800);
    await ask('POST', 'one/a', { ttl: 'soon' });
    expect((await ask('GET', 'one/a')).lease_duration).equal(2_764_800);
  });

  it('lists folders once and scans everything below', async () => {
    for (const path of ['b', 'a/x', 'a/y/z', 'a']) await ask('POST', `one/${path}`, { v: 1 });
    expect((await ask('LIST', 'one')).data['keys']).deep.equal(['a', 'a/', 'b']);
    expect((await ask('LIST', 'one/a')).data['keys']).deep.equal(['x', 'y/']);
    expect((await ask('SCAN', 'one/')).data['keys']).deep.equal(['a', 'a/x', 'a/y/z', 'b']);
    expect((await ask('LIST', 'one/none')).status).equal(404);
  });

  it('becomes version 2 when the mount is tuned so', async () => {
    await ask('POST', 'sys/mounts/one/tune', { options: { version: '2' } });
    expect((await ask('POST', 'one/data/a', { data: { x: 1 } })).data['version']).equal(1);
  });
});

describe('dev-server/secrets/kv version 2', () => {
  let world: Rig;
  let ask: Ask;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    await ask('POST', 'sys/mounts/two', { type: 'kv', options: { version: '2' } });
  });

  const write = (data: object, options?: object) => ask('POST', 'two/data/a', { data, options });
  const versionOf = async (): Promise<unknown> =>
    ((await ask('GET', 'two/data/a')).data['metadata'] as { version: number }).version;

  it('writes only over the version that was meant', async () => {
    expect((await write({ x: 1 }, { cas: 1 })).status).equal(400);
    expect((await write({ x: 1 }, { cas: 0 })).data['version']).equal(1);
    expect((await write({ x: 2 }, { cas: 0 })).status).equal(400);
    expect((await write({ x: 2 }, { cas: 1 })).data['version']).equal(2);
    expect((await write({ x: 2 }, { cas: 'x' })).errors).deep.equal(['error parsing check-and-set parameter']);
  });

  for (const path of ['two/config', 'two/metadata/a']) {
    it(`asks for check-and-set when ${path} says so`, async () => {
      await ask('POST', path, { cas_required: true });
      expect((await write({ x: 1 })).errors).deep.equal(['check-and-set parameter required for this call']);
      expect((await write({ x: 1 }, { cas: 0 })).status).equal(200);
    });
  }

  it('keeps ten versions, or as many as it is told', async () => {
    for (let i = 1; i <= 12; i += 1) await write({ i });
    expect((await ask('GET', 'two/data/a?version=2')).status).equal(404);
    expect((await ask('GET', 'two/data/a?version=3')).data['data']).deep.equal({ i: 3 });
    await ask('POST', 'two/metadata/a', { max_versions: 2 });
    await write({ i: 13 });
    const { data } = await ask('GET', 'two/metadata/a');
    expect(Object.keys(data['versions'] as object)).deep.equal(['12', '13']);
    expect(data).include({ oldest_version: 12, current_version: 13, max_versions: 2 });
  });

  it('turns a 200 into a 404 by itself with delete_version_after, the shorter of mount and path', async () => {
    await ask('POST', 'two/config', { delete_version_after: '1h' });
    await ask('POST', 'two/metadata/a', { delete_version_after: '10m' });
    const written = await write({ x: 1 });
    expect(written.data['deletion_time']).equal('2026-01-01T00:10:00Z');
    await world.clock.advance(599_999);
    expect((await ask('GET', 'two/data/a')).status).equal(200);
    await world.clock.advance(1);
    const gone = await ask('GET', 'two/data/a');
    expect(gone.status).equal(404);
    expect(gone.data['data']).equal(null);
    await ask('POST', 'two/undelete/a', { versions: [1] });
    expect((await ask('GET', 'two/data/a')).status).equal(200);
  });

  it('never deletes by itself where the path says so', async () => {
    await ask('POST', 'two/config', { delete_version_after: '1s' });
    await ask('POST', 'two/metadata/a', { delete_version_after: '-1s' });
    expect((await write({ x: 1 })).data['deletion_time']).equal('');
  });

  it('deletes, brings back and destroys chosen versions', async () => {
    await write({ x: 1 });
    await write({ x: 2 });
    await ask('POST', 'two/delete/a', { versions: '1' });
    expect((await ask('GET', 'two/data/a?version=1')).status).equal(404);
    expect((await ask('GET', 'two/data/a')).status).equal(200);
    await ask('POST', 'two/destroy/a', { versions: [1, 7] });
    await ask('POST', 'two/undelete/a', { versions: [1] });
    expect((await ask('GET', 'two/data/a?version=1')).status).equal(404);
    expect((await ask('POST', 'two/delete/a', {})).errors).deep.equal(['No version number provided']);
  });

  it('starts at version 1 again after the metadata were deleted', async () => {
    await write({ x: 1 });
    await write({ x: 2 });
    await ask('DELETE', 'two/metadata/a');
    expect((await ask('GET', 'two/metadata/a')).status).equal(404);
    expect((await write({ x: 3 })).data['version']).equal(1);
  });

  it('merges a patch into the current version and refuses to patch what is not there', async () => {
    const patch = (data: object, options?: object) => ask('PATCH', 'two/data/a', { data, options }, MERGE);
    expect((await patch({ y: 1 })).status).equal(404);
    await write({ x: 1, deep: { a: 1, b: 2 } });
    await patch({ x: null, deep: { b: 3 } });
    expect((await ask('GET', 'two/data/a')).data['data']).deep.equal({ deep: { a: 1, b: 3 } });
    expect((await patch({ z: 1 }, { cas: 1 })).status).equal(400);
    await ask('DELETE', 'two/data/a');
    expect((await patch({ z: 1 })).status).equal(404);
    expect(await versionOf()).equal(2);
  });

  it('refuses other kinds of patches', async () => {
    const json = { headers: { 'Content-Type': 'application/json' } };
    expect((await ask('PATCH', 'two/data/a', { data: { x: 1 } }, json)).status).equal(415);
  });

  it('keeps custom metadata, replaces it by a write and merges it by a patch', async () => {
    await write({ x: 1 });
    await ask('POST', 'two/metadata/a', { custom_metadata: { a: '1', b: '2' } });
    await ask('PATCH', 'two/metadata/a', { custom_metadata: { a: null, c: '3' } }, MERGE);
    const { data } = await ask('GET', 'two/metadata/a');
    expect(data['custom_metadata']).deep.equal({ b: '2', c: '3' });
    await ask('POST', 'two/metadata/a', { custom_metadata: { d: '4' } });
    expect((await ask('GET', 'two/metadata/a')).data['custom_metadata']).deep.equal({ d: '4' });
    expect((await ask('POST', 'two/metadata/a', { custom_metadata: { d: 4 } })).status).equal(400);
    expect((await ask('POST', 'two/metadata/a', { custom_metadata: { ['k'.repeat(129)]: 'v' } })).status).equal(400);
  });

  it('shows a stored object untouched by later changes to what was written', async () => {
    const data = { list: [1, 2], text: 'ä"\n' };
    await write(data);
    data.list.push(3);
    expect((await ask('GET', 'two/data/a')).data['data']).deep.equal({ list: [1, 2], text: 'ä"\n' });
  });

  it('tells create from update in the policy check', async () => {
    await ask('PUT', 'sys/policies/acl/c', { policy: 'path "two/data/*" { capabilities = ["create"] }' });
    const { auth } = await ask('POST', 'auth/token/create', { policies: ['c'] });
    const body = { data: { x: 1 } };
    expect((await ask('POST', 'two/data/a', body, { token: auth.client_token })).status).equal(200);
    expect((await ask('POST', 'two/data/a', body, { token: auth.client_token })).status).equal(403);
  });

  it('refuses data that are no object', async () => {
    expect((await ask('POST', 'two/data/a', { data: [1] })).status).equal(400);
    expect((await ask('POST', 'two/data/a', { data: null })).errors).deep.equal(['no data provided']);
  });
});

describe('dev-server/secrets/merge-patch', () => {
  const cases: readonly (readonly [unknown, unknown, unknown])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of cases) {
    it(`RFC 7396: ${JSON.stringify(target)} with ${JSON.stringify(patch)}`, () => {
      expect(mergePatch(target, patch)).deep.equal(result);
    });
  }

  it('shows keys without values, down to a depth', () => {
    const value = { a: 1, b: { c: { d: 2 }, e: [1] }, f: {} };
    expect(subkeysOf(value, 0)).deep.equal({ a: null, b: { c: { d: null }, e: null }, f: null });
    expect(subkeysOf(value, 2)).deep.equal({ a: null, b: { c: null, e: null }, f: null });
  });

  it('writes durations as Go does', () => {
    const texts = [0, 1500, 90_000, 12_319_000, -1000].map(goDuration);
    expect(texts).deep.equal(['0s', '1.5s', '1m30s', '3h25m19s', '-1s']);
  });
});
