import { expect } from 'chai';
import { batchesOf, lostBy, MOST_PATHS } from '../../../../core/cache/static/capabilities.js';
import { decodeSlot, encodeSlot, type SlotRecord } from '../../../../core/cache/static/codec.js';
import { compareFacts, factsOf, type Facts } from '../../../../core/cache/static/facts.js';
import { writtenBy } from '../../../../core/cache/static/family.js';
import { lifespanOf } from '../../../../core/cache/static/lifespan.js';
import { nameOf, type StaticName } from '../../../../core/cache/static/name.js';
import { firstFit } from '../../../../core/cache/static/path-glob.js';
import { meansAnswer } from '../../../../core/cache/static/scope.js';
import { Slot, type Content } from '../../../../core/cache/static/slot.js';
import { tokenFactsOf } from '../../../../core/cache/static/token-facts.js';
import { kv1, kv2 } from './fixture.js';

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const slot = (path: string, namespace = '', method = 'GET'): Slot =>
  new Slot(nameOf({ method, path: `/v1/${path}`, query: '', namespace }) as StaticName, {} as Content);

describe('facts of KV answers', () => {
  for (const [answer, why] of [
    ['', 'no-envelope'],
    ['[]', 'no-envelope'],
    ['{"errors":[]}', 'no-envelope'],
    [kv1({}, { wrap_info: { token: 'x' } }), 'wrapped'],
    [kv1({}, { auth: { client_token: 'x' } }), 'auth'],
    [kv1({}, { lease_id: 'db/creds/a/1' }), 'leased'],
    [kv1({}, { renewable: true }), 'leased'],
    [kv1({}, { mount_type: 'database' }), 'not-kv'],
    [kv1({}, { mount_type: '' }), 'not-kv'],
    [kv1({}, { data: null }), 'no-data'],
    [kv1({}, { data: ['a'] }), 'no-data'],
    [kv2(1, undefined, { destroyed: true }), 'deleted'],
  ] as const) {
    it(`${JSON.stringify(answer).slice(0, 70)} is none: ${why} (R-10)`, () => {
      expect(factsOf(bytes(answer))).to.equal(why);
    });
  }

  it('read version, creation and deletion of KV 2', () => {
    expect(factsOf(bytes(kv2(3, '2026-01-01T00:00:00.5Z', { deletion_time: '2026-01-01T00:10:00Z' })))).to.deep.equal({
      kv: true,
      version: 3,
      created: '2026-01-01T00:00:00.500000000',
      deletionAt: Date.UTC(2026, 0, 1, 0, 10),
    });
  });

  it('leave it open where the server does not name the engine', () => {
    const { kv } = factsOf(bytes(kv1({ a: 1 }, { mount_type: undefined }))) as Facts;
    expect(kv).to.equal(false);
  });

  it('do not take a KV 1 member named metadata for a version', () => {
    expect((factsOf(bytes(kv1({ metadata: { version: 7, created_time: 'x' } }))) as Facts).version).to.equal(0);
  });

  it('compare by creation, then version: version 1 after a deletion is newer than version 7 before it (R-10)', () => {
    const at = (version: number, created: string): Facts => factsOf(bytes(kv2(version, created))) as Facts;
    const old = at(7, '2026-01-01T00:00:00.9Z');
    expect(compareFacts(at(1, '2026-01-01T00:00:00.95Z'), old)).to.be.above(0);
    expect(compareFacts(at(8, '2026-01-01T00:00:00.9Z'), old)).to.be.above(0);
    expect(compareFacts(at(6, '2026-01-01T00:00:00.1Z'), old)).to.be.below(0);
    expect(compareFacts(old, old)).to.equal(0);
    expect(compareFacts(at(9, 'odd'), old)).to.equal(0);
  });
});

describe('lifespans of static answers', () => {
  const given = { sentAt: 1000, ttlMs: 100, deletionAt: 0, staleWhileRevalidateMs: 10, staleIfErrorMs: 50 };
  it('end with the time to live and its extensions', () => {
    expect(lifespanOf(given)).to.deep.equal({ freshUntil: 1100, staleUntil: 1110, rescueUntil: 1150 });
  });
  it('never reach beyond the deletion of the version (R-10)', () => {
    expect(lifespanOf({ ...given, deletionAt: 1105 })).to.deep.equal({
      freshUntil: 1100,
      staleUntil: 1105,
      rescueUntil: 1105,
    });
    expect(lifespanOf({ ...given, deletionAt: 1050 })).to.deep.equal({
      freshUntil: 1050,
      staleUntil: 1050,
      rescueUntil: 1050,
    });
  });
});

describe('what a write changes', () => {
  const means = (written: string, operation: 'read' | 'list', absolute: string): boolean =>
    meansAnswer(writtenBy(written), { operation, absolute });
  for (const endpoint of ['data', 'metadata', 'delete', 'undelete', 'destroy']) {
    it(`${endpoint}: all endpoints of the secret and the lists above it (D-67, D-69)`, () => {
      const written = `team/kv/${endpoint}/app/db`;
      for (const read of ['data', 'metadata', 'subkeys']) {
        expect(means(written, 'read', `team/kv/${read}/app/db`)).to.equal(true);
        expect(means(written, 'read', `team/kv/${read}/app/other`)).to.equal(false);
        expect(means(written, 'read', `team/kv/${read}/app`)).to.equal(false);
      }
      for (const list of ['team/kv/metadata/app', 'team/kv/metadata', 'team/kv/detailed-metadata/app']) {
        expect(means(written, 'list', list)).to.equal(true);
      }
      expect(means(written, 'list', 'team/kv/metadata/other')).to.equal(false);
    });
  }
  it('KV 1: the path and the lists above it', () => {
    expect(means('old/app/db', 'read', 'old/app/db')).to.equal(true);
    expect(means('old/app/db', 'list', 'old/app')).to.equal(true);
    expect(means('old/app/db', 'list', 'old')).to.equal(true);
    expect(means('old/app/db', 'read', 'old/app')).to.equal(false);
  });
  it('a secret whose own path has such words is found whichever of them is the endpoint', () => {
    expect(means('kv/data/a/data/b', 'read', 'kv/metadata/a/data/b')).to.equal(true);
    expect(means('data/kv/data/b', 'read', 'data/kv/subkeys/b')).to.equal(true);
  });
  it('the configuration of a mount means the mount, and hostile paths mean all below', () => {
    expect(means('kv/config', 'read', 'kv/data/a')).to.equal(true);
    expect(means(`kv/${'data/'.repeat(200)}x`, 'read', 'kv/data/b')).to.equal(true);
    expect(means(`kv/data/${'a'.repeat(5000)}`, 'read', 'kv/data/b')).to.equal(true);
    expect(means('kv2/config', 'read', 'kv/data/a')).to.equal(false);
  });
});

describe('globs of paths', () => {
  for (const [glob, path, fits] of [
    ['secret/data/a', 'secret/data/a', true],
    ['secret/data/a', 'secret/data/a/b', false],
    ['secret/data/*', 'secret/data/a/b', true],
    ['secret/data*', 'secret/data', true],
    ['secret/+/a', 'secret/data/a', true],
    ['secret/+/a', 'secret/data/x/a', false],
    ['secret/+/a*', 'secret/data/abc/d', true],
    ['secret/+/a*', 'secret/data', false],
    ['/secret/data/a', 'secret/data/a', true],
    ['*', 'anything/at/all', true],
    ['secret/d*ta/a', 'secret/data/a', false],
  ] as const) {
    it(`${glob} ${fits ? 'fits' : 'does not fit'} ${path}`, () => {
      expect(firstFit([{ glob }], { path, absolute: path }) !== undefined).to.equal(fits);
    });
  }
  it('the first that fits decides, with or without the namespace', () => {
    const rules = [{ glob: 'ns1/secret/*' }, { glob: 'secret/data/+' }, { glob: '*' }];
    const fit = (path: string, absolute: string): string | undefined => firstFit(rules, { path, absolute })?.glob;
    expect(fit('secret/data/a', 'ns1/secret/data/a')).to.equal('ns1/secret/*');
    expect(fit('secret/data/a', 'ns2/secret/data/a')).to.equal('secret/data/+');
    expect(fit('x', 'x')).to.equal('*');
  });
});

describe('questions about capabilities', () => {
  it('hold at most 256 decoded paths, each once (R-10)', () => {
    const slots = Array.from({ length: 600 }, (_, n) => slot(`kv/data/a%20${n}`));
    const batches = batchesOf([...slots, ...slots], '');
    expect(batches.map(({ paths }) => paths.size)).to.deep.equal([MOST_PATHS, MOST_PATHS, 88]);
    expect([...batches[0]!.paths.keys()][0]).to.equal('kv/data/a 0');
  });

  it("are asked in the token's own namespace where the paths lie below it, lists with their slash", () => {
    const inside = batchesOf([slot('kv/data/a', 'ns1/'), slot('kv/metadata/a', 'ns1/', 'LIST')], '');
    expect(inside.map(({ namespace, paths }) => [namespace, [...paths.keys()]])).to.deep.equal([
      ['', ['ns1/kv/data/a', 'ns1/kv/metadata/a/']],
    ]);
    const outside = batchesOf([slot('kv/data/a', 'ns2/')], 'ns1/');
    expect(outside.map(({ namespace, paths }) => [namespace, [...paths.keys()]])).to.deep.equal([
      ['ns2/', ['kv/data/a']],
    ]);
  });

  it('keep a read for `read` and `root`, a list for `list`; what is not answered is lost (S-11)', () => {
    const [batch] = batchesOf([slot('kv/a'), slot('kv/b'), slot('kv/c'), slot('kv/d'), slot('kv/e', '', 'LIST')], '');
    const body = { data: { 'kv/a': ['read'], 'kv/b': ['deny'], 'kv/c': ['root'], 'kv/e/': ['read'] } };
    expect(lostBy(batch!, body).map(({ name }) => name.key)).to.deep.equal(['r0:kv/b', 'r0:kv/d', 'l:kv/e']);
    expect(lostBy(batch!, 'odd').length).to.equal(5);
    expect(lostBy(batch!, { 'kv/a': ['update', 'read'] }).length).to.equal(4);
  });
});

describe('facts of tokens', () => {
  for (const [data, wanted] of [
    [{ num_uses: 0, ttl: 60, expire_time: 'x', orphan: true, accessor: 'a' }, [false, 60_000]],
    [{ num_uses: 3, ttl: 60, expire_time: 'x' }, [true, 60_000]],
    [{ ttl: 60, expire_time: 'x' }, [true, 60_000]],
    [{ num_uses: 0, ttl: 0, expire_time: null }, [false, 0]],
    [{ num_uses: 0, ttl: 0, expire_time: '2026-01-01T00:00:00Z' }, undefined],
    [{ num_uses: 0, ttl: -3, expire_time: '2026-01-01T00:00:00Z' }, undefined],
  ] as const) {
    it(`${JSON.stringify(data)}: ${wanted === undefined ? 'no proof of life (R-8)' : `limited ${wanted[0]}`}`, () => {
      const facts = tokenFactsOf({ data });
      expect(facts && [facts.limited, facts.ttlMs]).to.deep.equal(wanted);
    });
  }
});

describe('records of static answers', () => {
  const record: SlotRecord = {
    namespace: 'ns1/',
    path: '/v1/secret/data/a',
    query: 'version=2',
    storedAt: 1,
    status: 200,
    head: ['Content-Type', 'application/json'],
    ttlMs: 2,
    kv: true,
    version: 3,
    created: 'c',
    deletionAt: 0,
    readers: ['digest'],
    body: Buffer.from('{"a":1}'),
  };
  it('come back as they went in', () => {
    const found = decodeSlot(encodeSlot(record))!;
    expect({ ...found, body: Buffer.from(found.body).toString() }).to.deep.equal({ ...record, body: '{"a":1}' });
  });
  it('cut anywhere in the head, or of another version, are none', () => {
    const whole = encodeSlot(record);
    const head = whole.length - record.body.length;
    for (let length = 0; length < head; length++) expect(decodeSlot(whole.subarray(0, length))).to.equal(undefined);
    for (let at = 0; at < head; at++) {
      const broken = Buffer.from(whole);
      broken[at]! ^= 0x80;
      expect(() => decodeSlot(broken)).not.to.throw();
    }
    const other = Buffer.from(whole);
    other[0] = 2;
    expect(decodeSlot(other)).to.equal(undefined);
  });
  it('with members of another type are none', () => {
    for (const wrong of [{ ttlMs: 'x' }, { kv: 1 }, { head: [1] }, { readers: 'x' }, { path: null }]) {
      expect(decodeSlot(encodeSlot({ ...record, ...wrong } as unknown as SlotRecord))).to.equal(undefined);
    }
  });
});
