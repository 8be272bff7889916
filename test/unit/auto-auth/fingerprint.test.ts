import { expect } from 'chai';
import { fingerprint } from '../../../core/auto-auth/fingerprint.js';
import { Secret, type LoginPlan } from '../../../core/sdk/index.js';

const login = (more: object = {}): LoginPlan => ({ login: 'auth/x/login', body: { password: 'one' }, ...more });

describe('auto-auth/fingerprint', () => {
  it('is the same for the same credential, and shows nothing of it', () => {
    expect(fingerprint(login())).to.equal(fingerprint(login()));
    expect(fingerprint(login())).to.match(/^[\w+/]{43}=$/);
  });

  it('5.1: `credential` counts where the body differs each time', () => {
    const credential = new Secret('key');
    const one = fingerprint(login({ body: { signature: '1' }, credential }));
    expect(fingerprint(login({ body: { signature: '2' }, credential }))).to.equal(one);
    expect(fingerprint(login({ body: { signature: '2' }, credential: new Secret('other') }))).to.not.equal(one);
  });

  const others: readonly [string, LoginPlan][] = [
    ['another body', login({ body: { password: 'two' } })],
    ['another user in the path', { login: 'auth/x/login/u', body: { password: 'one' } }],
    ['a Secret in the body, which prints as a mask', login({ body: { password: new Secret('two') } })],
    ['another header', login({ headers: ['Authorization', 'Negotiate abc'] })],
    ['another certificate', login({ tls: { cert: 'PEM' } })],
    ['another key', login({ tls: { key: new Secret('PEM') } })],
    ['a token', { token: new Secret('one') }],
  ];
  for (const [what, plan] of others)
    it(`differs for ${what}`, () => expect(fingerprint(plan)).to.not.equal(fingerprint(login())));

  it('two Secrets in bodies differ', () => {
    const of = (text: string): string => fingerprint(login({ body: { deep: { secret: new Secret(text) } } }));
    expect(of('one')).to.not.equal(of('two'));
  });
});
