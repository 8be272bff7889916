// Helpers of the config tests: text -> tree -> check, against the real built-in plugins, without touching anything else.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkConfig, type CheckOptions } from '../../../core/config/check.js';
import { mergeTrees } from '../../../core/config/merge.js';
import type { AgentConfig } from '../../../core/contracts/agent-config.js';
import type { Catalog, CatalogEntry } from '../../../core/contracts/catalog.js';
import type { Problem } from '../../../core/contracts/problem.js';
import { readText } from '../../../core/kernel/hcl/read.js';
import type { Kind, Manifest } from '../../../core/sdk/index.js';

const plugins = fileURLToPath(new URL('../../../plugins/', import.meta.url));

/** A catalog of the built-in plugins, and of entries that a test adds. */
export function catalogOf(extra: readonly CatalogEntry[] = []): Catalog {
  const entries = [...builtIn(), ...extra];
  const all = (kind?: Kind): CatalogEntry[] =>
    entries.filter(({ manifest }) => kind === undefined || manifest.kind === kind);
  return {
    all,
    find: (kind, name) =>
      all(kind).find(({ manifest }) => [manifest.name, ...(manifest.aliases ?? [])].includes(name.toLowerCase())),
  };
}

function builtIn(): CatalogEntry[] {
  return readdirSync(plugins).flatMap((kind) =>
    readdirSync(join(plugins, kind)).map((name): CatalogEntry => {
      const folder = join(plugins, kind, name);
      const manifest = JSON.parse(readFileSync(join(folder, 'plugin.json'), 'utf8')) as Manifest;
      return {
        manifest,
        folder,
        origin: 'built-in',
        entryPath: join(folder, 'index.js'),
        schemaPath: join(folder, manifest.schema),
      };
    }),
  );
}

/** Checks one text, or several files by name. */
export async function check(
  text: string | Readonly<Record<string, string>>,
  options: Partial<CheckOptions> = {},
): Promise<{ config?: AgentConfig; problems: Problem[] }> {
  const files = Object.entries(typeof text === 'string' ? { 'agent.hcl': text } : text);
  const readings = files.map(([file, content]) => ({ file, ...readText(content, file) }));
  const merged = mergeTrees(readings);
  const problems: Problem[] = [...readings.flatMap((reading) => reading.problems), ...merged.problems];
  return checkConfig(
    { tree: merged.tree, problems },
    { product: 'agent', env: {}, flags: {}, strict: false, catalog: catalogOf(), ...options },
  );
}

/** The configuration of a text that must be valid; throws with the findings otherwise. */
export async function load(
  text: string | Readonly<Record<string, string>>,
  options: Partial<CheckOptions> = {},
): Promise<AgentConfig> {
  const { config, problems } = await check(text, options);
  if (config === undefined) throw new Error(problems.map(shortly).join('\n'));
  return config;
}

/** `CODE line:column message`, for comparisons. */
export function shortly(problem: Problem): string {
  return `${problem.code} ${placeOf(problem)} ${problem.message}`;
}

/** `line:column`. */
export function placeOf({ at }: Problem): string {
  return `${at?.line ?? 0}:${at?.column ?? 0}`;
}

/** `CODE line:column` of the errors. */
export function errorsOf(problems: readonly Problem[]): string[] {
  return problems
    .filter(({ severity }) => severity === 'error')
    .map((problem) => `${problem.code} ${placeOf(problem)}`);
}

/** `CODE line:column` of the warnings. */
export function warningsOf(problems: readonly Problem[]): string[] {
  return problems
    .filter(({ severity }) => severity === 'warning')
    .map((problem) => `${problem.code} ${placeOf(problem)}`);
}

/** A file of test/golden/config. */
export function golden(name: string): string {
  return readFileSync(new URL(`../../golden/config/${name}`, import.meta.url), 'utf8');
}

/** An identity with a sink that works, for texts about something else. */
export const AUTH = `auto_auth { method "approle" { config = { role_id_file_path = "/r" } } sink "file" { config = { path = "/t" } } }\n`;
/** A listener that works. */
export const LISTENER = `listener "tcp" { address = "127.0.0.1:8100" tls_disable = true }\n`;
