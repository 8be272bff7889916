// The login of `claviger auth test -dry-run`: what may be seen of it.
import { expect } from 'chai';
import { maskedRequest } from '../../../core/cli/masked-request.js';
import { Secret, type LoginPlan } from '../../../core/sdk/index.js';

const AT = { address: new URL('https://user:hunter22@vault.example:8200'), namespace: 'team/', wrapTtlMs: 0 };

describe('cli/masked-request', () => {
  it('shows method, URL, the headers of the agent, and of the body only what the method lets be seen', () => {
    const plan: LoginPlan = {
      login: 'auth/jwt/login',
      body: { role: 'app', jwt: 'ey.secret', deep: { password: 'p' }, attempts: 3 },
      headers: ['Authorization', 'Negotiate secret'],
      show: ['role'],
    };
    expect(maskedRequest(plan, AT)).to.deep.equal({
      method: 'PUT',
      url: 'https://vault.example:8200/v1/auth/jwt/login',
      headers: {
        'X-Vault-Request': 'true',
        'X-Vault-Namespace': 'team/',
        'Content-Type': 'application/json',
        Authorization: '[secret]',
      },
      body: { role: 'app', jwt: '[secret]', deep: '[secret]', attempts: '[secret]' },
    });
  });

  it('without `show` nothing of the body is seen; a Secret that may be shown still is not', () => {
    const plan = { login: 'a/login', body: { one: '1', two: new Secret('2') } };
    expect(maskedRequest(plan, AT).body).to.deep.equal({ one: '[secret]', two: '[secret]' });
    expect(JSON.stringify(maskedRequest({ ...plan, show: ['two'] }, AT))).to.not.contain('"2"');
  });

  it('says that a certificate goes with it, and the wrapping of the agent', () => {
    const plan = { login: 'auth/cert/login', body: {}, tls: { cert: 'PEM', key: new Secret('PEM') } };
    const { client_certificate, headers } = maskedRequest(plan, { ...AT, wrapTtlMs: 300_000 });
    expect([client_certificate, headers['X-Vault-Wrap-TTL']]).to.deep.equal([true, '5m0s']);
  });

  it('a token that the method holds is looked up', () => {
    const request = maskedRequest({ token: new Secret('hvs.token') }, { ...AT, namespace: '' });
    expect(request).to.deep.equal({
      method: 'GET',
      url: 'https://vault.example:8200/v1/auth/token/lookup-self',
      headers: { 'X-Vault-Request': 'true', 'X-Vault-Token': '[secret]' },
    });
  });
});
