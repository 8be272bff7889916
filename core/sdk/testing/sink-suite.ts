// Conformance of a sink (architecture 2.13).
import assert from 'node:assert/strict';
import { AgentError } from '../errors.js';
import type { Component } from '../host.js';
import type { Delivery, Sink } from '../kinds/sink.js';
import { Secret } from '../secret.js';
import type { SinkHarness } from './harness.js';
import { inScene, thrownBy, within, type Scene, type SuiteOptions } from './suite.js';
import { commonTraits } from './traits.js';

type SinkScene = Scene<Sink, SinkHarness>;

const LONG = 'x'.repeat(64 * 1024);

/** Runs the conformance checks of a sink. A harness with `read` is required. */
export function sinkSuite(options: SuiteOptions): void {
  const { test } = options;
  const scene = (body: (scene: SinkScene) => Promise<void>): Promise<void> => inScene(options, body);
  commonTraits(options, 'sink', ['write']);

  test('what is read back is exactly the payload', () =>
    scene(async (given) => {
      const sink = await started(given);
      for (const payload of ['planted-token', 'planted-{"wrapped":true}', `planted-é-${'y'.repeat(5000)}`]) {
        await sink.write(deliver(given, payload), alive());
        assert.equal(await given.harness.read(given.bench), payload);
      }
    }));

  test('a reader sees the old payload or the new one, never a part', () => scene(readWhileWriting));

  test('after a failed write the old payload is still there', () => scene(failedWrite));

  test('an aborted write ends within one second and damages nothing', () =>
    scene(async (given) => {
      const sink = await started(given);
      await sink.write(deliver(given, 'planted-before'), alive());
      const signal = AbortSignal.abort(new Error('aborted by the suite'));
      await within(
        1000,
        sink.write(deliver(given, 'planted-after'), signal).catch(() => undefined),
        'an aborted write',
      );
      assert.match(String(await given.harness.read(given.bench)), /^planted-(before|after)$/);
    }));

  test('of many writes in a row the last one stays', () =>
    scene(async (given) => {
      const sink = await started(given);
      for (let n = 1; n <= 20; n++) await sink.write(deliver(given, `planted-row-${n}`, n), alive());
      assert.equal(await given.harness.read(given.bench), 'planted-row-20');
    }));

  test('mode is applied as set, whatever the umask', () =>
    scene(async (given) => {
      const { mode } = given.harness;
      if (mode === undefined) return;
      for (const bits of [0o600, 0o644, 0o660]) {
        const sink = await started(given, await mode.settings(given.bench, bits));
        await sink.write(deliver(given, 'planted-mode'), alive());
        assert.equal((await mode.actual(given.bench)) & 0o777, bits);
        await sink.stop?.(alive());
      }
    }));

  test('a target that cannot be written is reported at start', () =>
    scene(async ({ harness, bench, make }) => {
      if (harness.unwritable === undefined) return;
      const sink = await make(await harness.unwritable(bench));
      const error = await thrownBy(() => sink.start?.(alive()), 'start');
      assert.ok(error instanceof AgentError, `not an AgentError: ${String(error)}`);
      assert.ok(['fix-host', 'wait'].includes(error.act), error.act);
    }));

  test('recover gives back what an earlier instance delivered, and nothing where there is nothing', () =>
    scene(async (given) => {
      const sink = await started(given);
      if (sink.recover === undefined) return;
      assert.equal(await sink.recover(alive()), undefined);
      await sink.write(deliver(given, 'planted-recovered'), alive());
      await sink.stop?.(alive());
      const later = await started(given);
      assert.equal((await later.recover?.(alive()))?.reveal(), 'planted-recovered');
    }));

  test('withdraw removes what was delivered, and is safe twice', () =>
    scene(async (given) => {
      const sink = await started(given);
      if (sink.withdraw === undefined) return;
      await sink.withdraw(alive());
      await sink.write(deliver(given, 'planted-withdrawn'), alive());
      await sink.withdraw(alive());
      await sink.withdraw(alive());
      assert.equal(await given.harness.read(given.bench), undefined);
    }));
}

async function readWhileWriting(given: SinkScene): Promise<void> {
  const sink = await started(given);
  const payloads = ['planted-a-', 'planted-b-'].map((start) => start + LONG);
  await sink.write(deliver(given, payloads[0] as string), alive());
  let writing = true;
  const reading = (async () => {
    for (let reads = 0; writing || reads < 5; reads++) {
      const seen = await given.harness.read(given.bench);
      assert.ok(seen !== undefined && payloads.includes(seen), `a reader saw ${seen?.length ?? 'no'} characters`);
      // a harness that reads from memory must not keep the writes from their turn
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const writes = (async () => {
    for (let n = 0; n < 30; n++) await sink.write(deliver(given, payloads[n % 2] as string, n), alive());
  })().finally(() => (writing = false));
  await Promise.all([reading, writes]);
}

async function failedWrite(given: SinkScene): Promise<void> {
  if (given.harness.sabotage === undefined) return;
  const sink = await started(given);
  await sink.write(deliver(given, 'planted-old'), alive());
  await given.harness.sabotage(given.bench);
  const error = await thrownBy(() => sink.write(deliver(given, 'planted-new'), alive()), 'write', ['planted-new']);
  assert.ok(error instanceof AgentError, `not an AgentError: ${String(error)}`);
  assert.equal(await given.harness.read(given.bench), 'planted-old');
}

async function started(given: SinkScene, settings?: object): Promise<Sink & Component> {
  const sink = await given.make(settings);
  await sink.start?.(alive());
  return sink;
}

function deliver({ bench }: SinkScene, payload: string, sequence = 1): Delivery {
  const secret = new Secret(bench.plant(payload));
  return { payload: secret, form: 'plain', identity: 'default', accessor: 'accessor', expiresAt: 0, sequence };
}

function alive(): AbortSignal {
  return new AbortController().signal;
}
