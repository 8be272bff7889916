// radius beyond the conformance suite: which form of the login is used, what its refusals mean. The rest is in password-cases.ts.
import { expect } from 'chai';
import { LOGIN, PasswordStage, bodyOf, passwordCases } from './password-cases.js';

describe('auth method radius', () => {
  passwordCases('radius');

  describe('the login', () => {
    let stage: PasswordStage;
    beforeEach(async () => {
      stage = new PasswordStage('radius');
      await stage.open();
    });
    afterEach(() => stage.close());

    for (const [username, segment] of [
      ['app', 'app'],
      ['app@realm', 'app%40realm'],
      ['DOM\\app x', 'DOM%5Capp%20x'],
    ] as const) {
      it(`user ${username} travels in the path (auth-wire 3.8)`, async () => {
        const plan = await (await stage.make({ username, password: 'secret' })).prepare(LOGIN);
        expect(plan).to.include({ login: `auth/radius/login/${segment}` });
        expect(bodyOf(plan)).to.deep.equal({ password: 'secret' });
      });
    }

    it('a user name with a slash travels in the body, where it may be shown (auth-wire 3.8)', async () => {
      const plan = await (await stage.make({ username: 'realm/app', password: 'secret' })).prepare(LOGIN);
      expect(plan).to.deep.include({ login: 'auth/radius/login', show: ['username'] });
      expect(bodyOf(plan)).to.deep.equal({ username: 'realm/app', password: 'secret' });
    });

    const refusals: readonly (readonly [status: number, error: string, words: RegExp])[] = [
      [400, 'access denied by the authentication server', /does not take this user/],
      [400, 'context deadline exceeded', /shared secret/],
      [400, 'radius backend not configured', /write auth\/radius\/config/],
      [400, 'authentication succeeded but user has no associated policies', /password is right/],
      [403, 'permission denied', /no radius method at auth\/radius/],
    ];
    for (const [status, error, words] of refusals) {
      it(`explains ${String(status)} ${error}`, async () => {
        expect((await stage.make({ password: 'x' })).hint?.(status, [error])).to.match(words);
      });
    }

    it('has nothing to add to other refusals', async () => {
      expect((await stage.make({ password: 'x' })).hint?.(400, ['something new'])).to.equal(undefined);
    });
  });
});
