import { expect } from 'chai';
import { fromBase32, toBase32 } from '../../../core/sdk/index.js';

describe('kernel/base32', () => {
  // RFC 4648, section 10
  const vectors = {
    '': '',
    f: 'MY',
    fo: 'MZXQ',
    foo: 'MZXW6',
    foob: 'MZXW6YQ',
    fooba: 'MZXW6YTB',
    foobar: 'MZXW6YTBOI',
  };
  for (const [plain, coded] of Object.entries(vectors))
    it(`RFC 4648 section 10: "${plain}"`, () => {
      expect(toBase32(Buffer.from(plain))).to.equal(coded);
      if (coded !== '') expect(fromBase32(`${coded}===`)?.toString()).to.equal(plain);
    });

  it('every byte survives the way there and back', () => {
    for (let size = 1; size < 40; size++) {
      const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (index * 73 + size) % 256));
      expect(fromBase32(toBase32(bytes))).to.deep.equal(bytes);
    }
  });

  for (const text of ['', 'A', 'ABC', 'ABCDEF', 'MZXW1', 'MZXW8', 'MZ=XQ', 'mz_q'])
    it(`"${text}" is no base32`, () => expect(fromBase32(text)).to.equal(undefined));
});
