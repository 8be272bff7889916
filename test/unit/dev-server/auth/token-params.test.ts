import { expect } from 'chai';
import { isFault } from '../../../../core/dev-server/backend.js';
import { cidrsContain, cidrsWithin, isCidr, shownCidr } from '../../../../core/dev-server/auth/cidr.js';
import { orderOf, readTokenParams, shownTokenParams } from '../../../../core/dev-server/auth/token-params.js';

describe('dev-server/auth/token-params', () => {
  const refused: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ token_ttl: '2h', token_max_ttl: '1h' }, "'token_ttl' cannot be greater than 'token_max_ttl'"],
    [{ token_ttl: -1 }, "'token_ttl' cannot be negative"],
    [{ token_num_uses: -1 }, "'token_num_uses' cannot be negative"],
    [{ token_type: 'odd' }, `invalid 'token_type' value "odd"`],
    [{ token_type: 'batch', token_period: '1h' }, 'periodic tokens'],
    [{ token_type: 'batch', token_num_uses: 1 }, 'limited use count'],
    [{ token_bound_cidrs: 'nowhere' }, 'error parsing address "nowhere"'],
    [{ token_ttl: 'soon' }, 'time: invalid duration "soon"'],
  ];
  for (const [body, text] of refused) {
    it(`refuses ${JSON.stringify(body)} with a 400`, () => {
      try {
        readTokenParams(body);
        expect.fail('was accepted');
      } catch (error) {
        if (!isFault(error)) throw error;
        expect(error.fault.status).equal(400);
        expect(error.fault.errors[0]).contain(text);
      }
    });
  }

  it('keeps what a later write does not name, cleans policies, and knows old names', () => {
    const first = readTokenParams({ policies: 'B, a,b', ttl: '1h', token_num_uses: 3 });
    const second = readTokenParams({ token_num_uses: 0 }, first);
    expect(second.policies).deep.equal(['a', 'b']);
    expect(second).include({ ttlMs: 3_600_000, numUses: 0 });
    expect(shownTokenParams(second)).include({ token_ttl: 3600, token_type: 'default' });
  });

  it('binds a token to the address of the login when it is asked to', () => {
    const params = readTokenParams({ token_strictly_bind_ip: true });
    expect(orderOf(params, '10.1.2.3').boundCidrs).deep.equal(['10.1.2.3']);
  });
});

describe('dev-server/auth/cidr', () => {
  it('tells blocks from other texts', () => {
    for (const good of ['10.0.0.0/8', '127.0.0.1', '::1/128', 'fd00::/8']) expect(isCidr(good), good).equal(true);
    for (const bad of ['', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/', 'x', '10.0.0.0/8/8', '::/129']) {
      expect(isCidr(bad), bad).equal(false);
    }
  });

  it('tells what a block holds', () => {
    expect(cidrsContain(['10.0.0.0/8', 'fd00::/8'], '10.255.0.1')).equal(true);
    expect(cidrsContain(['10.0.0.0/8', 'fd00::/8'], 'fd12::1')).equal(true);
    expect(cidrsContain(['10.0.0.0/8'], '11.0.0.1')).equal(false);
    expect(cidrsContain([], '10.0.0.1')).equal(false);
    expect(cidrsWithin(['10.1.0.0/16'], ['10.0.0.0/8'])).equal(true);
    expect(cidrsWithin(['10.0.0.0/8'], ['10.1.0.0/16'])).equal(false);
  });

  it('shows single hosts without a length', () => {
    expect(shownCidr('127.0.0.1/32')).equal('127.0.0.1');
    expect(shownCidr('10.0.0.0/8')).equal('10.0.0.0/8');
  });
});
