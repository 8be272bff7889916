import { expect } from 'chai';
import { DEAD_MS, ScopeLock } from '../../../../core/cache/journal/scope-lock.js';
import { AgentError } from '../../../../core/sdk/index.js';
import { VirtualClock } from '../../../../core/sdk/testing/index.js';
import { SharedMemory, type StoreView } from '../shared/shared-memory.js';

interface Locker {
  readonly lock: ScopeLock;
  readonly store: StoreView;
  readonly lost: unknown[];
}

describe('cache/journal/scope-lock', () => {
  let clock: VirtualClock;
  let memory: SharedMemory;
  const signal = new AbortController().signal;
  const locker = (scope = 'web/'): Locker => {
    const store = memory.view();
    const lost: unknown[] = [];
    return { store, lost, lock: new ScopeLock({ store, scope, clock, onLost: (error) => lost.push(error) }) };
  };
  const outcome = async (work: Promise<void>): Promise<unknown> => {
    const ended = work.then(
      () => 'taken',
      (error: unknown) => error,
    );
    await clock.advance(DEAD_MS);
    return ended;
  };

  beforeEach(() => {
    clock = new VirtualClock();
    memory = new SharedMemory(clock);
  });

  it('is taken at once, and again after a release', async () => {
    const [one, two] = [locker(), locker()];
    await one.lock.take(signal);
    await one.lock.release();
    await two.lock.take(signal);
    await two.lock.release();
    expect(memory.records.size).to.equal(0);
  });

  it('another agent of the same name gets CACHE_STORE_LOCKED that says what to do, however long it asks; one of another name does not', async () => {
    const [one, two, three] = [locker(), locker(), locker('other/')];
    await one.lock.take(signal);
    for (let turn = 0; turn < 3; turn++) {
      const error = await outcome(two.lock.take(signal));
      expect(error).to.be.instanceOf(AgentError);
      expect((error as AgentError).code).to.equal('CACHE_STORE_LOCKED');
      expect(`${(error as AgentError).message} ${String((error as AgentError).hint)}`).to.match(/"web".*instance/);
    }
    await three.lock.take(signal);
    expect(one.lost).to.deep.equal([]);
    await Promise.all([one.lock.release(), three.lock.release()]);
  });

  it('of an owner that shows no life it is taken over; the owner hears of it and leaves the record alone', async () => {
    const [one, two] = [locker(), locker()];
    await one.lock.take(signal);
    one.store.away = true;
    expect(await outcome(two.lock.take(signal))).to.equal('taken');
    one.store.away = false;
    await clock.advance(2_000);
    expect(one.lost.map((error) => (error as AgentError).code)).to.deep.equal(['CACHE_STORE_LOCKED']);
    await one.lock.release();
    await clock.advance(60_000);
    expect([one.lost.length, two.lost.length, memory.records.size]).to.deep.equal([1, 0, 1]);
    await two.lock.release();
  });

  it('is written anew when the store has lost its data', async () => {
    const { lock, lost } = locker();
    await lock.take(signal);
    memory.records.clear();
    await clock.advance(2_000);
    expect([memory.records.size, lost]).to.deep.equal([1, []]);
    await lock.release();
  });

  it('waiting for a dead owner ends with the signal', async () => {
    const [one, two] = [locker(), locker()];
    await one.lock.take(signal);
    const stop = new AbortController();
    const ended = outcome(two.lock.take(stop.signal));
    stop.abort(new Error('the agent stops'));
    expect(String(await ended)).to.contain('the agent stops');
    await one.lock.release();
    expect(clock.pending).to.equal(0);
  });
});
