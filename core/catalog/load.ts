// Imports one planned plugin and checks its shape. The only place that imports plugin code.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { CatalogEntry } from '../contracts/catalog.js';
import { agentError, describeError, plugin, type Kind } from '../sdk/index.js';
import { shareSdk } from './sdk-resolution.js';

/** A plugin class, ready to be constructed by a container. */
export type PluginClass = new (...args: unknown[]) => object;

/** Methods an instance of each kind must have. */
const METHODS: Readonly<Record<Kind, readonly string[]>> = {
  'auth-method': ['prepare'],
  sink: ['write'],
  'cache-store': ['get', 'put', 'delete', 'entries', 'batch', 'clear'],
  listener: ['bind'],
  'request-hasher': ['digest'],
};

/** `auth-method "approle"`, for messages. */
export const nameOf = (entry: CatalogEntry): string => `${entry.manifest.kind} "${entry.manifest.name}"`;

/**
 * Imports the plugin's entry. Throws PLUGIN_CHECKSUM, PLUGIN_ENTRY, PLUGIN_NOT_ESM or PLUGIN_SHAPE, each naming the plugin and its file.
 */
export async function loadPlugin(entry: CatalogEntry): Promise<PluginClass> {
  if (entry.origin === 'external') {
    await checkSource(entry);
    shareSdk();
  }
  const at = entry.entryPath;
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(entry.entryPath).href)) as Record<string, unknown>;
  } catch (cause) {
    throw agentError(
      'PLUGIN_ENTRY',
      { plugin: nameOf(entry), why: describeError(cause) },
      { at, cause, hint: hintFor(cause, at) },
    );
  }
  const target = module.default;
  if (typeof target !== 'function') {
    throw agentError(
      'PLUGIN_SHAPE',
      { plugin: nameOf(entry), why: 'its entry has no class as default export' },
      { at },
    );
  }
  const prototype = target.prototype as Record<string, unknown> | undefined;
  const missing = METHODS[entry.manifest.kind].filter((method) => typeof prototype?.[method] !== 'function');
  if (missing.length > 0) {
    throw agentError(
      'PLUGIN_SHAPE',
      { plugin: nameOf(entry), why: `its class lacks ${missing.map((m) => `${m}()`).join(', ')}` },
      { at },
    );
  }
  plugin()(target as PluginClass);
  return target as PluginClass;
}

/** Node does not tell where an error of syntax is. */
const hintFor = (cause: unknown, path: string): string | undefined =>
  cause instanceof SyntaxError ? `"node --check ${path}" shows the line` : undefined;

async function checkSource(entry: CatalogEntry): Promise<void> {
  let source: Buffer;
  try {
    source = await readFile(entry.entryPath);
  } catch (cause) {
    throw agentError(
      'PLUGIN_ENTRY',
      { plugin: nameOf(entry), why: `${entry.entryPath} cannot be read` },
      { at: entry.entryPath, cause },
    );
  }
  if (entry.sha256 !== undefined && createHash('sha256').update(source).digest('hex') !== entry.sha256.toLowerCase()) {
    throw agentError('PLUGIN_CHECKSUM', { plugin: nameOf(entry) }, { at: entry.entryPath });
  }
  if (entry.entryPath.endsWith('.cjs') || /^\s*(module\.)?exports\b/m.test(source.toString('utf8'))) {
    throw agentError('PLUGIN_NOT_ESM', { plugin: nameOf(entry) }, { at: entry.entryPath });
  }
}
