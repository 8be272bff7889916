import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecondFactor } from '../../../../core/auto-auth/mfa/second-factor.js';
import { requirementOf } from '../../../../core/auto-auth/mfa/requirement.js';
import { passcode } from '../../../../core/auto-auth/mfa/totp.js';
import type { AgentError } from '../../../../core/sdk/index.js';
import { makeFakes } from '../../../../core/sdk/testing/fakes.js';
import { settle } from '../../../../core/sdk/testing/virtual-clock.js';

const VALIDATE = 'sys/mfa/validate';
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const REQUIREMENT = requirementOf({
  mfa_request_id: 'request-1',
  mfa_constraints: { enforced: { any: [{ type: 'totp', id: 'method-1', uses_passcode: true, name: '' }] } },
})!;
const DONE = { status: 200, body: { auth: { client_token: 't' } } };
const refusal = (status: number, error: string) => ({ status, body: { errors: [error] } });
const USED = refusal(403, 'failed to satisfy enforcement enforced. error: 2 errors occurred:\n\t* code already used; new code is available in 30 seconds\n\t* login MFA validation failed for methodID: [method-1]\n\n'); // prettier-ignore

describe('auto-auth/mfa/second-factor', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'claviger-mfa-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function rig(content: string | undefined = SECRET) {
    const fakes = makeFakes();
    const secretFile = join(folder, `${Math.random().toString(36).slice(2)}.totp`);
    if (content !== undefined) writeFileSync(secretFile, content);
    const totp = { secretFile, method: '', digits: 6, periodMs: 30_000, algorithm: 'SHA1' } as const;
    const factor = new SecondFactor({ config: { totp }, namespace: 'team/', vault: fakes.vault, clock: fakes.clock });
    const stop = new AbortController();
    const answer = () => factor.answer(REQUIREMENT, stop.signal);
    const passUntil = async <T>(work: Promise<T>): Promise<T> => {
      let over = false;
      void work.catch(() => undefined).then(() => (over = true));
      for (let tries = 0; !over && tries < 10_000; tries++) {
        await settle(1);
        if (tries % 10 === 9) await fakes.clock.advance(1_000);
      }
      return work;
    };
    const codes = () =>
      fakes.vault.calls.map(({ call }) => (call.body as { mfa_payload: Record<string, string[]> }).mfa_payload);
    const codeNow = () =>
      passcode(
        { key: Buffer.from('12345678901234567890'), digits: 6, periodMs: 30_000, algorithm: 'SHA1' },
        Math.floor(fakes.clock.now() / 30_000),
      );
    return { ...fakes, secretFile, answer, passUntil, codes, codeNow, stop };
  }
  const failure = (work: Promise<unknown>): Promise<AgentError> =>
    work.then(
      () => Promise.reject(new Error('it worked')),
      (error: unknown) => error as AgentError,
    );

  it('sends PUT sys/mfa/validate with the request id and the code of this period, in the namespace of the login, without a token', async () => {
    const it_ = rig();
    it_.vault.on('PUT', VALIDATE, DONE);
    expect((await it_.answer()).body).to.deep.equal(DONE.body);
    const call = it_.vault.calls[0]?.call;
    expect(call?.body).to.deep.equal({ mfa_request_id: 'request-1', mfa_payload: { 'method-1': [it_.codeNow()] } });
    expect([call?.namespace, call?.token]).to.deep.equal(['team/', undefined]);
  });

  it('never sends a code twice: a second login in the same period waits for the next one', async () => {
    const it_ = rig();
    it_.vault.on('PUT', VALIDATE, DONE);
    await it_.answer();
    const second = it_.answer();
    await settle();
    expect(it_.codes()).to.have.length(1);
    await it_.passUntil(second);
    const [one, two] = it_.codes();
    expect(two).to.deep.equal({ 'method-1': [it_.codeNow()] });
    expect(one).to.not.deep.equal(two);
  });

  it('a code that somebody else used: waits for the next period and answers the same request again', async () => {
    const it_ = rig();
    it_.vault.once('PUT', VALIDATE, USED).on('PUT', VALIDATE, DONE);
    expect((await it_.passUntil(it_.answer())).status).to.equal(200);
    expect(new Set(it_.codes().map((code) => JSON.stringify(code)))).to.have.property('size', 2);
  });

  it('codes that are always used already end as AUTH_MFA_REFUSED after three', async () => {
    const it_ = rig();
    it_.vault.on('PUT', VALIDATE, USED);
    const error = await it_.passUntil(failure(it_.answer()));
    expect(error.code).to.equal('AUTH_MFA_REFUSED');
    expect(it_.codes()).to.have.length(3);
  });

  it('a wrong code is AUTH_MFA_REFUSED at once, with the words of the server and without the code', async () => {
    const it_ = rig();
    it_.vault.on('PUT', VALIDATE, refusal(403, `failed to validate TOTP passcode ${it_.codeNow()} of request-1`));
    const { code, message, act, hint } = await failure(it_.answer());
    expect([code, act]).to.deep.equal(['AUTH_MFA_REFUSED', 'fix-credential']);
    expect(message).to.equal('the server refused the second factor with 403: failed to validate TOTP passcode [secret] of [secret]');
    expect(hint).to.contain('clock');
    expect(it_.codes()).to.have.length(1);
  }); // prettier-ignore

  for (const status of [429, 503])
    it(`${String(status)} is no verdict: AUTH_REFUSED, to be tried again`, async () => {
      const it_ = rig();
      it_.vault.on('PUT', VALIDATE, refusal(status, 'later'));
      expect(await failure(it_.answer())).to.include({ code: 'AUTH_REFUSED', act: 'wait' });
    });

  it('the secret is read for each login, so that a mended file counts', async () => {
    const it_ = rig('broken!');
    it_.vault.on('PUT', VALIDATE, DONE);
    expect((await failure(it_.answer())).code).to.equal('AUTH_CREDENTIAL_INVALID');
    expect(it_.codes()).to.have.length(0);
    writeFileSync(it_.secretFile, `otpauth://totp/v:e?secret=${SECRET}\n`);
    await it_.answer();
    expect(it_.codes()).to.deep.equal([{ 'method-1': [it_.codeNow()] }]);
  });

  it('a missing file says which setting names it', async () => {
    const it_ = rig();
    rmSync(it_.secretFile);
    expect(await failure(it_.answer())).to.include({ code: 'AUTH_CREDENTIAL_MISSING' }).and.have.property('message').that.contains('mfa.totp.secret_file');
  }); // prettier-ignore

  it('a stop ends the waiting for a new period', async () => {
    const it_ = rig();
    it_.vault.on('PUT', VALIDATE, DONE);
    await it_.answer();
    const second = failure(it_.answer());
    await settle();
    it_.stop.abort(new Error('stopped'));
    expect((await second).message).to.equal('stopped');
    expect(it_.codes()).to.have.length(1);
  });
});
