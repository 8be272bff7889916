import { expect } from 'chai';
import {
  chooseTotp,
  methodNames,
  requirementOf,
  type MfaRequirement,
} from '../../../../core/auto-auth/mfa/requirement.js';
import type { AgentError } from '../../../../core/sdk/index.js';

const offer = (...constraints: readonly (readonly object[])[]): MfaRequirement => {
  const entries = constraints.map((any, index) => [`c${String(index)}`, { any }] as const);
  return requirementOf({ mfa_request_id: 'req', mfa_constraints: Object.fromEntries(entries) })!;
};
const PHONE = { type: 'totp', id: 'id-1', name: 'phone', uses_passcode: true };
const OTHER = { type: 'totp', id: 'id-2', name: 'other', uses_passcode: true };
const DUO = { type: 'duo', id: 'id-3', name: '', uses_passcode: false };

function refusedChoice(requirement: MfaRequirement, wanted = ''): AgentError {
  try {
    chooseTotp(requirement, wanted);
  } catch (error) {
    return error as AgentError;
  }
  throw new Error('it chose one');
}

describe('auto-auth/mfa/requirement', () => {
  it('no requirement: null, missing, or no object', () => {
    for (const block of [null, undefined, 'x', []]) expect(requirementOf(block)).to.equal(undefined);
  });

  it('an odd shape is a requirement without methods, never a crash', () => {
    for (const constraints of [null, 7, { c: null }, { c: { any: 'x' } }, { c: { any: [null, 3] } }])
      expect(methodNames(requirementOf({ mfa_constraints: constraints })!)).to.be.a('string');
    expect(methodNames(requirementOf({})!)).to.equal('it names no method');
  });

  it('names each method once, with type, name and id', () => {
    expect(methodNames(offer([PHONE, DUO], [PHONE]))).to.equal('totp "phone" (id-1), duo (id-3)');
  });

  const chosen: readonly [string, MfaRequirement, string, string][] = [
    ['the only TOTP method', offer([DUO, PHONE]), '', 'id-1'],
    ['the one named', offer([PHONE, OTHER]), 'other', 'id-2'],
    ['the one with the id', offer([PHONE, OTHER]), 'id-2', 'id-2'],
    ['one method for several enforcements', offer([PHONE], [PHONE, DUO]), '', 'id-1'],
  ];
  for (const [what, requirement, wanted, id] of chosen)
    it(`chooses ${what}`, () => expect(chooseTotp(requirement, wanted).id).to.equal(id));

  const unclear: readonly [string, MfaRequirement, string, RegExp][] = [
    ['two TOTP methods and none named', offer([PHONE, OTHER]), '', /name one of them/],
    ['no TOTP method at all', offer([DUO]), '', /none of them is TOTP/],
    ['a name that is not offered', offer([PHONE]), 'tablet', /mfa\.totp\.method is "tablet"/],
    ['the name of a method of another type', offer([{ ...DUO, name: 'phone' }]), 'phone', /correct it/],
    ['enforcements that want different methods', offer([PHONE], [OTHER]), '', /cannot answer all/],
    ['an enforcement without TOTP beside one with it', offer([PHONE], [DUO]), '', /cannot answer all/],
    ['no enforcement', offer(), '', /none of them is TOTP/],
  ];
  for (const [what, requirement, wanted, hint] of unclear)
    it(`AUTH_MFA_REQUIRED names the methods: ${what}`, () => {
      const error = refusedChoice(requirement, wanted);
      expect(error.code).to.equal('AUTH_MFA_REQUIRED');
      expect(error.message).to.contain(methodNames(requirement));
      expect(error.hint).to.match(hint);
    });

  it('server words in names are cleaned and capped', () => {
    const error = refusedChoice(offer([{ ...DUO, name: `hvs.${'A'.repeat(5000)}\u0000` }]));
    expect(error.message.length).to.be.lessThan(500);
    expect(error.message).to.not.contain('AAAAAAAA');
  });
});
