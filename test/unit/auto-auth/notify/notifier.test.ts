import { expect } from 'chai';
import { Notifier } from '../../../../core/auto-auth/notify/notifier.js';
import type { News, Target } from '../../../../core/auto-auth/notify/target.js';
import { makeFakes } from '../../../../core/sdk/testing/fakes.js';
import { settle } from '../../../../core/sdk/testing/virtual-clock.js';

const news = (sequence: number): News => ({ identity: 'default', sink: 's', sequence });

describe('auto-auth/notifier', () => {
  function rig(answers: (string | undefined | Error)[] = []) {
    const { clock, log } = makeFakes();
    const sent: number[] = [];
    const told: (string | undefined)[] = [];
    const held: (() => void)[] = [];
    const slow = { on: false };
    const target: Target = {
      kind: 'command',
      name: 'the program /bin/x',
      async send({ sequence }, signal) {
        sent.push(sequence);
        const answer = answers.shift();
        if (slow.on)
          await new Promise<void>((resolve, reject) => {
            held.push(resolve);
            signal.addEventListener('abort', () => reject(new Error('stopped')));
          });
        if (answer instanceof Error) throw answer;
        return answer;
      },
    };
    const notifier = new Notifier(target, {
      ...{ clock, log, random: () => 0, sink: 's', retry: { baseMs: 2_000, share: 0.5, factor: 1.5, maxMs: 20_000 } },
      onTold: (kind, error) => told.push(error ? error.code : `${kind} told`),
    });
    const go = async (sequence: number): Promise<void> => {
      notifier.tell(news(sequence));
      await settle();
    };
    return { clock, log, sent, told, held, slow, notifier, go };
  }

  it('tells once', async () => {
    const it_ = rig();
    await it_.go(1);
    await it_.clock.advance(100_000);
    expect([it_.sent, it_.told]).to.deep.equal([[1], ['command told']]);
    await it_.notifier.idle();
  });

  it('tries again with growing pauses, and is well again after that', async () => {
    const it_ = rig(['it ended with code 1', new Error('odd')]);
    await it_.go(1);
    await it_.clock.advance(999);
    expect(it_.sent).to.deep.equal([1]);
    await it_.clock.advance(1);
    expect(it_.sent).to.deep.equal([1, 1]);
    await it_.clock.advance(1_500);
    expect(it_.told).to.deep.equal(['SINK_NOTIFY_FAILED', 'SINK_NOTIFY_FAILED', 'command told']);
  });

  it('gives up after three tries, with a warning in words', async () => {
    const it_ = rig(['no', 'no', 'no', 'no']);
    await it_.go(1);
    await it_.clock.advance(600_000);
    expect(it_.sent).to.deep.equal([1, 1, 1]);
    const last = it_.log.lines.at(-1);
    expect([last?.level, last?.message, last?.fields]).to.deep.equal([
      'warn',
      'error notifying of a delivery, giving up',
      { sink: 's', error: 'SINK_NOTIFY_FAILED: the program /bin/x could not be told of a delivery: no' },
    ]);
    await it_.notifier.idle();
    await it_.go(2);
    expect(it_.sent).to.deep.equal([1, 1, 1, 2]);
  });

  it('newer news end the pause and replace what could not be told', async () => {
    const it_ = rig(['no']);
    await it_.go(1);
    await it_.go(2);
    await it_.clock.advance(60_000);
    expect([it_.sent, it_.told]).to.deep.equal([
      [1, 2],
      ['SINK_NOTIFY_FAILED', 'command told'],
    ]);
  });

  it('while it is busy telling, only the newest news are kept', async () => {
    const it_ = rig();
    it_.slow.on = true;
    for (const sequence of [1, 2, 3]) await it_.go(sequence);
    expect(it_.sent).to.deep.equal([1]);
    it_.held.shift()?.();
    await settle();
    it_.held.shift()?.();
    await it_.notifier.idle();
    expect(it_.sent).to.deep.equal([1, 3]);
  });

  it('stop ends a pause and what is under way, and nothing is told afterwards', async () => {
    const pausing = rig(['no']);
    await pausing.go(1);
    await pausing.notifier.stop();
    const busy = rig();
    busy.slow.on = true;
    await busy.go(1);
    await busy.notifier.stop();
    await busy.go(2);
    expect([pausing.clock.pending, busy.sent, busy.told]).to.deep.equal([0, [1], []]);
  });
});
