import { expect } from 'chai';
import { createTokenProof } from '../../../core/proxy/token-proof.js';
import { Secret, agentError, type Vault, type VaultAnswer, type VaultCall } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/index.js';
import { later } from './exchange-fake.js';

describe('the proof that a token lives (R-6)', () => {
  const clock = new VirtualClock();
  const make = (answer: () => Promise<VaultAnswer>) => {
    const calls: string[] = [];
    const vault: Vault = {
      request: (method: string, path: string, call?: VaultCall) => {
        calls.push(`${method} ${path} ${call?.token?.reveal()}`);
        return answer();
      },
    };
    return { calls, proof: createTokenProof({ vault, clock }) };
  };
  const answered = (status: number) => (): Promise<VaultAnswer> =>
    Promise.resolve({ status, body: undefined, headers: {} });

  for (const [status, want] of [
    [200, 'alive'],
    [403, 'dead'],
    [400, 'unknown'],
    [429, 'unknown'],
    [503, 'unknown'],
  ] as const) {
    it(`is GET sys/internal/ui/mounts with the token: ${status} means ${want} (R-6)`, async () => {
      const { calls, proof } = make(answered(status));
      expect(await proof(new Secret('hvs.a'))).to.equal(want);
      expect(calls).to.deep.equal(['GET sys/internal/ui/mounts hvs.a']);
    });
  }

  it('is unknown when the server cannot be reached; it never rejects', async () => {
    const { proof } = make(() => Promise.reject(agentError('UPSTREAM_UNREACHABLE', { address: 'a', why: 'b' })));
    expect(await proof(new Secret('hvs.a'))).to.equal('unknown');
  });

  it('is one at a time for a token (R-6)', async () => {
    const slow = later<VaultAnswer>();
    const { calls, proof } = make(() => slow.promise);
    const token = new Secret('hvs.a');
    const all = Array.from({ length: 10 }, () => proof(token));
    slow.resolve({ status: 403, body: undefined, headers: {} });
    expect(new Set(await Promise.all(all))).to.deep.equal(new Set(['dead']));
    expect(calls.length).to.equal(1);
  });

  it('remembers "alive" for 5 s, for that token only, and nothing else (R-6)', async () => {
    const token = new Secret('hvs.a');
    const { calls, proof } = make(answered(200));
    await proof(token);
    await clock.advance(4_999);
    expect(await proof(token)).to.equal('alive');
    expect(calls.length).to.equal(1);
    await proof(new Secret('hvs.b'));
    expect(calls.length).to.equal(2);
    await clock.advance(1);
    await proof(token);
    expect(calls.length).to.equal(3);
    const dead = make(answered(403));
    await dead.proof(token);
    await dead.proof(token);
    expect(dead.calls.length).to.equal(2);
  });
});
