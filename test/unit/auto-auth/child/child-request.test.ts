import { expect } from 'chai';
import { childBody, childPath, sooner, whyNoChild } from '../../../../core/auto-auth/child/child-request.js';
import { readChild } from '../../../../core/auto-auth/child/mint-child.js';
import type { TokenState } from '../../../../core/contracts/token-feed.js';
import { Secret } from '../../../../core/sdk/index.js';
import { auth, CHILD } from '../handover-rig.js';

const PARENT: TokenState = {
  ...{ identity: 'default', form: 'plain', token: new Secret('t'), accessor: '', policies: [], renewable: true },
  ...{ kind: 'service', expiresAt: 0, sequence: 1 },
};

describe('auto-auth/child: what is asked for (issue 5)', () => {
  it('an empty block asks for a renewable service token and nothing else', () => {
    expect(childBody({ ...CHILD, policies: undefined })).to.deep.equal({
      type: 'service',
      display_name: 'claviger-sink',
      renewable: true,
    });
  });

  it('everything that is configured is asked for, durations in whole seconds', () => {
    const config = { ...CHILD, noDefaultPolicy: true, ttlMs: 90_500, periodMs: 60_000, numUses: 3, orphan: true };
    expect(childBody(config)).to.deep.equal({
      ...{ policies: ['narrow'], no_default_policy: true, ttl: '91s', period: '60s', num_uses: 3, no_parent: true },
      ...{ type: 'service', display_name: 'claviger-sink', renewable: false },
    });
  });

  it('batch tokens are asked for as not renewable', () => {
    expect(childBody({ ...CHILD, type: 'batch' })).to.include({ type: 'batch', renewable: false });
  });

  it('a role is part of the path, escaped', () => {
    expect([childPath(CHILD), childPath({ ...CHILD, role: 'a/b c' })]).to.deep.equal([
      'auth/token/create',
      'auth/token/create/a%2Fb%20c',
    ]);
  });

  for (const [what, over, why] of [
    ['batch', { kind: 'batch' }, /batch/],
    ['limited', { numUses: 2 }, /limited number of uses/],
    ['wrapped', { form: 'wrapped' }, /wrapped/],
  ] as const) {
    it(`a ${what} token cannot have children, and nobody has to ask (corrections, server)`, () => {
      expect(whyNoChild({ ...PARENT, ...over })).to.match(why);
    });
  }

  it('any other token may', () => {
    expect([whyNoChild(PARENT), whyNoChild({ ...PARENT, kind: 'unknown' })]).to.deep.equal([undefined, undefined]);
  });

  for (const [one, other, end] of [
    [0, 0, 0],
    [0, 5, 5],
    [5, 0, 5],
    [3, 5, 3],
    [5, 3, 3],
  ] as const) {
    it(`of the ends ${String(one)} and ${String(other)} the sooner is ${String(end)}, 0 being none`, () => {
      expect(sooner(one, other)).to.equal(end);
    });
  }
});

describe('auto-auth/child: what an answer gives', () => {
  const read = (more: object, config = CHILD) => readChild({ ...auth('c1', more), headers: {} }, config);

  it('a child, its life, and the policies that it has besides its own', () => {
    const minted = read({ identity_policies: ['wide', 7], num_uses: 0 });
    if ('error' in minted) throw minted.error;
    expect(minted.identityPolicies).to.deep.equal(['wide']);
    expect(minted.grant).to.deep.include({ kind: 'service', ttlMs: 3_600_000, renewable: true, accessor: 'acc-c1' });
  });

  for (const [what, more, config] of [
    ['it was asked for with limited uses', {}, { ...CHILD, numUses: 1 }],
    ['its role limits the uses', { num_uses: 4 }, CHILD],
    ['it is a batch token', { token_type: 'batch' }, CHILD],
    ['the server says so', { renewable: false }, CHILD],
  ] as const) {
    it(`a child is not renewed when ${what}`, () => {
      const minted = read(more, config);
      expect('grant' in minted && minted.grant.renewable).to.equal(false);
    });
  }

  for (const [what, body] of [
    ['no body', undefined],
    ['no auth block', { data: {} }],
    ['an empty token', { auth: { client_token: '' } }],
  ] as const) {
    it(`an answer with ${what} is SINK_CHILD_FAILED`, () => {
      const minted = readChild({ status: 200, body, headers: {} }, CHILD);
      expect('error' in minted && minted.error.code).to.equal('SINK_CHILD_FAILED');
    });
  }
});
