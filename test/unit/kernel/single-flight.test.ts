import { expect } from 'chai';
import { SingleFlight } from '../../../core/kernel/single-flight.js';
import { settle } from '../../../core/sdk/testing/index.js';

interface Run {
  signal: AbortSignal;
  resolve: (value: string) => void;
  reject: (error: Error) => void;
}

describe('single flight', () => {
  const make = (keep = false) => {
    const flights = new SingleFlight<string>();
    const runs: Run[] = [];
    const join = (key: string, signal = new AbortController().signal) =>
      flights.join(key, signal, (own, mustEnd) => {
        if (keep) mustEnd();
        return new Promise((resolve, reject) => runs.push({ signal: own, resolve, reject }));
      });
    return { flights, runs, join };
  };

  it('runs once per key for all that ask while it runs, then anew', async () => {
    const { flights, runs, join } = make();
    const seats = [join('a'), join('a'), join('b')];
    expect([runs.length, flights.size, seats.map((seat) => seat.first)]).to.deep.equal([2, 2, [true, false, true]]);
    runs[0]!.resolve('one');
    expect(await Promise.all([seats[0]!.outcome, seats[1]!.outcome])).to.deep.equal(['one', 'one']);
    expect([flights.has('a'), flights.has('b')]).to.deep.equal([false, true]);
    expect(join('a').first).to.equal(true);
    expect(runs.length).to.equal(3);
  });

  it('gives a failure to all, and forgets it', async () => {
    const { runs, join } = make();
    const seats = [join('a'), join('a')];
    const seen = Promise.all(seats.map((seat) => seat.outcome.catch((error: Error) => error.message)));
    runs[0]!.reject(new Error('no'));
    expect(await seen).to.deep.equal(['no', 'no']);
    expect(join('a').first).to.equal(true);
  });

  it('lets one leave without the others, and stops the run when the last one left (D-30)', async () => {
    const { runs, join } = make();
    const [first, second] = [new AbortController(), new AbortController()];
    const seen = [join('a', first.signal), join('a', second.signal)].map((seat) =>
      seat.outcome.catch((error: Error) => error.message),
    );
    first.abort(new Error('first left'));
    expect(await seen[0]).to.equal('first left');
    expect(runs[0]!.signal.aborted).to.equal(false);
    second.abort(new Error('second left'));
    expect(await seen[1]).to.equal('second left');
    expect(runs[0]!.signal.aborted).to.equal(true);
  });

  it('finishes a run that must be kept, although nobody waits', async () => {
    const { flights, runs, join } = make(true);
    const leaving = new AbortController();
    const seen = join('a', leaving.signal).outcome.catch((error: Error) => error.message);
    leaving.abort(new Error('left'));
    await seen;
    expect([runs[0]!.signal.aborted, flights.has('a')]).to.deep.equal([false, true]);
    const late = join('a');
    expect(late.first).to.equal(false);
    runs[0]!.resolve('kept');
    expect(await late.outcome).to.equal('kept');
  });

  it('stops a run that every one left before it said that it must be kept; who asks then gets a new one', async () => {
    const { flights, runs, join } = make();
    const leaving = new AbortController();
    const seen = join('a', leaving.signal).outcome.catch((error: Error) => error.message);
    leaving.abort(new Error('left'));
    await seen;
    expect([runs[0]!.signal.aborted, flights.has('a')]).to.deep.equal([true, false]);
    const late = join('a');
    expect(late.first).to.equal(true);
    runs[0]!.reject(new Error('given up'));
    await settle();
    expect(flights.has('a')).to.equal(true);
    runs[1]!.resolve('new');
    expect(await late.outcome).to.equal('new');
  });

  it('makes no unhandled rejection of a failure that nobody waits for', async () => {
    const { runs, join } = make(true);
    const leaving = new AbortController();
    const seen = join('a', leaving.signal).outcome.catch(() => undefined);
    leaving.abort(new Error('left'));
    await seen;
    runs[0]!.reject(new Error('late'));
    await settle();
  });
});
