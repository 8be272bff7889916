// okta beyond the conformance suite: passcodes and their vectors, the limit of pushes, what its refusals mean. The rest is in password-cases.ts.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { AuthMethod, LoginPlan } from '../../../core/sdk/index.js';
import { fromBase32 } from '../../../core/sdk/index.js';
import { passcode, stepAt } from '../../../plugins/auth-method/okta/totp.js';
import { codeAt } from '../../doubles/okta.js';
import { LOGIN, PasswordStage, bodyOf, failureOf, leaked, passwordCases } from './password-cases.js';

const RFC_SECRET = Buffer.from('12345678901234567890');
const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const FIVE_MINUTES = 5 * 60_000;

describe('auth method okta: vectors', () => {
  const hotp = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
  hotp.forEach((code, count) => {
    it(`RFC 4226 appendix D, count ${String(count)}: ${code}`, () => {
      expect(passcode(RFC_SECRET, count)).to.equal(code);
    });
  });

  const totp: readonly (readonly [seconds: number, code: string])[] = [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ];
  for (const [seconds, code] of totp) {
    it(`RFC 6238 appendix B, SHA-1, ${String(seconds)} s: ${code}, of which six digits are sent`, () => {
      const step = stepAt(seconds * 1000);
      expect(passcode(RFC_SECRET, step, 8)).to.equal(code);
      expect(passcode(RFC_SECRET, step)).to.equal(code.slice(2));
      expect(codeAt(RFC_SECRET, seconds * 1000), 'by the double').to.equal(code.slice(2));
    });
  }

  const base32: readonly (readonly [text: string, clear: string])[] = [
    ['MY======', 'f'],
    ['MZXQ====', 'fo'],
    ['MZXW6===', 'foo'],
    ['MZXW6YQ=', 'foob'],
    ['MZXW6YTB', 'fooba'],
    ['MZXW6YTBOI======', 'foobar'],
    ['mzxw 6ytb-oi', 'foobar'],
  ];
  for (const [text, clear] of base32) {
    it(`RFC 4648 section 10, base32 ${text}`, () => {
      expect(fromBase32(text)?.toString()).to.equal(clear);
    });
  }

  for (const text of ['', '=', 'M', 'MZX', 'MZXW6Y', 'MZXW6YT1', 'MZXW!YTB', 'ÄÖ']) {
    it(`${JSON.stringify(text)} is no base32`, () => {
      expect(fromBase32(text)).to.equal(undefined);
    });
  }
});

describe('auth method okta', () => {
  passwordCases('okta', { pauseMs: FIVE_MINUTES });

  describe('the login', () => {
    let stage: PasswordStage;
    let secretPath: string;
    beforeEach(async () => {
      stage = new PasswordStage('okta');
      await stage.open();
      await stage.write('password-4711');
      secretPath = join(stage.dir, 'totp-secret');
      await writeFile(secretPath, `${BASE32}\n`, { mode: 0o600 });
    });
    afterEach(() => stage.close());
    const withTotp = (settings: object = {}): Promise<AuthMethod> =>
      stage.withFile({ totp_secret_file_path: secretPath, ...settings });
    const pass = (ms: number): Promise<void> => stage.fakes.clock.advance(ms);

    it('sends the password, waits two minutes for a push, and counts logins by the password (auth-wire 3.7)', async () => {
      const plan = await (await stage.withFile({ username: 'app@example.com' })).prepare(LOGIN);
      expect(plan).to.include({ login: 'auth/okta/login/app%40example.com', timeoutMs: 120_000 });
      expect(bodyOf(plan)).to.deep.equal({ password: 'password-4711' });
      expect(plan.credential?.reveal()).to.equal('password-4711');
    });

    it('sends provider and the passcode of now, which may not be shown', async () => {
      const plan = await (await withTotp({ provider: 'OKTA' })).prepare(LOGIN);
      const totp = codeAt(RFC_SECRET, stage.fakes.clock.now());
      expect(bodyOf(plan)).to.deep.equal({ password: 'password-4711', totp, provider: 'OKTA' });
      expect(plan.show).to.deep.equal(['provider']);
      expect(plan.trail?.map(({ source }) => source)).to.deep.equal([stage.path, secretPath]);
    });

    it('sends each passcode once: a second login waits for the next (5.6)', async () => {
      const method = await withTotp({ provider: 'GOOGLE' });
      await pass(10_000);
      const first = bodyOf(await method.prepare(LOGIN))['totp'];
      let second: LoginPlan | undefined;
      const waiting = method.prepare(LOGIN).then((plan) => (second = plan));
      await pass(19_999);
      expect(second).to.equal(undefined);
      await pass(1);
      const next = bodyOf(await waiting)['totp'];
      expect(next).to.equal(codeAt(RFC_SECRET, stage.fakes.clock.now())).and.not.to.equal(first);
    });

    it('a test spends no passcode', async () => {
      const method = await withTotp({ provider: 'GOOGLE' });
      const tested = bodyOf(await method.prepare({ ...LOGIN, purpose: 'test' }))['totp'];
      expect(bodyOf(await method.prepare(LOGIN))['totp']).to.equal(tested);
    });

    it('a wait for the next passcode ends when the attempt is given up', async () => {
      const method = await withTotp({ provider: 'GOOGLE' });
      await method.prepare(LOGIN);
      const over = new AbortController();
      const error = method.prepare({ ...LOGIN, signal: over.signal }).catch((reason: unknown) => reason);
      await pass(1);
      over.abort(new Error('given up'));
      expect(await error)
        .to.be.an('error')
        .with.property('message', 'given up');
    });

    const badSecrets: readonly (readonly [what: string, code: string, arrange: () => Promise<unknown>])[] = [
      ['missing', 'AUTH_CREDENTIAL_MISSING', () => rm(secretPath)],
      ['empty', 'AUTH_CREDENTIAL_EMPTY', () => writeFile(secretPath, '\n')],
      ['no base32', 'AUTH_CREDENTIAL_INVALID', () => writeFile(secretPath, 'my-secret-0189!')],
      ['cut off', 'AUTH_CREDENTIAL_INVALID', () => writeFile(secretPath, BASE32.slice(0, 8))],
    ];
    for (const [what, code, arrange] of badSecrets) {
      it(`a TOTP secret that is ${what}: ${code}, naming the setting and nothing of it (5.4)`, async () => {
        await arrange();
        const error = await failureOf(await withTotp());
        expect(error).to.include({ code, act: 'fix-credential' });
        expect(error.message).to.include('totp_secret_file_path');
        expect(leaked(stage, error, ['my-secret-0189!', BASE32.slice(0, 8)])).to.deep.equal([]);
      });
    }

    describe('at most one push in five minutes (5.1)', () => {
      it('the second login within five minutes is not planned, and says when it may be', async () => {
        const method = await stage.withFile();
        await method.prepare(LOGIN);
        await pass(60_000);
        const error = await failureOf(method);
        expect(error).to.include({ code: 'AUTH_TOO_SOON', act: 'wait' });
        expect(error.message).to.match(/push .* five minutes .* 240 s/);
        await pass(FIVE_MINUTES - 60_001);
        expect((await failureOf(method)).code).to.equal('AUTH_TOO_SOON');
        await pass(1);
        expect(bodyOf(await method.prepare(LOGIN))).to.deep.equal({ password: 'password-4711' });
      });

      it('with a passcode too, because the server pushes for users who have no TOTP factor', async () => {
        const method = await withTotp();
        await method.prepare(LOGIN);
        await pass(60_000);
        expect((await failureOf(method)).code).to.equal('AUTH_TOO_SOON');
      });

      it('but not with provider GOOGLE, whose factors are never pushed, and then the server is not asked before', async () => {
        const method = await withTotp({ provider: 'GOOGLE' });
        await method.prepare(LOGIN);
        await pass(30_000);
        await method.prepare(LOGIN);
        expect(stage.fakes.vault.calls).to.deep.equal([]);
      });

      it('is remembered over a restart, and a state that cannot be read is none', async () => {
        await (await stage.withFile()).prepare(LOGIN);
        await pass(60_000);
        expect((await failureOf(await stage.withFile())).code).to.equal('AUTH_TOO_SOON');
        await stage.fakes.state.save(Buffer.from('no JSON'));
        await (await stage.withFile()).prepare(LOGIN);
      });

      it('a clock that was set back makes nobody wait longer than five minutes', async () => {
        await stage.fakes.state.save(Buffer.from(JSON.stringify({ pushedAtMs: stage.fakes.clock.now() + 86_400_000 })));
        const method = await stage.withFile();
        expect((await failureOf(method)).message).to.include(' 300 s');
        await pass(FIVE_MINUTES);
        await method.prepare(LOGIN);
      });

      const without: readonly string[] = [
        'Okta auth failed: the API returned an error: Authentication failed (code=E0000004)',
        'Okta auth failed: the API returned an error: Invalid Passcode/Answer (code=E0000068)',
        "'totp' passcode parameter is required to perform MFA",
        'okta authentication failed; user is locked out',
        'Okta auth method not configured',
      ];
      for (const words of without) {
        it(`a refusal that proves that none was sent does not count: ${words}`, async () => {
          const method = await stage.withFile();
          await method.prepare(LOGIN);
          method.hint?.(400, [words]);
          await method.prepare(LOGIN);
        });
      }

      for (const [status, words] of [
        [400, 'multi-factor authentication denied'],
        [400, 'failed to complete multi-factor authentication'],
        [400, 'okta authentication failed'],
        [502, 'E0000004'],
        [500, 'internal error'],
      ] as const) {
        it(`${String(status)} ${words} counts as a push`, async () => {
          const method = await stage.withFile();
          await method.prepare(LOGIN);
          method.hint?.(status, [words]);
          expect((await failureOf(method)).code).to.equal('AUTH_TOO_SOON');
        });
      }

      it('a server that is down costs no push', async () => {
        const health = 'sys/health?standbyok=true&perfstandbyok=true';
        const method = await stage.withFile();
        stage.fakes.vault.down('GET', health);
        expect((await failureOf(method)).code).to.equal('UPSTREAM_UNREACHABLE');
        for (const [status, words] of [
          [503, /sealed/],
          [501, /not initialized/],
        ] as const) {
          stage.fakes.vault.on('GET', health, { status });
          expect((await failureOf(method)).message).to.match(words);
        }
        stage.fakes.vault.on('GET', health, { status: 200 });
        await method.prepare(LOGIN);
      });

      it('a test is held to it and does not count itself', async () => {
        const method = await stage.withFile();
        await method.prepare({ ...LOGIN, purpose: 'test' });
        await method.prepare(LOGIN);
        expect((await failureOf(method, { ...LOGIN, purpose: 'test' })).code).to.equal('AUTH_TOO_SOON');
      });

      it('bad material is said before the limit, and costs no push', async () => {
        await rm(stage.path);
        const method = await stage.withFile();
        expect((await failureOf(method)).code).to.equal('AUTH_CREDENTIAL_MISSING');
        await stage.write('password-4711');
        await method.prepare(LOGIN);
      });

      it('says in the log that somebody has to approve, without the password', async () => {
        await (await stage.withFile()).prepare(LOGIN);
        expect(stage.fakes.log.text()).to.include('approve the push');
        expect(leaked(stage, undefined, ['password-4711'])).to.deep.equal([]);
      });
    });

    const refusals: readonly (readonly [status: number, error: string, words: RegExp])[] = [
      [400, 'Okta auth failed: x (code=E0000004)', /does not take this user/],
      [400, 'Okta auth failed: x (code=E0000068)', /compare the clock/],
      [400, 'okta failure retrieving groups: x (code=E0000011)', /API token/],
      [400, 'multi-factor authentication denied', /somebody said no/],
      [400, 'failed to complete multi-factor authentication', /nobody approved/],
      [400, "'totp' passcode parameter is required to perform MFA", /totp_secret_file_path/],
      [400, 'okta authentication failed: password is expired', /new password/],
      [400, 'okta authentication failed; user is locked out', /unlock/],
      [403, 'permission denied', /no okta method at auth\/okta/],
    ];
    for (const [status, error, words] of refusals) {
      it(`explains ${String(status)} ${error}`, async () => {
        expect((await stage.withFile()).hint?.(status, [error])).to.match(words);
      });
    }
  });
});
