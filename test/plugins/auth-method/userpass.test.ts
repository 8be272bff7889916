// userpass beyond the conformance suite: user names in paths, what its refusals mean. The rest is in password-cases.ts.
import { expect } from 'chai';
import { LOGIN, PasswordStage, passwordCases } from './password-cases.js';

describe('auth method userpass', () => {
  passwordCases('userpass');

  describe('the login', () => {
    let stage: PasswordStage;
    beforeEach(async () => {
      stage = new PasswordStage('userpass');
      await stage.open();
    });
    afterEach(() => stage.close());

    const users: readonly (readonly [name: string, path: string])[] = [
      ['app', 'app'],
      ['App.two-3_x', 'App.two-3_x'],
      ['a b/c', 'a%20b%2Fc'],
      ['ü@x?y#z', '%C3%BC%40x%3Fy%23z'],
    ];
    for (const [username, encoded] of users) {
      it(`logs in as ${username} (auth-wire 3.6)`, async () => {
        const plan = await (await stage.make({ username, password: 'pw' })).prepare(LOGIN);
        expect(plan).to.deep.include({ login: `auth/userpass/login/${encoded}`, body: { password: 'pw' } });
      });
    }

    const refusals: readonly (readonly [status: number, words: RegExp])[] = [
      [400, /user name or the password is wrong/],
      [403, /locked .* no userpass method at auth\/userpass/],
      [404, /letters, digits/],
      [500, /letters, digits/],
    ];
    for (const [status, words] of refusals) {
      it(`explains ${String(status)}`, async () => {
        expect((await stage.make({ password: 'pw' })).hint?.(status, [])).to.match(words);
      });
    }
  });
});
