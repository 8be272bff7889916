import { expect } from 'chai';
import { Secret, deliveryJson, type Delivery } from '../../../core/sdk/index.js';

const at = (expiresAt: number): unknown => {
  const delivery: Delivery = {
    payload: new Secret('to"ken'),
    ...{ form: 'plain', identity: 'web', accessor: 'a-1', expiresAt, sequence: 1 },
  };
  return JSON.parse(deliveryJson(delivery));
};
const facts = { token: 'to"ken', form: 'plain', identity: 'web', accessor: 'a-1' };

describe('deliveryJson', () => {
  it('tells token, form, identity, accessor and the end', () => {
    expect(at(Date.UTC(2026, 0, 2))).to.deep.equal({ ...facts, expires_at: '2026-01-02T00:00:00.000Z' });
  });

  for (const expiresAt of [0, 8.64e15 + 1, Number.POSITIVE_INFINITY, Number.NaN])
    it(`has no end for ${String(expiresAt)}`, () => {
      expect(at(expiresAt)).to.deep.equal({ ...facts, expires_at: null });
    });
});
