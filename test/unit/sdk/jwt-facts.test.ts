import { expect } from 'chai';
import { AgentError, Secret, describeError, jwtFacts, jwtTimeTrouble, requireJwt } from '../../../core/sdk/index.js';
import { hideSecrets } from '../../../core/sdk/hide-secrets.js';

const token = (claims: unknown): Secret =>
  new Secret(`e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`);

describe('jwtFacts', () => {
  it('tells the times and the subject', () => {
    expect(jwtFacts(token({ exp: 3, nbf: 1.5, sub: 'me', aud: 'x' }))).to.deep.equal({
      expiresAt: 3000,
      notBefore: 1500,
      subject: 'me',
    });
  });

  it('leaves out what is not there or of another type', () => {
    for (const claims of [{}, { exp: '3', nbf: null, sub: 1 }, [], null, 'text'])
      expect(jwtFacts(token(claims))).to.deep.equal({});
    expect(jwtFacts(new Secret('a.b.c'))).to.deep.equal({});
  });

  it('white space around a token does not count', () => {
    expect(jwtFacts(new Secret(' a.b.c\r\n'))).to.deep.equal({});
  });

  for (const text of ['', 'abc', 'a.b', 'a..c', 'a.b.', 'a.b.c.d', 'a.b.c.d.e', 'a b.c.d', '<html>.b.c', 'a.b\n.c'])
    it(`${JSON.stringify(text)} is no token`, () => {
      expect(jwtFacts(new Secret(text))).to.equal(undefined);
    });
});

describe('requireJwt', () => {
  it('throws for anything else and says only how long it is', () => {
    const secret = new Secret('-----BEGIN PRIVATE KEY----- planted');
    try {
      requireJwt(secret, 'jwt path /x', 'put a token there');
      expect.fail('it must throw');
    } catch (error) {
      expect(error)
        .to.be.instanceOf(AgentError)
        .and.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(describeError(error)).to.contain('jwt path /x').and.contain('35 characters').and.not.contain('planted');
    }
  });
});

describe('jwtTimeTrouble', () => {
  const rows: readonly [facts: object, found: string | undefined][] = [
    [{}, undefined],
    [{ expiresAt: 10_001, notBefore: 10_000 }, undefined],
    [{ expiresAt: 10_000 }, 'it expired 0 s ago'],
    [{ expiresAt: 7_500 }, 'it expired 3 s ago'],
    [{ notBefore: 12_000 }, 'it is not good before 2 s from now'],
  ];
  for (const [facts, found] of rows)
    it(`${JSON.stringify(facts)} at 10 s: ${found ?? 'no trouble'}`, () => {
      const trouble = jwtTimeTrouble(facts, 10_000);
      if (found === undefined) expect(trouble).to.equal(undefined);
      else expect(trouble).to.contain(found);
    });
});

describe('hideSecrets', () => {
  const secret = 'pa+ss "w/ö rd"';
  const forms = [
    secret,
    JSON.stringify(secret),
    encodeURIComponent(secret),
    new URLSearchParams({ x: secret }).toString(),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
    Buffer.from(secret).toString('hex'),
  ];
  for (const form of forms)
    it(`masks ${form}`, () => {
      const masked = hideSecrets(`before ${form} after`, [new Secret(secret)]);
      expect(masked)
        .to.contain('[secret]')
        .and.match(/^before .* after$/);
      expect(masked.replace(/^before |x=|"| after$|=+$/g, '')).to.match(/^\[secret\](=*)( after)?$/);
    });

  it('leaves words that are shorter than four characters', () => {
    expect(hideSecrets('an id', [new Secret('id')])).to.equal('an id');
  });
});
