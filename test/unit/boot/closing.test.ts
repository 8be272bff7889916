import { expect } from 'chai';
import { Closing } from '../../../core/boot/closing.js';
import type { Bound } from '../../../core/sdk/index.js';

describe('closing of listeners', () => {
  const house = (outcomes: readonly Promise<void>[]) => {
    const events: string[] = [];
    const closing = new Closing(5000);
    outcomes.forEach((outcome, index) => {
      const close: Bound['close'] = (graceMs) => (events.push(`close ${index} ${graceMs}`), outcome);
      closing.opened(index, { url: 'http://x', close });
    });
    return { closing, events };
  };

  it('the first stop closes all, once, and waits for its own only', async () => {
    const { closing, events } = house([new Promise(() => undefined), Promise.resolve()]);
    await closing.closed(1);
    expect(events).to.deep.equal(['close 0 5000', 'close 1 5000']);
    await closing.closed(1);
    expect(events).to.have.length(2);
  });

  it('an error belongs to the listener that had it, also when its turn comes late', async () => {
    const { closing } = house([Promise.reject(new Error('stuck')), Promise.resolve()]);
    await closing.closed(1);
    await new Promise((turn) => setImmediate(turn));
    expect(await closing.closed(0).catch((error: unknown) => (error as Error).message)).to.equal('stuck');
  });

  it('a listener that was never bound has nothing to close', async () => {
    await new Closing(5000).closed(3);
  });
});
