// What all conformance suites share: options, a bench per test, loading, time bounds, and the search for planted secrets afterwards.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '../errors.js';
import type { Component } from '../host.js';
import type { Manifest } from '../manifest.js';
import { makeFakes } from './fakes.js';
import type { Bench, Harness } from './harness.js';
import { asUrl, importDefault, preparePlugin, readManifest } from './load-plugin.js';
import { leaksIn, show } from './log-spy.js';
import { Secret } from '../secret.js';

/** The runner's test function: mocha's `it`, node:test's `test` and the like. */
export type TestFunction = (name: string, body: () => Promise<void>) => unknown;

/** Options of every suite. */
export interface SuiteOptions {
  readonly test: TestFunction;
  /** URL (or path) of the plugin.json. */
  readonly plugin: string;
  /** Valid settings, for a plugin without a harness module; default `{}`. */
  readonly settings?: object;
}

/** What the body of one test works with. */
export interface Scene<T, H> {
  readonly bench: Bench;
  readonly manifest: Manifest;
  readonly schema: Schema;
  readonly harness: H;
  readonly settings: object;
  /** Loads everything; the result calls the constructor. */
  readonly prepare: (settings?: object) => Promise<() => T & Component>;
  /** Builds an instance; it is stopped when the test ends. */
  readonly make: (settings?: object) => Promise<T & Component>;
}

/** The parts of a settings schema that the suites look at. */
export interface Schema {
  readonly type?: unknown;
  readonly additionalProperties?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly patternProperties?: Readonly<Record<string, unknown>>;
}

/** Runs `body` in a fresh scene, then stops what it made, removes its folder and searches log, health and error for planted secrets. */
export async function inScene<T, H extends Harness>(
  options: SuiteOptions,
  body: (scene: Scene<T, H>) => Promise<void>,
): Promise<void> {
  const planted = new Set<string>();
  const endings: (() => unknown)[] = [];
  const bench = await makeBench(planted, endings);
  const made: Component[] = [];
  try {
    await body(await makeScene<T, H>(options, bench, made, planted));
  } finally {
    for (const component of made) await component.stop?.(AbortSignal.timeout(1000));
    for (const end of endings) await end();
    await rm(bench.dir, { recursive: true, force: true });
  }
  const { log, health } = bench.fakes;
  assert.deepEqual(
    leaksIn(`${log.text()}\n${health.text()}`, planted),
    [],
    'a secret showed in a log line or health report',
  );
}

async function makeBench(planted: Set<string>, endings: (() => unknown)[]): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'claviger-suite-'));
  const plant = (secret: string): string => {
    planted.add(secret);
    return secret;
  };
  return { dir, fakes: makeFakes(), plant, onEnd: (end) => void endings.push(end) };
}

async function makeScene<T, H extends Harness>(
  options: SuiteOptions,
  bench: Bench,
  made: Component[],
  planted: Set<string>,
): Promise<Scene<T, H>> {
  const manifest = await readManifest(options.plugin);
  const schema = await readSchema(options.plugin, manifest);
  const harness = await loadHarness<H>(options, manifest);
  const settings = withDefaults(await harness.settings(bench), schema);
  plantSecrets(settings, schema, planted);
  const mount = 'mount' in harness ? (harness.mount as string | undefined) : undefined;
  const prepare = async (other: object = settings): Promise<() => T & Component> => {
    const given = { settings: sealed(withDefaults(other, schema), schema), mount, fakes: bench.fakes };
    const { build } = await preparePlugin<T & Component>(options.plugin, given);
    return () => {
      const plugin = build();
      made.push(plugin);
      return plugin;
    };
  };
  const make = async (other?: object): Promise<T & Component> => (await prepare(other))();
  return { bench, manifest, schema, harness, settings, prepare, make };
}

/** The schema beside a manifest. */
export async function readSchema(plugin: string, manifest: Manifest): Promise<Schema> {
  return JSON.parse(await readFile(new URL(manifest.schema, asUrl(plugin)), 'utf8')) as Schema;
}

async function loadHarness<H extends Harness>(options: SuiteOptions, manifest: Manifest): Promise<H> {
  const plain = { settings: () => options.settings ?? {} } as unknown as H;
  if (manifest.harness === undefined) return plain;
  const harness = await importDefault(options.plugin, manifest.harness);
  assert.ok(harness, 'the harness module has no default export');
  return harness as H;
}

/** Fills in the defaults of a schema as the host does; octal texts become numbers. */
function withDefaults(settings: object, schema: Schema): object {
  const defaults = Object.entries(schema.properties ?? {})
    .filter(([, property]) => property.default !== undefined && property['x-duration'] !== true)
    .map(([key, property]) => [key, property['x-octal'] === true ? octal(property.default) : property.default]);
  return { ...(Object.fromEntries(defaults) as object), ...settings };
}

/** Secret settings as the host gives them: as `Secret`. */
function sealed(settings: object, schema: Schema): object {
  const isSecret = (key: string, value: unknown): value is string =>
    typeof value === 'string' && value !== '' && schema.properties?.[key]?.['x-secret'] === true;
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      isSecret(key, value) ? new Secret(value) : (value as unknown),
    ]),
  );
}

function octal(value: unknown): unknown {
  return typeof value === 'string' ? parseInt(value, 8) : value;
}

function plantSecrets(settings: object, schema: Schema, planted: Set<string>): void {
  for (const [key, value] of Object.entries(settings)) {
    if (schema.properties?.[key]?.['x-secret'] === true && typeof value === 'string') planted.add(value);
  }
}

/** The error that `action` throws, after looking for planted secrets in it. */
export async function thrownBy(action: () => unknown, what: string, secrets: Iterable<string> = []): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    assert.deepEqual(leaksIn(`${describeError(error)} ${show(error)}`, secrets), [], 'a secret showed in an error');
    return error;
  }
  return assert.fail(`${what} must fail`);
}

/** The result of `promise`, or a failure after `ms` of real time. */
export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  const signal = AbortSignal.timeout(ms);
  let stop: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    stop = () => reject(new assert.AssertionError({ message: `${what} took longer than ${ms} ms` }));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
