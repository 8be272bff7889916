import { expect } from 'chai';
import { fromBase32 } from '../../../../core/sdk/index.js';
import { passcode } from '../../../../core/auto-auth/mfa/totp.js';
import { rig, type Answered, type Rig } from '../auth/rig.js';

interface MfaAnswer extends Omit<Answered, 'auth' | 'data'> {
  readonly auth: Omit<Answered['auth'], 'policies'> & {
    readonly policies: readonly string[] | null;
    readonly accessor: string;
    readonly entity_id: string;
    readonly mfa_requirement: { readonly mfa_request_id: string; readonly mfa_constraints: unknown };
  };
  readonly data: Readonly<
    Record<'method_id' | 'url' | 'keys' | 'mfa_method_ids' | 'name' | 'digits' | 'period', string>
  > &
    Readonly<Record<string, { readonly accessor: string }>>;
}
type Ask = (...asked: Parameters<Rig['ask']>) => Promise<MfaAnswer>;

describe('dev-server/mfa', () => {
  let world: Rig;
  let ask: Ask;
  let methodId = '';
  let entityId = '';
  let url: URL;

  const login = () => ask('POST', 'auth/userpass/login/ann', { password: 'right' }, { token: '' });
  const codeNow = (offset = 0): string => {
    const key = fromBase32(url.searchParams.get('secret') ?? '') ?? Buffer.alloc(0);
    const shape = { digits: 6, periodMs: 30_000, algorithm: 'SHA1' } as const;
    return passcode({ key, ...shape }, Math.floor(world.clock.now() / 30_000) + offset);
  };
  const requestOf = (answer: Awaited<ReturnType<Ask>>): string => answer.auth.mfa_requirement.mfa_request_id;
  const validate = (id: string, code: string, method = methodId) =>
    ask('PUT', 'sys/mfa/validate', { mfa_request_id: id, mfa_payload: { [method]: [code] } }, { token: '' });

  beforeEach(async () => {
    world = rig();
    ask = world.ask as unknown as Ask;
    await ask('POST', 'sys/auth/userpass', { type: 'userpass' });
    await ask('POST', 'auth/userpass/users/ann', { password: 'right', token_policies: 'app', token_ttl: '10m' });
    entityId = (await login()).auth.entity_id;
    methodId = (await ask('POST', 'identity/mfa/method/totp', { issuer: 'vault', method_name: 'phone' })).data.method_id;
    const key = await ask('POST', 'identity/mfa/method/totp/admin-generate', { method_id: methodId, entity_id: entityId });
    url = new URL(key.data.url);
    const { accessor } = (await ask('GET', 'sys/auth')).data['userpass/']!;
    await ask('POST', 'identity/mfa/login-enforcement/people', { mfa_method_ids: methodId, auth_method_accessors: accessor });
  }); // prettier-ignore

  it('a login answers with a requirement and an empty token (spec auth-wire 1.4)', async () => {
    const { status, auth, warnings } = await login();
    expect([status, auth.client_token, auth.accessor, auth.policies, auth.lease_duration]).deep.equal([200, '', '', null, 0]);
    expect(auth.mfa_requirement.mfa_constraints).deep.equal({
      people: { any: [{ type: 'totp', id: methodId, uses_passcode: true, name: 'phone' }] },
    });
    expect(warnings?.[0]).contain('subject to MFA validation');
  }); // prettier-ignore

  it('a good code completes it, without a token, once', async () => {
    const id = requestOf(await login());
    const { status, auth } = await validate(id, codeNow());
    expect([status, auth.policies, auth.lease_duration, auth.entity_id]).deep.equal([200, ['app', 'default'], 600, entityId]);
    expect(auth.mfa_requirement).equal(null);
    expect((await ask('GET', 'auth/token/lookup-self', undefined, { token: auth.client_token })).status).equal(200);
    expect(await validate(id, codeNow(1))).deep.include({ status: 400, errors: ['invalid request ID'] });
  }); // prettier-ignore

  it('a code is good once: a second login with it is told so, and the request goes on waiting', async () => {
    await validate(requestOf(await login()), codeNow());
    const id = requestOf(await login());
    const again = await validate(id, codeNow());
    expect(again.status).equal(403);
    expect(again.errors[0]).match(/^failed to satisfy enforcement people\. error: 2 errors occurred:\n\t\* code already used; new code is available in 30 seconds\n/);
    await world.clock.advance(30_000);
    expect((await validate(id, codeNow())).status).equal(200);
  }); // prettier-ignore

  it('a code of the period before and after counts (skew 1), another does not', async () => {
    expect((await validate(requestOf(await login()), codeNow(-1))).status).equal(200);
    expect((await validate(requestOf(await login()), codeNow(1))).status).equal(200);
    const { status, errors } = await validate(requestOf(await login()), codeNow(2));
    expect(status).equal(403);
    expect(errors[0]).contain('failed to validate TOTP passcode').and.contain(`methodID: [${methodId}]`);
  });

  it('after five wrong codes nothing is looked at for a period', async () => {
    const id = requestOf(await login());
    for (let tries = 0; tries < 5; tries++) await validate(id, '000000x');
    expect((await validate(id, codeNow())).errors[0]).contain('exceeded the allowed attempts 5');
    await world.clock.advance(30_000);
    expect((await validate(id, codeNow())).status).equal(200);
  });

  it('a request waits five minutes', async () => {
    const id = requestOf(await login());
    await world.clock.advance(300_001);
    expect(await validate(id, codeNow())).deep.include({ status: 400, errors: ['invalid request ID'] });
  });

  it('5.2 a wrapped login wraps the empty token: no wrapped_accessor, and the requirement only inside', async () => {
    const wrapped = await ask(
      'POST',
      'auth/userpass/login/ann',
      { password: 'right' },
      {
        token: '',
        headers: { 'X-Vault-Wrap-TTL': '60s' },
      },
    );
    expect(wrapped.auth).equal(null);
    expect(wrapped.wrap_info.wrapped_accessor).equal(undefined);
    const inside = await ask('POST', 'sys/wrapping/unwrap', {}, { token: wrapped.wrap_info.token });
    expect(inside.auth.client_token).equal('');
    expect(inside.auth.mfa_requirement).to.not.equal(null);
  });

  it('asks nothing of others: another mount, another namespace, a login without an entity', async () => {
    await ask('POST', 'sys/auth/other', { type: 'userpass' });
    await ask('POST', 'auth/other/users/ann', { password: 'right' });
    const other = await ask('POST', 'auth/other/login/ann', { password: 'right' }, { token: '' });
    expect(other.auth.mfa_requirement).equal(null);
    expect(other.auth.client_token).to.not.equal('');
  });

  it('enforces by type and by entity too, and no more once it is deleted', async () => {
    await ask('DELETE', 'identity/mfa/login-enforcement/people');
    for (const whom of [{ auth_method_types: 'userpass' }, { identity_entity_ids: [entityId] }]) {
      await ask('POST', 'identity/mfa/login-enforcement/some', { mfa_method_ids: [methodId], ...whom });
      expect((await login()).auth.client_token).equal('');
      await ask('DELETE', 'identity/mfa/login-enforcement/some');
      expect((await login()).auth.client_token).to.not.equal('');
    }
  });

  it('shows methods and enforcements, and never a key again', async () => {
    expect((await ask('GET', `identity/mfa/method/totp/${methodId}`)).data).include({ name: 'phone', digits: 6, period: 30 });
    expect((await ask('LIST', 'identity/mfa/method/totp')).data.keys).deep.equal([methodId]);
    expect((await ask('GET', 'identity/mfa/login-enforcement/people')).data.mfa_method_ids).deep.equal([methodId]);
    expect((await ask('LIST', 'identity/mfa/login-enforcement')).data.keys).deep.equal(['people']);
    const body = { method_id: methodId, entity_id: entityId };
    const again = await ask('POST', 'identity/mfa/method/totp/admin-generate', body);
    expect([again.data, again.warnings?.[0]]).deep.equal([null, 'Entity already has a secret for MFA method "phone"']);
    await ask('POST', 'identity/mfa/method/totp/admin-destroy', body);
    expect((await ask('POST', 'identity/mfa/method/totp/admin-generate', body)).data.url).match(/^otpauth:\/\/totp\/vault:/);
  }); // prettier-ignore

  const wrong: readonly [string, object, string][] = [
    ['identity/mfa/method/totp', {}, 'issuer must be set'],
    ['identity/mfa/method/totp', { issuer: 'v', digits: 7 }, 'digits can only be 6 or 8'],
    ['identity/mfa/method/totp/admin-generate', {}, 'missing method ID'],
    ['identity/mfa/login-enforcement/x', {}, 'missing method ids'],
    ['identity/mfa/login-enforcement/x', { mfa_method_ids: ['no'] }, "one of the provided method ids doesn't exist"],
    ['sys/mfa/validate', {}, 'missing request ID'],
    ['sys/mfa/validate', { mfa_request_id: 'x' }, 'missing mfa payload'],
    ['sys/mfa/validate', { mfa_request_id: 'x', mfa_payload: { y: 'z' } }, 'invalid mfa payload'],
    ['sys/mfa/validate', { mfa_request_id: 'x', mfa_payload: {} }, 'invalid request ID'],
  ];
  for (const [path, body, error] of wrong)
    it(`refuses ${JSON.stringify(body)} at ${path}`, async () =>
      expect(await ask('POST', path, body)).deep.include({ status: 400, errors: [error] }));
});
