import { expect } from 'chai';
import { keptBytes } from '../../../core/cache/kept-bytes.js';

describe('cache/kept-bytes', () => {
  it('copies bytes of any length, from the start or from a place on, each apart from all others', () => {
    const lengths = [0, 1, 2_048, 4_096, 4_097, 100_000, 3_000, 3_000, 3_000, 3_000, 3_000, 3_000];
    const given = lengths.map((length, n) => new Uint8Array(length + 2).fill(n + 1));
    const kept = given.map((bytes) => keptBytes(bytes, 2));
    for (const bytes of given) bytes.fill(0);
    for (const [n, copy] of kept.entries()) expect(copy.equals(Buffer.alloc(lengths[n]!, n + 1))).to.equal(true);
    expect(keptBytes(Buffer.from('abc')).toString()).to.equal('abc');
  });

  it('lets a body that is kept hold on to 16 KiB at most besides itself', () => {
    for (const length of [1, 2_048, 4_096, 50_000])
      expect(keptBytes(new Uint8Array(length)).buffer.byteLength).to.be.at.most(Math.max(16 * 1024, length));
  });
});
