// loadPlugin: a plugin from its plugin.json, built with stand-ins in its slots. Knows nothing of the host's boot.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { agentError } from '../errors.js';
import type { Manifest } from '../manifest.js';
import { SLOTS, construct } from '../slots.js';
import { makeFakes, type Fakes } from './fakes.js';

/** What the plugin gets. */
export interface LoadOptions {
  /** Value of the `Settings` slot; default `{}`. */
  readonly settings?: unknown;
  /** Value of the `Mount` slot; default: the manifest's `mount`, else `auth/<name>`. */
  readonly mount?: string | undefined;
  readonly fakes?: Fakes;
}

/** A plugin with its papers. */
export interface LoadedPlugin<T> {
  readonly plugin: T;
  readonly manifest: Manifest;
  readonly fakes: Fakes;
}

type PluginClass<T> = new (...args: never[]) => T & object;

/** Reads the plugin.json at `url` (a `file:` URL as text, or a path). */
export async function readManifest(url: string): Promise<Manifest> {
  return JSON.parse(await readFile(pathOf(url), 'utf8')) as Manifest;
}

/** The default export of a module named in the manifest at `url`. */
export async function importDefault(url: string, module: string): Promise<unknown> {
  const loaded = (await import(new URL(module, asUrl(url)).href)) as { default?: unknown };
  return loaded.default;
}

/** The class that the manifest's `entry` exports as default. Throws PLUGIN_SHAPE when there is none. */
export async function importPlugin<T>(url: string, manifest: Manifest): Promise<PluginClass<T>> {
  const found = await importDefault(url, manifest.entry);
  if (typeof found === 'function') return found as PluginClass<T>;
  throw agentError('PLUGIN_SHAPE', { plugin: manifest.name, why: 'its entry has no class as default export' });
}

/**
 * Builds the plugin whose plugin.json is at `url`; settings are frozen as the host does. Throws PLUGIN_SHAPE, or what the constructor throws.
 */
export async function loadPlugin<T>(url: string, options: LoadOptions = {}): Promise<LoadedPlugin<T>> {
  const fakes = options.fakes ?? makeFakes();
  const { manifest, build } = await preparePlugin<T>(url, { ...options, fakes });
  return { plugin: build(), manifest, fakes };
}

/** Everything of `loadPlugin` but the call of the constructor, which is `build`. */
export async function preparePlugin<T>(
  url: string,
  options: LoadOptions & { readonly fakes: Fakes },
): Promise<{ readonly manifest: Manifest; readonly build: () => T }> {
  const manifest = await readManifest(url);
  const target = await importPlugin<T>(url, manifest);
  const mount = options.mount ?? manifest.mount ?? `auth/${manifest.name}`;
  const values = slotValues(freeze(options.settings ?? {}), mount, options.fakes);
  return { manifest, build: () => construct(target, values) };
}

/** A `file:` URL from a URL text or a path. */
export function asUrl(url: string): URL {
  return url.startsWith('file:') ? new URL(url) : new URL(`file://${url}`);
}

/** A path from a URL text or a path. */
export function pathOf(url: string): string {
  return fileURLToPath(asUrl(url));
}

function slotValues(settings: unknown, mount: string, fakes: Fakes): Map<symbol, unknown> {
  return new Map<symbol, unknown>([
    [SLOTS.Settings.key, settings],
    [SLOTS.Mount.key, mount],
    [SLOTS.Log.key, fakes.log],
    [SLOTS.Upstream.key, fakes.vault],
    [SLOTS.Time.key, fakes.clock],
    [SLOTS.Report.key, fakes.health],
    [SLOTS.Env.key, fakes.env],
    [SLOTS.State.key, fakes.state],
  ]);
}

function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
