// From `-config` values to a checked configuration, a catalog and a plan: everything up to where work begins (architecture 2.8). Opens
// configuration files and manifests only, makes no connection.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { discover } from '../catalog/discover.js';
import { problemOf } from '../catalog/problem-of.js';
import { checkConfig, maskTexts, pluginSources, type Flags } from '../config/check.js';
import { readConfig } from '../config/read.js';
import type { AgentConfig } from '../contracts/agent-config.js';
import type { Catalog } from '../contracts/catalog.js';
import type { Plan } from '../contracts/plan.js';
import type { Problem, ProblemPlace } from '../contracts/problem.js';
import type { AgentError } from '../sdk/index.js';
import { plan } from './plan.js';

/** What to load. */
export interface LoadOptions {
  readonly paths: readonly string[];
  readonly product: 'agent' | 'proxy';
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: Flags;
  readonly strict: boolean;
  /** Warn about credential, certificate and template files that do not exist (`config validate`). */
  readonly warnMissingFiles?: boolean;
  /** Extra plugin folders, for `plugin list`. */
  readonly pluginDirectories?: readonly string[];
}

/** What was loaded. `config` is absent when there are errors in it. */
export interface LoadedConfig {
  readonly config?: AgentConfig | undefined;
  readonly catalog: Catalog;
  readonly plan: Plan;
  readonly problems: readonly Problem[];
  /** Texts of the files for code frames; values of secret settings are masked. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Folder of the built-in plugins, beside the compiled core. */
export const BUILT_IN_PLUGINS = fileURLToPath(new URL('../../plugins/', import.meta.url));

/** Reads, merges, checks and plans. Never throws for bad input: everything found is in `problems`. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const read = await readConfig(options.paths);
  const sources = pluginSources(read.tree);
  const { catalog, problems: pluginProblems } = discover({
    builtIn: BUILT_IN_PLUGINS,
    directories: [...sources.directories, ...(options.pluginDirectories ?? [])],
    blocks: sources.blocks,
  });
  const checked = await checkConfig(read, {
    product: options.product,
    env: options.env,
    flags: options.flags,
    strict: options.strict,
    catalog,
    ...(options.warnMissingFiles && { exists: existsSync }),
  });
  const problems = [...checked.problems, ...pluginProblems];
  const base = { catalog, texts: maskTexts(read.texts, checked.hidden) };
  if (checked.config === undefined) return { ...base, plan: [], problems };
  const planning = plan(checked.config, catalog);
  const known = new Set(problems.map((problem) => `${problem.code} ${placeText(problem.at)}`));
  // unknown plugins were reported with the place of their name; what is listed as not built has no plugin and its own finding
  const others = planning.errors.filter(({ code }) => code !== 'PLUGIN_NOT_FOUND');
  const added = others.map(placed).filter((problem) => !known.has(`${problem.code} ${placeText(problem.at)}`));
  return { ...base, config: checked.config, plan: planning.plan, problems: [...problems, ...added] };
}

/** True when nothing in the list stops a start. Stanzas that are not built yet stop `agent`, not `config validate`. */
export const hasErrors = (problems: readonly Problem[]): boolean =>
  problems.some((problem) => problem.severity === 'error');

function placed(error: AgentError): Problem {
  const severity = error.code === 'CONFIG_NOT_SUPPORTED_YET' ? 'warning' : 'error';
  const problem = problemOf(error, severity);
  const place = /^(.*):(\d+):(\d+)$/.exec(error.at ?? '');
  return place === null
    ? problem
    : { ...problem, at: { file: place[1]!, line: Number(place[2]), column: Number(place[3]) } };
}

const placeText = (at: ProblemPlace | undefined): string =>
  at === undefined ? '' : `${at.file}:${at.line}:${at.column}`;
