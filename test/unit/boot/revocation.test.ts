import { expect } from 'chai';
import type { RunningIdentity } from '../../../core/auto-auth/identity.js';
import { revocationOf } from '../../../core/boot/revocation.js';
import type { AgentConfig } from '../../../core/contracts/agent-config.js';
import { VirtualClock, settle } from '../../../core/sdk/testing/virtual-clock.js';

const config = (...revoking: boolean[]): AgentConfig =>
  ({ identities: revoking.map((revokeOnShutdown) => ({ revokeOnShutdown })) }) as unknown as AgentConfig;
const never = new AbortController().signal;

describe('boot/revocation', () => {
  const identity = (revoke: (signal: AbortSignal) => Promise<void>): RunningIdentity =>
    ({ revoke }) as unknown as RunningIdentity;
  const hanging = (ended: string[], name: string): RunningIdentity =>
    identity(
      (signal) => new Promise((resolve) => signal.addEventListener('abort', () => (ended.push(name), resolve()))),
    );

  it('is no part of an agent where nothing is revoked', () => {
    expect(revocationOf(config(false, false), [], new VirtualClock())).to.equal(undefined);
  });

  it('revokes all identities at once when it is stopped, within five seconds in all', async () => {
    const clock = new VirtualClock();
    const ended: string[] = [];
    const part = revocationOf(config(false, true), [hanging(ended, 'a'), hanging(ended, 'b')], clock);
    const stopping = part!.stop!(never);
    await clock.advance(4_999);
    expect(ended).to.deep.equal([]);
    await clock.advance(1);
    await stopping;
    expect(ended).to.deep.equal(['a', 'b']);
    expect(part!.leastStopMs).to.be.greaterThan(5_000);
  });

  it('ends earlier when the stop is cut, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const ended: string[] = [];
    const cut = new AbortController();
    const stopping = revocationOf(config(true), [hanging(ended, 'a')], clock)!.stop!(cut.signal);
    await settle();
    cut.abort();
    await stopping;
    expect([ended, clock.pending]).to.deep.equal([['a'], 0]);
  });
});
