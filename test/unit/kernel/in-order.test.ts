import { expect } from 'chai';
import { inOrder } from '../../../core/kernel/in-order.js';

describe('inOrder', () => {
  const rows: [string, boolean][] = [
    ['/v1/auth/userpass/login/joe', true],
    ['/v1/ns1/auth/approle/login', true],
    ['/v1/login/auth/approle', false],
    ['/v1/auth/logi', false],
    ['/v1/login', false],
    ['', false],
  ];
  for (const [text, want] of rows) {
    it(`${text || 'nothing'} -> ${want}`, () => expect(inOrder(text, '/auth/', '/login')).to.equal(want));
  }
});
