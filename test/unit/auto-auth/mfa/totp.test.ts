import { expect } from 'chai';
import { passcode, stepAt, type TotpShape } from '../../../../core/auto-auth/mfa/totp.js';

type Algorithm = TotpShape['algorithm'];

// RFC 6238, appendix B: the seed is these digits repeated to the size of the hash.
const SEED: Record<Algorithm, Buffer> = {
  SHA1: Buffer.from('12345678901234567890'),
  SHA256: Buffer.from('12345678901234567890123456789012'),
  SHA512: Buffer.from('1234567890123456789012345678901234567890123456789012345678901234'),
};
const VECTORS: readonly [number, Record<Algorithm, string>][] = [
  [59, { SHA1: '94287082', SHA256: '46119246', SHA512: '90693936' }],
  [1111111109, { SHA1: '07081804', SHA256: '68084774', SHA512: '25091201' }],
  [1111111111, { SHA1: '14050471', SHA256: '67062674', SHA512: '99943326' }],
  [1234567890, { SHA1: '89005924', SHA256: '91819424', SHA512: '93441116' }],
  [2000000000, { SHA1: '69279037', SHA256: '90698825', SHA512: '38618901' }],
  [20000000000, { SHA1: '65353130', SHA256: '77737706', SHA512: '47863826' }],
];

describe('auto-auth/mfa/totp', () => {
  for (const [seconds, codes] of VECTORS) {
    for (const algorithm of ['SHA1', 'SHA256', 'SHA512'] as const) {
      const step = stepAt(seconds * 1000, 30_000);
      const secret = { key: SEED[algorithm], periodMs: 30_000, algorithm };
      it(`RFC 6238 appendix B, T=${String(seconds)} ${algorithm}: 8 digits, and their last 6`, () => {
        expect(passcode({ ...secret, digits: 8 }, step)).to.equal(codes[algorithm]);
        expect(passcode({ ...secret, digits: 6 }, step)).to.equal(codes[algorithm].slice(2));
      });
    }
  }

  it('RFC 4226 appendix D: the HOTP values of counters 0 to 9', () => {
    const secret = { key: SEED.SHA1, periodMs: 30_000, algorithm: 'SHA1', digits: 6 } as const;
    const codes = Array.from({ length: 10 }, (_, counter) => passcode(secret, counter));
    expect(codes).to.deep.equal([
      '755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489',
    ]); // prettier-ignore
  });

  it('the step follows the period, past 2038 too', () => {
    expect([stepAt(59_999, 30_000), stepAt(60_000, 30_000), stepAt(60_000, 60_000)]).to.deep.equal([1, 2, 1]);
    expect(stepAt(20_000_000_000_000, 30_000)).to.equal(0x27bc86aa);
  });
});
