// Conformance of an auth method (architecture 2.13).
import assert from 'node:assert/strict';
import { AgentError } from '../errors.js';
import type { AuthMethod, LoginAttempt, LoginPlan } from '../kinds/auth-method.js';
import { Secret } from '../secret.js';
import type { AuthMethodHarness, Bench } from './harness.js';
import { inScene, thrownBy, within, type Scene, type SuiteOptions } from './suite.js';
import { commonTraits } from './traits.js';

type AuthScene = Scene<AuthMethod, AuthMethodHarness>;
type Step = 'missing' | 'empty' | 'unreadable';

const ANSWER = { accessor: 'accessor-of-the-suite', policies: ['default'] };

/** Runs the conformance checks of an auth method. */
export function authMethodSuite(options: SuiteOptions): void {
  const { test } = options;
  const scene = (body: (scene: AuthScene) => Promise<void>): Promise<void> => inScene(options, body);
  commonTraits(options, 'auth-method', ['prepare']);

  test('plans a login below auth/, or gives a token', () =>
    scene(async ({ make }) => {
      const plan = await (await make()).prepare(attempt());
      if ('token' in plan)
        return assert.ok(plan.token instanceof Secret && plan.token.length > 0, 'the token is a Secret');
      assert.match(plan.login, /^auth\/[^/].*[^/]$/);
      assert.equal(typeof plan.body, 'object');
      assert.equal((plan.headers?.length ?? 0) % 2, 0, 'headers are name, value, name, value');
    }));

  test('reads its material freshly for each plan', () =>
    scene(async ({ make, harness, bench }) => {
      if (harness.change === undefined) return;
      const method = await make();
      const before = sent(await method.prepare(attempt()));
      await harness.change(bench);
      assert.notEqual(sent(await method.prepare(attempt())), before, 'the plan is still the old one');
    }));

  for (const step of ['missing', 'empty', 'unreadable'] as const) {
    test(`material that is ${step} is an AUTH_ error with act fix-credential`, () =>
      scene((given) => broken(given, step)));
  }

  test('accepts after a success, and again without harm', () =>
    scene(async ({ make }) => {
      const method = await make();
      await method.accepted?.(ANSWER);
      await method.prepare(attempt());
      await method.accepted?.(ANSWER);
      await method.accepted?.(ANSWER);
    }));

  test('a plan for a test spends nothing: the next plan succeeds', () =>
    scene(async ({ make }) => {
      const method = await make();
      await method.prepare({ ...attempt(), purpose: 'test' });
      await method.prepare(attempt());
    }));

  test('prepare settles within one second when it is aborted', () =>
    scene(async ({ make }) => {
      const method = await make();
      const signal = AbortSignal.abort(new Error('aborted by the suite'));
      await within(
        1000,
        method.prepare({ ...attempt(), signal }).catch(() => undefined),
        'an aborted prepare',
      );
    }));

  test('changes ends when it is aborted', () =>
    scene(async ({ make }) => {
      const method = await make();
      await method.prepare(attempt());
      const over = new AbortController();
      const watching = drain(method.changes?.(over.signal));
      over.abort(new Error('aborted by the suite'));
      await within(1000, watching, 'changes');
    }));
}

function attempt(): LoginAttempt {
  const signal = new AbortController().signal;
  return { signal, address: new URL('http://127.0.0.1:8200'), namespace: '', purpose: 'login' };
}

async function broken({ make, harness, bench }: AuthScene, step: Step): Promise<void> {
  const breakIt: ((bench: Bench) => void | Promise<void>) | undefined = harness[step]?.bind(harness);
  if (breakIt === undefined) return;
  const secrets: string[] = [];
  await breakIt({ ...bench, plant: (secret) => (secrets.push(secret), bench.plant(secret)) });
  const method = await make();
  const error = await thrownBy(() => method.prepare(attempt()), 'prepare', secrets);
  assert.ok(error instanceof AgentError, `not an AgentError: ${String(error)}`);
  assert.match(error.code, /^AUTH_/);
  assert.equal(error.act, 'fix-credential');
}

/** All that would reach the server, secrets revealed, as text to compare. */
function sent(plan: LoginPlan): string {
  return JSON.stringify(plan, function reveal(this: unknown, key: string, value: unknown): unknown {
    const original = (this as Record<string, unknown>)[key];
    return original instanceof Secret ? original.reveal() : value;
  });
}

async function drain(changes: AsyncIterable<void> | undefined): Promise<void> {
  if (changes === undefined) return;
  try {
    for await (const _ of changes);
  } catch {
    // Ending with the abort reason is as good as ending.
  }
}
