import { expect } from 'chai';
import { decodeEntry, encodeEntry, EntryDecoder } from '../../../../core/cache/journal/entry-codec.js';
import type { EntryRecord, RecordParent } from '../../../../core/cache/record.js';

export const record = (own: Partial<EntryRecord> = {}): EntryRecord => ({
  id: 'entry-1',
  kind: 'lease',
  namespace: 'ns1/',
  path: '/v1/database/creds/röle',
  home: { namespace: 'ns1/', path: 'database/creds/röle' },
  lease: 'database/creds/x/abc',
  token: '',
  accessor: '',
  parent: { on: 'identity', identity: 'default', token: 'hvs.t' },
  keys: ['k1', 'k2'],
  expiresAt: 1_800_000_000_000,
  priorMs: 60_000,
  graceMs: 5_000,
  renewable: true,
  incrementSeconds: 0,
  renewals: 3,
  storedAt: 1_799_999_999_000,
  status: 200,
  head: ['Content-Type', 'application/json'],
  body: Buffer.from('{"lease_duration":3600,"x":"\u0000ÿ"}'),
  digitsAt: 18,
  digitsEnd: 22,
  ...own,
});
const plain = (value: EntryRecord | undefined): unknown =>
  value && { ...value, body: Buffer.from(value.body).toString('latin1') };

const framed = (common: string, own: string): Buffer =>
  Buffer.from(
    `\u0002\0\0\0${String.fromCharCode(common.length)}\0\0\0${String.fromCharCode(own.length)}${common}${own}`,
  );

describe('cache/journal/entry-codec', () => {
  const parents: [string, RecordParent][] = [
    ['no parent', undefined],
    ['an entry as parent', { on: 'entry', id: 'entry-0' }],
    ['an identity as parent', { on: 'identity', identity: 'a', token: 't' }],
  ];
  for (const [name, parent] of parents) {
    it(`brings a record with ${name} back as it was`, () => {
      const given = record({ parent });
      const read = decodeEntry(encodeEntry(given));
      expect({ ...read, body: '' }).to.deep.equal({ ...given, body: '' });
      expect(plain(read)).to.deep.equal(plain(given));
    });
  }

  it('keeps bodies as bytes: empty ones, and ones that are no text', () => {
    for (const body of [new Uint8Array(0), Uint8Array.from({ length: 256 }, (_, n) => n)]) {
      const read = decodeEntry(encodeEntry(record({ body, digitsAt: 0, digitsEnd: 0 })));
      expect(Buffer.from(read!.body)).to.deep.equal(Buffer.from(body));
    }
  });

  it('reads from bytes that stand in the middle of a larger buffer', () => {
    const bytes = encodeEntry(record());
    const larger = Buffer.concat([Buffer.alloc(13, 0xff), bytes, Buffer.alloc(7, 0xff)]);
    expect(plain(decodeEntry(larger.subarray(13, 13 + bytes.length)))).to.deep.equal(plain(decodeEntry(bytes)));
  });

  it('is total: cut at any byte, or with any bit flipped, it is a sound record or nothing', () => {
    const bytes = encodeEntry(record());
    for (let at = 0; at < bytes.length; at++) {
      const bent = Buffer.from(bytes);
      bent[at]! ^= 1 << (at % 8);
      for (const odd of [bent, bytes.subarray(0, at)]) {
        const read = decodeEntry(odd);
        if (read === undefined) continue;
        expect(read.digitsEnd).to.be.at.most(read.body.length);
        expect(read.id).to.be.a('string').and.not.equal('');
        expect(encodeEntry(read)).to.be.instanceOf(Uint8Array);
      }
    }
  });

  const unsound: [string, object][] = [
    ['no id', { id: '' }],
    ['an id that is no text', { id: 7 }],
    ['an unknown kind', { kind: 'identity' }],
    ['keys that are no texts', { keys: ['a', 1] }],
    ['half a header', { head: ['a'] }],
    ['a time that is no number', { expiresAt: null }],
    ['digits beyond the body', { digitsEnd: 9_999 }],
    ['digits the wrong way round', { digitsAt: 9, digitsEnd: 3 }],
    ['digits before the body', { digitsAt: -1 }],
    ['a status out of range', { status: 9 }],
    ['an odd parent', { parent: { on: 'elsewhere' } }],
    ['a parent without an id', { parent: { on: 'entry' } }],
    ['no home', { home: 'x' }],
    ['renewable as text', { renewable: 'yes' }],
  ];
  for (const [name, own] of unsound) {
    it(`refuses ${name}`, () => {
      expect(decodeEntry(encodeEntry(record(own)))).to.equal(undefined);
    });
  }

  it('decodes many with one common part, their bodies in memory that may be kept', () => {
    const decoder = new EntryDecoder();
    const [first, second] = ['1', '2'].map((id) => Buffer.from(encodeEntry(record({ id, lease: `lease ${id}` }))));
    const [one, two] = [decoder.decode(first!)!, decoder.decode(second!)!];
    first!.fill(0);
    expect(plain(one)).to.deep.equal(plain(record({ id: '1', lease: 'lease 1' })));
    expect(plain(two)).to.deep.equal(plain(record({ id: '2', lease: 'lease 2' })));
    expect(one.head).to.equal(two.head);
    expect(decoder.decode(Buffer.from(encodeEntry(record({ status: 9 }))))).to.equal(undefined);
    expect(decoder.decode(Buffer.from(encodeEntry(record({ status: 9 }))))).to.equal(undefined);
  });

  it('refuses another version, and parts that are no arrays', () => {
    const bytes = Buffer.from(encodeEntry(record()));
    bytes[0] = 1;
    expect(decodeEntry(bytes)).to.equal(undefined);
    for (const head of ['null', '[]', '7', '"x"', ''])
      for (const parts of [
        [head, '[]'],
        ['["lease","","","","",true,0,200,[]]', head],
      ])
        expect(decodeEntry(framed(parts[0]!, parts[1]!))).to.equal(undefined);
  });
});
