import { expect } from 'chai';
import { LastReasons, MOST_PATHS } from '../../../core/proxy/last-reasons.js';

describe('what the last requests were told', () => {
  const asked = (path: string, method = 'GET', namespace = '') => ({ path, method, namespace });

  it('tells the last reason of a path, by method and namespace', () => {
    const reasons = new LastReasons();
    reasons.note(asked('/v1/a'), 'no-lease');
    reasons.note(asked('/v1/a'), 'not-renewable');
    reasons.note(asked('/v1/a', 'POST'), 'no-store');
    expect(reasons.of(asked('/v1/a'))).to.equal('not-renewable');
    expect(reasons.of(asked('/v1/a', 'POST'))).to.equal('no-store');
    expect([reasons.of(asked('/v1/b')), reasons.of(asked('/v1/a', 'GET', 'ns1/'))]).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it('stays bounded however clients vary their paths, and keeps what was asked last', () => {
    const reasons = new LastReasons();
    reasons.note(asked('/v1/kept'), 'full');
    for (let n = 1; n < MOST_PATHS; n++) reasons.note(asked(`/v1/${String(n)}`), 'no-lease');
    reasons.note(asked('/v1/kept'), 'full');
    reasons.note(asked('/v1/one-more'), 'no-lease');
    reasons.note(asked(`/v1/${'x'.repeat(600)}`), 'no-lease');
    expect(reasons.of(asked('/v1/kept'))).to.equal('full');
    expect(reasons.of(asked('/v1/1'))).to.equal(undefined);
    expect(reasons.of(asked(`/v1/${'x'.repeat(600)}`))).to.equal(undefined);
  });

  it('holds no path that may have a token or the id of a lease in it', () => {
    const reasons = new LastReasons();
    reasons.note(asked('/v1/auth/token/lookup/a-token'), 'token-upkeep');
    reasons.note(asked('/v1/sys/leases/lookup/x'), 'system');
    expect(reasons.of(asked('/v1/auth/token/lookup/a-token'))).to.equal(undefined);
    expect(reasons.of(asked('/v1/sys/leases/lookup/x'))).to.equal(undefined);
  });
});
