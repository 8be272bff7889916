import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { createSealer, keyIdOf, type StoreKeys } from '../../../../core/cache/keys/sealer.js';

const key = randomBytes(32);
const keys = (own: Partial<StoreKeys> = {}): StoreKeys => ({
  store: 'store-a',
  generation: 3,
  keys: new Map([[1, key]]),
  current: 1,
  ...own,
});
const plain = Buffer.from('{"token":"hvs.PLANTED-TOKEN"}');
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(String((error as Error).message)).not.to.contain('PLANTED');
    return (error as { code: string }).code;
  }
  return 'none';
};

describe('cache/keys/sealer', () => {
  it('what it seals another sealer with the same keys opens', () => {
    const frame = createSealer(keys()).seal('e/1', plain);
    expect(Buffer.from(createSealer(keys()).open('e/1', frame))).to.deep.equal(plain);
    expect(createSealer(keys()).open('e/2', createSealer(keys()).seal('e/2', new Uint8Array(0)))).to.have.length(0);
  });

  it('D-17: no plaintext is in a frame', () => {
    expect(Buffer.from(createSealer(keys()).seal('e/1', plain)).includes('PLANTED')).to.equal(false);
  });

  it('a flipped bit in any byte is refused, and so is a frame cut at any byte', () => {
    const frame = createSealer(keys()).seal('e/1', plain);
    const reader = createSealer(keys());
    for (let at = 0; at < frame.length; at++) {
      const bent = Buffer.from(frame);
      bent[at]! ^= 1 << (at % 8);
      expect(
        codeOf(() => reader.open('e/1', bent)),
        `bit of byte ${at}`,
      ).to.equal('CACHE_UNSEAL_FAILED');
      expect(
        codeOf(() => reader.open('e/1', frame.subarray(0, at))),
        `cut at ${at}`,
      ).to.equal('CACHE_UNSEAL_FAILED');
    }
  });

  const refused: [string, StoreKeys, string][] = [
    ['another record', keys(), 'e/2'],
    ['another store', keys({ store: 'store-b' }), 'e/1'],
    ['another generation', keys({ generation: 4 }), 'e/1'],
    ['another key', keys({ keys: new Map([[1, randomBytes(32)]]) }), 'e/1'],
    ['a key that is gone', keys({ keys: new Map([[2, key]]), current: 2 }), 'e/1'],
  ];
  for (const [name, other, record] of refused) {
    it(`R-15: a frame does not open for ${name}`, () => {
      const frame = createSealer(keys()).seal('e/1', plain);
      expect(codeOf(() => createSealer(other).open(record, frame))).to.equal('CACHE_UNSEAL_FAILED');
    });
  }

  it('R-15: every writer has an id and nonces of its own, and no nonce comes twice', () => {
    const [one, two] = [createSealer(keys()), createSealer(keys())];
    const seen = new Set<string>();
    for (let n = 0; n < 500; n++)
      for (const sealer of [one, two]) seen.add(Buffer.from(sealer.seal('e/1', plain)).toString('hex', 9, 37));
    expect(seen.size).to.equal(1000);
    expect(new Set([...seen].map((text) => text.slice(0, 32))).size).to.equal(2);
  });

  it('frames of an older data key open while it is there, and tell their key', () => {
    const frame = createSealer(keys()).seal('e/1', plain);
    const both = keys({ keys: new Map([[1, key], [2, randomBytes(32)]]), current: 2 }); // prettier-ignore
    expect(Buffer.from(createSealer(both).open('e/1', frame))).to.deep.equal(plain);
    expect(keyIdOf(frame)).to.equal(1);
    expect(keyIdOf(createSealer(both).seal('e/1', plain))).to.equal(2);
    expect(keyIdOf(Buffer.from('no frame'))).to.equal(undefined);
  });

  it('opens frames of very many writers', () => {
    const reader = createSealer(keys());
    for (let n = 0; n < 600; n++)
      expect(reader.open('e/1', createSealer(keys()).seal('e/1', plain)).length).to.equal(plain.length);
  });
});
