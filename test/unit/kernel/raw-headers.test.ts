import { expect } from 'chai';
import { headerOf, headersOf, sameName, withHeader, withoutHeaders } from '../../../core/kernel/raw-headers.js';

const list = ['Host', 'x', 'X-Vault-Token', 'one', 'x-vault-token', 'two', 'Accept', '*/*'];

describe('raw headers', () => {
  it('compares names without case', () => {
    expect(sameName('X-Vault-TOKEN', 'x-vault-token')).to.equal(true);
    expect(sameName('X-Vault-Tokens', 'x-vault-token')).to.equal(false);
  });

  it('takes the first of duplicated headers (corrections), or all of them', () => {
    expect(headerOf(list, 'x-vault-token')).to.equal('one');
    expect(headerOf(list, 'cookie')).to.equal(undefined);
    expect(headersOf(list, 'x-vault-token')).to.deep.equal(['one', 'two']);
  });

  it('removes and replaces in a copy, keeping order and case of the rest', () => {
    expect(withoutHeaders(list, ['x-vault-token', 'host'])).to.deep.equal(['Accept', '*/*']);
    expect(withHeader(list, 'X-VAULT-TOKEN', 'new')).to.deep.equal([
      'Host',
      'x',
      'X-Vault-Token',
      'new',
      'Accept',
      '*/*',
    ]);
    expect(withHeader(list, 'Age', '1').slice(-2)).to.deep.equal(['Age', '1']);
    expect(list.length).to.equal(8);
  });
});
