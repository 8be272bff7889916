import { expect } from 'chai';
import { secretIn } from '../../../../core/auto-auth/mfa/secret-text.js';
import type { TotpShape } from '../../../../core/auto-auth/mfa/totp.js';
import { AgentError } from '../../../../core/sdk/index.js';

const CONFIGURED: TotpShape = { digits: 8, periodMs: 60_000, algorithm: 'SHA512' };
const KEY = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const BYTES = '12345678901234567890';
const url = (query: string, type = 'totp'): string => `otpauth://${type}/vault:entity?${query}`;

describe('auto-auth/mfa/secret-text', () => {
  for (const text of [KEY, KEY.toLowerCase(), 'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ\n', `${KEY.slice(0, 16)}-${KEY.slice(16)}==`]) {
    it(`base32 in any dress has the configured shape: ${JSON.stringify(text)}`, () => {
      const { key, ...shape } = secretIn(text, CONFIGURED);
      expect(Buffer.from(key).toString()).to.equal(BYTES);
      expect(shape).to.deep.equal(CONFIGURED);
    });
  } // prettier-ignore

  it('digits, period and algorithm of an otpauth:// URL count, not the configured ones', () => {
    const { key, ...shape } = secretIn(url(`algorithm=SHA256&digits=6&issuer=v&period=45&secret=${KEY}`), CONFIGURED);
    expect(Buffer.from(key).toString()).to.equal(BYTES);
    expect(shape).to.deep.equal({ digits: 6, periodMs: 45_000, algorithm: 'SHA256' });
  });

  it('what an otpauth:// URL leaves out has the default of the format', () => {
    const { digits, periodMs, algorithm } = secretIn(url(`secret=${KEY}`), CONFIGURED);
    expect([digits, periodMs, algorithm]).to.deep.equal([6, 30_000, 'SHA1']);
  });

  const bad: readonly [string, string, RegExp][] = [
    ['no base32', 'not-a-secret-0189', /\(17 characters\) is no base32/],
    ['a length that base32 cannot have', `${KEY}A`, /no base32/],
    ['a secret that was cut off', KEY.slice(0, 8), /5 bytes, fewer than 10/],
    ['a URL that cannot be read', 'otpauth://[', /but is none/],
    ['a counter-based secret', url(`secret=${KEY}&counter=1`, 'hotp'), /not of type totp/],
    ['a URL without a secret', url('digits=6'), /the secret of its otpauth:\/\/ URL is no base32/],
    ['seven digits', url(`secret=${KEY}&digits=7`), /neither 6 nor 8/],
    ['a period of nothing', url(`secret=${KEY}&period=0`), /period/],
    ['a period in words', url(`secret=${KEY}&period=soon`), /period/],
    ['MD5', url(`secret=${KEY}&algorithm=MD5`), /SHA1, SHA256, SHA512/],
  ];
  for (const [what, text, message] of bad) {
    it(`${what} is AUTH_CREDENTIAL_INVALID, and the message does not repeat the content`, () => {
      let thrown: unknown;
      try {
        secretIn(text, CONFIGURED);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).to.be.instanceOf(AgentError);
      const { code, message: said, hint } = thrown as AgentError;
      expect(code).to.equal('AUTH_CREDENTIAL_INVALID');
      expect(said).to.match(message);
      expect(`${said} ${hint ?? ''}`).to.not.contain(KEY.slice(0, 8));
    });
  }
});
