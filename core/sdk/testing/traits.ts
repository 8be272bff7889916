// Checks that every kind gets: manifest, schema, sample, pure constructor, start and stop in any order, no handles left.
import assert from 'node:assert/strict';
import { readFile, rm, stat } from 'node:fs/promises';
import type { Component } from '../host.js';
import { KINDS, type Kind } from '../manifest.js';
import type { Harness } from './harness.js';
import { asUrl, readManifest } from './load-plugin.js';
import { sampleFaults } from './sample.js';
import { inScene, readSchema, within, type SuiteOptions } from './suite.js';
import { settle } from './virtual-clock.js';

/** Adds the common tests. `methods` are the functions an instance must have. */
export function commonTraits(options: SuiteOptions, kind: Kind, methods: readonly string[]): void {
  papers(options, kind);
  life(options, methods);
}

function papers(options: SuiteOptions, kind: Kind): void {
  const { test, plugin } = options;
  test('has a complete manifest of its kind', async () => {
    const manifest = await readManifest(plugin);
    assert.equal(manifest.sdk, 1);
    assert.equal(manifest.kind, kind);
    assert.ok(KINDS.includes(manifest.kind));
    for (const key of ['name', 'entry', 'schema', 'summary', 'version'] as const)
      assert.ok(manifest[key], `${key} is missing`);
    assert.ok(['experimental', 'stable', 'deprecated'].includes(manifest.stability), 'stability');
    for (const file of [manifest.entry, manifest.schema])
      assert.ok((await stat(new URL(file, asUrl(plugin)))).isFile(), file);
  });

  test('has a closed schema that describes each setting', async () => {
    const schema = await readSchema(plugin, await readManifest(plugin));
    assert.equal(schema.type, 'object');
    assert.equal(schema.additionalProperties, false);
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      assert.equal(typeof property.description, 'string', `${key} has no description`);
    }
    for (const key of schema.required ?? []) assert.ok(schema.properties?.[key], `required ${key} is not a property`);
  });

  test('has a sample.hcl that fits the schema', async () => {
    const manifest = await readManifest(plugin);
    const text = await readFile(new URL('./sample.hcl', asUrl(plugin)), 'utf8');
    assert.deepEqual(sampleFaults(text, manifest, await readSchema(plugin, manifest)), []);
  });

  test('settings of the harness fit the schema', () =>
    inScene<Component, Harness>(options, async ({ settings, schema }) => {
      const unknown = Object.keys(settings).filter((key) => schema.properties?.[key] === undefined);
      const missing = (schema.required ?? []).filter((key) => !(key in settings));
      assert.deepEqual({ unknown, missing }, { unknown: [], missing: [] });
    }));
}

function life(options: SuiteOptions, methods: readonly string[]): void {
  const { test } = options;
  test('is constructed without touching files, the server or the clock', () =>
    inScene<Component, Harness>(options, async ({ bench, prepare }) => {
      const build = await prepare();
      await rm(bench.dir, { recursive: true, force: true });
      await settle();
      const before = handles();
      const plugin = build();
      assert.deepEqual(handles(), before, 'open handles');
      assert.equal(bench.fakes.clock.pending, 0, 'timers');
      assert.deepEqual(bench.fakes.vault.calls, [], 'calls to the server');
      for (const method of methods)
        assert.equal(typeof Reflect.get(plugin, method), 'function', `${method} is missing`);
    }));

  test('starts and stops in any order and twice', () =>
    inScene<Component, Harness>(options, async ({ make, manifest }) => {
      const plugin = await make();
      const signal = new AbortController().signal;
      await plugin.stop?.(signal);
      const running = await make();
      await running.start?.(signal);
      if (manifest.supports?.exclusive === true) await running.stop?.(signal);
      const other = await make();
      await other.start?.(signal);
      await other.stop?.(signal);
      await other.stop?.(signal);
    }));

  test('gives up within one second when its start is aborted', () =>
    inScene<Component, Harness>(options, async ({ make }) => {
      const plugin = await make();
      const started = Promise.resolve(plugin.start?.(AbortSignal.abort(new Error('aborted by the suite')))).catch(
        () => undefined,
      );
      await within(1000, started, 'an aborted start');
    }));

  test('leaves no handle and no timer behind', async () => {
    const before = handles();
    await inScene<Component, Harness>(options, async ({ bench, make }) => {
      const plugin = await make();
      await plugin.start?.(new AbortController().signal);
      await plugin.stop?.(new AbortController().signal);
      assert.equal(bench.fakes.clock.pending, 0, 'timers of the clock');
    });
    await noMoreThan(before);
  });
}

/** Waits a few turns until no more handles are open than before. */
export async function noMoreThan(before: readonly string[]): Promise<void> {
  for (let turn = 0; turn < 50 && handles().length > before.length; turn++) await settle();
  assert.ok(handles().length <= before.length, `open handles: ${handles().join(', ')}; before: ${before.join(', ')}`);
}

/** What keeps a process alive or holds a file, apart from timers and the standard streams of the runner. */
export function handles(): string[] {
  const kinds = /Server|TCPSocket|FSEvent|FSReq|StatWatcher|Process|Worker|MessagePort|UDP/;
  return process.getActiveResourcesInfo().filter((name) => kinds.test(name));
}
