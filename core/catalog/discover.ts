// Which plugins exist: reads manifests in the built-in folder, in `plugin_directory` and in named packages. Runs no plugin code.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { PluginBlock } from '../contracts/agent-config.js';
import type { Catalog, CatalogEntry } from '../contracts/catalog.js';
import type { Problem } from '../contracts/problem.js';
import { AgentError, agentError } from '../sdk/index.js';
import { makeCatalog } from './catalog.js';
import { checkManifest } from './manifest-check.js';
import { problemOf } from './problem-of.js';

/** Where to look. Relative directories count from the working directory. */
export interface DiscoverOptions {
  readonly builtIn: string;
  readonly directories: readonly string[];
  readonly blocks: readonly PluginBlock[];
}

const MANIFEST = 'plugin.json';
const DEPTH = 2;

/** Finds all plugins. A broken one becomes a problem that names it; the others are found nevertheless. */
export function discover(options: DiscoverOptions): {
  readonly catalog: Catalog;
  readonly problems: readonly Problem[];
} {
  const blocks = new Map(options.blocks.map((block) => [block.name, block]));
  const problems: Problem[] = [];
  const attempt = <T>(work: () => T, fallback: T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      problems.push(problemOf(error));
      return fallback;
    }
  };
  const folders = [
    ...findManifests(options.builtIn).map((folder) => ({ folder, origin: 'built-in' as const })),
    ...options.directories.flatMap((directory) =>
      attempt(() => externalFolders(resolve(directory)), []).map((folder) => ({ folder, origin: 'external' as const })),
    ),
    ...options.blocks.flatMap((block) =>
      block.package === ''
        ? []
        : attempt(() => [packageFolder(block)], []).map((folder) => ({ folder, origin: 'external' as const })),
    ),
  ];
  const entries = folders.flatMap(({ folder, origin }) =>
    attempt<CatalogEntry[]>(() => [readEntry(folder, origin, blocks)], []),
  );
  const made = makeCatalog(entries, (name) => blocks.get(name)?.override === true);
  return { catalog: made.catalog, problems: [...problems, ...made.problems] };
}

function externalFolders(directory: string): string[] {
  const facts = statSync(directory, { throwIfNoEntry: false });
  if (facts === undefined || !facts.isDirectory()) {
    throw agentError(
      'CONFIG_VALUE',
      { key: 'plugin_directory', why: `${directory} is not a folder` },
      { hint: 'correct the path; a relative one counts from where the agent is started' },
    );
  }
  refuseUnsafe(directory);
  return findManifests(directory);
}

/** What everybody may change must not run in the agent. */
function refuseUnsafe(path: string, hint?: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if (process.platform !== 'win32' && (mode & 0o002) !== 0)
    throw agentError('PLUGIN_FOLDER_UNSAFE', { path }, { hint });
}

function findManifests(directory: string, depth = DEPTH): string[] {
  const names = readdirSync(directory, { withFileTypes: true });
  if (names.some((entry) => entry.name === MANIFEST && !entry.isDirectory())) return [directory];
  if (depth === 0) return [];
  return names
    .filter(
      (entry) =>
        (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.') && entry.name !== 'node_modules',
    )
    .map((entry) => join(directory, entry.name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    .sort()
    .flatMap((path) => findManifests(path, depth - 1));
}

function packageFolder(block: PluginBlock): string {
  try {
    return dirname(createRequire(join(process.cwd(), 'noop.js')).resolve(`${block.package}/${MANIFEST}`));
  } catch (cause) {
    const why = `package "${block.package}" is not installed here, or does not export ./${MANIFEST}`;
    throw agentError('PLUGIN_MANIFEST', { path: block.package, why }, { at: block.at, cause });
  }
}

function readEntry(
  folder: string,
  origin: CatalogEntry['origin'],
  blocks: ReadonlyMap<string, PluginBlock>,
): CatalogEntry {
  const path = join(folder, MANIFEST);
  if (origin === 'external') refuseUnsafe(folder);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw agentError('PLUGIN_MANIFEST', { path, why: (cause as Error).message }, { cause });
  }
  const checked = checkManifest(value);
  if ('why' in checked) throw agentError('PLUGIN_MANIFEST', { path, why: checked.why });
  const { manifest } = checked;
  if (origin === 'external') refuseUnsafe(join(folder, manifest.entry), 'chmod o-w the file');
  if (manifest.sdk !== 1)
    throw agentError(
      'PLUGIN_SDK_MISMATCH',
      { plugin: `${manifest.kind} "${manifest.name}"`, sdk: String(manifest.sdk) },
      { at: path },
    );
  const block = blocks.get(manifest.name);
  return {
    manifest,
    folder,
    origin,
    entryPath: join(folder, manifest.entry),
    schemaPath: join(folder, manifest.schema),
    sha256: block?.sha256 || undefined,
    mayFail: block?.mayFail,
  };
}
