// ldap beyond the conformance suite: the path of odd user names, the body, what its refusals mean. The rest is in password-cases.ts.
import { expect } from 'chai';
import { LOGIN, PasswordStage, bodyOf, passwordCases } from './password-cases.js';

describe('auth method ldap', () => {
  passwordCases('ldap', { filesOnly: true });

  describe('the login', () => {
    let stage: PasswordStage;
    beforeEach(async () => {
      stage = new PasswordStage('ldap');
      await stage.open();
      await stage.write('secret-4711');
    });
    afterEach(() => stage.close());

    const users: readonly (readonly [name: string, segment: string])[] = [
      ['app', 'app'],
      ['EXAMPLE\\app', 'EXAMPLE%5Capp'],
      ['app@example.com', 'app%40example.com'],
      ['cn=app, ou=x', 'cn%3Dapp%2C%20ou%3Dx'],
      ['a/b', 'a%2Fb'],
      ['ü?#%', '%C3%BC%3F%23%25'],
    ];
    for (const [username, segment] of users) {
      it(`user ${username} is one segment of the path (auth-wire 3.5, 11.4)`, async () => {
        const plan = await (await stage.withFile({ username })).prepare(LOGIN);
        expect(plan).to.include({ login: `auth/ldap/login/${segment}` });
        expect(bodyOf(plan)).to.deep.equal({ password: 'secret-4711' });
      });
    }

    const refusals: readonly (readonly [status: number, error: string, words: RegExp])[] = [
      [400, 'ldap operation failed: failed to bind as user', /does not take this user/],
      [400, 'error connecting to host "ldap://x": dial tcp: connection refused', /cannot reach the directory/],
      [400, 'LDAP bind (service) failed: x', /service account/],
      [400, 'auth method not configured', /write auth\/ldap\/config/],
      [403, 'permission denied', /locked .* no ldap method at auth\/ldap/],
    ];
    for (const [status, error, words] of refusals) {
      it(`explains ${String(status)} ${error}`, async () => {
        expect((await stage.withFile()).hint?.(status, [error])).to.match(words);
      });
    }

    it('has nothing to add to other refusals', async () => {
      const method = await stage.withFile();
      expect([method.hint?.(400, ['something new']), method.hint?.(503, ['sealed'])]).to.deep.equal([
        undefined,
        undefined,
      ]);
    });
  });
});
