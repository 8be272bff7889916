import { expect } from 'chai';
import { isDead, isRevocable, revokeToken } from '../../../core/auto-auth/revoke.js';
import { agentError, Secret } from '../../../core/sdk/index.js';
import { makeFakes } from '../../../core/sdk/testing/fakes.js';
import { settle } from '../../../core/sdk/testing/virtual-clock.js';
import { errors, PROOF, REVOKE } from './handover-rig.js';

const TOKEN = new Secret('planted-token');

describe('auto-auth/revoke', () => {
  function rig() {
    const { vault, clock } = makeFakes();
    const bound = new AbortController();
    const parts = { vault, clock, namespace: 'ns1/', signal: bound.signal };
    const revoke = (): Promise<string | undefined> =>
      revokeToken(parts, TOKEN, 'a token').then((error) => error?.message);
    return { vault, clock, bound, parts, revoke };
  }

  it('revokes the token with itself, in its namespace', async () => {
    const { vault, revoke } = rig();
    vault.on('PUT', REVOKE, { status: 204 });
    expect(await revoke()).to.equal(undefined);
    const [first, ...others] = vault.calls;
    expect([first?.call.token?.reveal(), first?.call.namespace, others.length]).to.deep.equal([
      'planted-token',
      'ns1/',
      0,
    ]);
  });

  it('a token that is dead already is what was wanted', async () => {
    const { vault, revoke } = rig();
    vault.on('PUT', REVOKE, errors(403, 'permission denied')).on('GET', PROOF, { status: 403 });
    expect(await revoke()).to.equal(undefined);
  });

  it('a refusal is told once, without the token', async () => {
    const { vault, revoke } = rig();
    vault.on('PUT', REVOKE, errors(403, 'planted-token may not')).on('GET', PROOF, { status: 200 });
    expect(await revoke()).to.equal(
      'a token could not be revoked and lives until it expires: the server answered 403 [secret] may not',
    );
    expect(vault.calls).to.have.length(2);
  });

  for (const [what, script] of [
    ['answers 503', errors(503, 'sealed')],
    ['cannot be reached', agentError('UPSTREAM_UNREACHABLE', { address: 'x', why: 'refused' })],
  ] as const) {
    it(`a server that ${what} is asked three times`, async () => {
      const { vault, clock, revoke } = rig();
      vault.on('PUT', REVOKE, script);
      const ending = revoke();
      await clock.advance(499);
      expect(vault.calls).to.have.length(1);
      await clock.advance(1_001);
      expect(await ending).to.match(/could not be revoked/);
      expect(vault.calls).to.have.length(3);
    });
  }

  it('ends with the bound, also in a pause, and asks nothing after it', async () => {
    const { vault, clock, bound, revoke } = rig();
    vault.on('PUT', REVOKE, errors(503, 'sealed'));
    const ending = revoke();
    await settle();
    bound.abort();
    expect(await ending).to.match(/there was no time left$/);
    expect([await revoke(), vault.calls.length, clock.pending]).to.deep.equal([
      'a token could not be revoked and lives until it expires: there was no time left',
      1,
      0,
    ]);
  });

  for (const [status, dead] of [
    [200, false],
    [403, true],
    [503, false],
  ] as const) {
    it(`${String(status)} of sys/internal/ui/mounts means that a token ${dead ? 'is dead' : 'is not known to be dead'} (corrections, server)`, async () => {
      const { vault, parts } = rig();
      vault.on('GET', PROOF, { status });
      expect(await isDead(parts, TOKEN)).to.equal(dead);
    });
  }

  for (const [what, form, kind, endsAt, revocable] of [
    ['a service token', 'plain', 'service', 0, true],
    ['one of unknown kind', 'plain', 'unknown', 11, true],
    ['one that is over', 'plain', 'service', 10, false],
    ['a batch token', 'plain', 'batch', 0, false],
    ['a wrapped one', 'wrapped', 'unknown', 0, false],
  ] as const) {
    it(`${what} is ${revocable ? '' : 'not '}worth a revocation`, () => {
      expect(isRevocable({ form, kind }, endsAt, 10)).to.equal(revocable);
    });
  }
});
