import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { Attempt } from '../../../core/vault/attempt.js';
import { InFlight } from '../../../core/vault/in-flight.js';

describe('vault/in-flight', () => {
  const rig = () => {
    const clock = new VirtualClock();
    const inFlight = new InFlight(clock);
    const control = new AbortController();
    let asked = 0;
    const source = Object.defineProperty({}, 'signal', { get: () => ((asked += 1), control.signal) });
    const attempt = new Attempt('http://x', (ended) => inFlight.remove(ended));
    inFlight.add({ attempt, deadline: clock.now() + 1000, timeoutMs: 1000, source });
    return { clock, inFlight, control, attempt, asked: () => asked };
  };

  it('asks for the signal once, and only of who is still waiting', async () => {
    const { clock, asked } = rig();
    expect(asked()).to.equal(0);
    await clock.advance(500);
    expect(asked()).to.equal(1);
  });
  it('a stream that flows is bounded by nothing and costs no timer, but its signal still ends it', async () => {
    const { clock, inFlight, control, attempt } = rig();
    attempt.onHeaders(200, [], () => undefined);
    attempt.pipeTo(new PassThrough());
    await clock.advance(5000);
    expect([attempt.ended, clock.pending]).to.deep.equal([false, 0]);
    control.abort();
    expect([attempt.ended, inFlight.size]).to.deep.equal([true, 0]);
  });
  it('a body that is collected and stops in the middle fails at the bound (U-7)', async () => {
    const { clock, attempt } = rig();
    attempt.onHeaders(200, [], () => undefined);
    attempt.onData(Buffer.from('{'));
    const outcome = attempt.collect(1000).catch((error: unknown) => error);
    await clock.advance(1100);
    expect(await outcome).to.have.property('code', 'UPSTREAM_TIMEOUT');
  });
  it('a body that nobody wants and that stops in the middle gives its connection up at the bound', async () => {
    const { clock, attempt, inFlight } = rig();
    let reason: Error | undefined;
    attempt.onConnect((why) => (reason = why));
    attempt.onHeaders(503, [], () => undefined);
    attempt.discard();
    await clock.advance(1100);
    expect(reason).to.have.property('code', 'UPSTREAM_TIMEOUT');
    expect(inFlight.size).to.equal(0);
  });
  it('leaves no timer when nothing is under way', async () => {
    const { clock, attempt } = rig();
    attempt.cancel();
    await clock.advance(100);
    expect(clock.pending).to.equal(0);
  });
  it('an attempt that is cancelled while it waits for a connection is aborted when it gets one', () => {
    const { attempt } = rig();
    attempt.cancel();
    let reason: Error | undefined;
    attempt.onConnect((why) => (reason = why));
    expect(reason).to.have.property('code', 'UPSTREAM_CANCELLED');
  });
  it('a late drain of a finished answer does not wake the next user of the connection', async () => {
    const { attempt } = rig();
    let woken = 0;
    attempt.onHeaders(200, [], () => (woken += 1));
    attempt.onComplete();
    attempt.discard();
    expect(woken).to.equal(0);
  });
  it('stop cancels all', async () => {
    const { clock, inFlight, attempt } = rig();
    inFlight.stop();
    expect((await attempt.head)?.kind).to.equal('cancelled');
    expect([inFlight.size, clock.pending]).to.deep.equal([0, 0]);
  });
});
