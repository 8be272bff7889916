import { expect } from 'chai';
import { StatusBoard } from '../../../core/boot/health.js';
import { Lifecycle, type Living } from '../../../core/boot/lifecycle.js';
import { agentError } from '../../../core/sdk/index.js';
import { VirtualClock, settle } from '../../../core/sdk/testing/virtual-clock.js';

function house() {
  const clock = new VirtualClock();
  const board = new StatusBoard(() => clock.now());
  const events: string[] = [];
  const living = (id: string, extra: Partial<Living> = {}): Living => ({
    id,
    label: `sink "${id}"`,
    start: async () => void events.push(`start ${id}`),
    stop: async () => void events.push(`stop ${id}`),
    ...extra,
  });
  return { clock, board, events, living, lifecycle: new Lifecycle({ clock, board }) };
}

const states = (board: StatusBoard) => board.view().map(({ id, state }) => `${id} ${state}`);

describe('lifecycle', () => {
  it('starts in order and stops in reverse', async () => {
    const { lifecycle, events, living, board } = house();
    await lifecycle.start(living('a'));
    await lifecycle.start(living('b'));
    expect(states(board)).to.deep.equal(['a ok', 'b ok']);
    expect(await lifecycle.stop(1000)).to.deep.equal([]);
    expect(events).to.deep.equal(['start a', 'start b', 'stop b', 'stop a']);
    expect(states(board)).to.deep.equal(['a stopped', 'b stopped']);
  });

  it('a start that hangs is ended after 10 s with an error that names the culprit', async () => {
    const { lifecycle, living, clock } = house();
    let aborted = false;
    const hanging = living('slow', {
      start: (signal) => new Promise(() => signal.addEventListener('abort', () => (aborted = true))),
    });
    const starting = lifecycle.start(hanging).catch((error: unknown) => error as Error & { code: string });
    await clock.advance(9_999);
    expect(aborted).to.equal(false);
    await clock.advance(1);
    const error = (await starting) as Error & { code: string };
    expect(error.code).to.equal('PLUGIN_START_TIMEOUT');
    expect(error.message).to.equal('sink "slow" did not start within 10 s');
    expect(aborted).to.equal(true);
  });

  it('what needs time at its stop gets it, however little of the grace is left', async () => {
    const { lifecycle, living, clock } = house();
    let ended = false;
    const slow = (): Promise<void> => clock.sleep(3_000).then(() => void (ended = true));
    await lifecycle.start(living('a', { stop: slow, leastStopMs: 6_000 }));
    await lifecycle.start(living('b', { stop: () => new Promise(() => undefined) }));
    const stopping = lifecycle.stop(1_000);
    await clock.advance(4_000);
    expect((await stopping).map((error) => (error as Error & { code: string }).code)).to.deep.equal([
      'PLUGIN_CALL_TIMEOUT',
    ]);
    expect(ended).to.equal(true);
  });

  it('a stop during a start tells it to end, waits for it, stops it too, and lets nothing else start', async () => {
    const { lifecycle, events, living } = house();
    let finish = (): void => undefined;
    const late = living('late', {
      start: (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => events.push('told'));
          finish = () => (events.push('start late'), resolve());
        }),
    });
    const starting = lifecycle.start(late);
    const stopping = lifecycle.stop(1000);
    await settle();
    expect(events).to.deep.equal(['told']);
    finish();
    await starting;
    expect(await stopping).to.deep.equal([]);
    expect(events).to.deep.equal(['told', 'start late', 'stop late']);
    const error = await lifecycle.start(living('next')).catch((thrown: unknown) => thrown as Error & { code: string });
    expect(error).to.include({ code: 'PLUGIN_START' });
    expect(events).to.not.include('start next');
  });

  it('an error with act "wait" is degraded, not the end of the boot', async () => {
    const { lifecycle, living, board } = house();
    await lifecycle.start(
      living('later', { start: () => Promise.reject(agentError('CACHE_STORE_UNAVAILABLE', { why: 'down' })) }),
    );
    expect(board.view()[0]).to.include({ state: 'degraded' });
    expect(board.view()[0]!.error!.code).to.equal('CACHE_STORE_UNAVAILABLE');
  });

  it('an error with act "wait" ends the boot where the component must start (exit_on_err)', async () => {
    const { lifecycle, living } = house();
    const away = agentError('CACHE_STORE_UNAVAILABLE', { why: 'not there' });
    const strict = living('store', { mustStart: true, start: () => Promise.reject(away) });
    expect(await lifecycle.start(strict).catch((error: unknown) => error)).to.equal(away);
  });

  it('what a component said of itself while it started stays', async () => {
    const { lifecycle, living, board } = house();
    const away = agentError('CACHE_STORE_UNAVAILABLE', { why: 'not there' });
    await lifecycle.start(living('store', { start: async () => board.reporter('store').degraded(away) }));
    expect(states(board)).to.deep.equal(['store degraded']);
  });

  it('a plain error of a plugin is wrapped with its name', async () => {
    const { lifecycle, living } = house();
    const error = await lifecycle
      .start(living('bad', { start: () => Promise.reject(new Error('boom')) }))
      .catch((e: unknown) => e as Error);
    expect(error).to.include({ code: 'PLUGIN_START', message: 'sink "bad" did not start: boom' });
  });

  it('stops the others when one fails to stop or hangs, and collects the errors', async () => {
    const { lifecycle, living, events, clock } = house();
    await lifecycle.start(living('a'));
    await lifecycle.start(living('hangs', { stop: () => new Promise(() => undefined) }));
    await lifecycle.start(living('fails', { stop: () => Promise.reject(new Error('no')) }));
    const stopping = lifecycle.stop(5000);
    await settle();
    await clock.advance(5000);
    expect((await stopping).map((error) => (error as Error).message)).to.deep.equal([
      'no',
      'sink "hangs" did not finish stop within 5 s',
    ]);
    expect(events.at(-1)).to.equal('stop a');
  });

  it('a second stop does nothing', async () => {
    const { lifecycle, living, events } = house();
    await lifecycle.start(living('a'));
    await lifecycle.stop(1000);
    await lifecycle.stop(1000);
    expect(events).to.deep.equal(['start a', 'stop a']);
  });
});

describe('component states', () => {
  it('follow the table; illegal changes are ignored and counted; failed is sticky', () => {
    const board = new StatusBoard(() => 1);
    board.add('x');
    const report = board.reporter('x');
    report.ok();
    report.degraded(agentError('CACHE_STORE_UNAVAILABLE', { why: 'a' }));
    report.ok();
    report.failed(agentError('CACHE_STORE_UNAVAILABLE', { why: 'b' }));
    report.ok();
    expect(board.view()[0]!.state).to.equal('failed');
    expect(board.illegalChanges).to.equal(1);
    board.set('unknown', 'ok');
    expect(board.illegalChanges).to.equal(2);
  });
});
