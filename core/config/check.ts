// The pipeline from tree to AgentConfig: normalise, coerce and validate, rules, overrides, freeze. Pure but for reading validators and
// the names in `$CREDENTIALS_DIRECTORY`.
import type { AgentConfig } from '../contracts/agent-config.js';
import type { Catalog } from '../contracts/catalog.js';
import type { Problem } from '../contracts/problem.js';
import type { ObjectNode } from '../kernel/hcl/tree.js';
import type { CheckScope, Draft } from './draft.js';
import { filled, placeNamed, type Environment } from './environment.js';
import type { Flags } from './flags.js';
import { deepFreeze } from './freeze.js';
import type { Hidden } from './mask-texts.js';
import { reportMissingFiles } from './missing-files.js';
import { normalise } from './normalise.js';
import { entryFor, readNotBuilt, usesIn, type Use } from './not-built.js';
import { readStanzas } from './read-stanzas.js';
import { Report } from './report.js';
import { credentialsIn } from './source.js';
import { placeText } from './resolve-identities.js';
import { resolve } from './resolve.js';
import { checkRules } from './rules.js';
import type { MapValue } from './located.js';

export type { Flags } from './flags.js';
export { maskTexts } from './mask-texts.js';
export { pluginSources } from './plugin-sources.js';

/** What a configuration is checked against. */
export interface CheckOptions {
  readonly product: 'agent' | 'proxy';
  readonly env: Environment;
  readonly flags: Flags;
  /** Unknown keys are errors. */
  readonly strict: boolean;
  readonly catalog: Catalog;
  /** Asked about named files, for warnings of `config validate`; without it none are looked for. */
  readonly exists?: ((path: string) => boolean) | undefined;
}

/** What reading the files came to. */
export interface ReadConfig {
  readonly tree: ObjectNode;
  readonly problems: readonly Problem[];
}

/**
 * Checks a configuration and brings it into its canonical, frozen form. All findings are returned, those of reading included, by file, line and
 * column; `config` is absent when one of them is an error. What is understood but not built is in `config.notBuilt`, with a warning each.
 * `hidden` are the secret values in the text: what is shown of it goes through `maskTexts`.
 */
export async function checkConfig(
  read: ReadConfig,
  options: CheckOptions,
): Promise<{ config?: AgentConfig; problems: Problem[]; hidden: readonly Hidden[] }> {
  const faults = read.problems.filter(({ severity }) => severity === 'error');
  const partial = faults.length > 0;
  const report = new Report(options.strict, new Set(faults.flatMap(({ at }) => (at === undefined ? [] : [at.file]))));
  report.include(read.problems);
  const root = normalise(read.tree, report);
  const { product, env, flags, catalog } = options;
  const [notBuilt, credentials] = [await readNotBuilt(), await credentialsIn(env)];
  const scope: CheckScope = { report, product, env, flags, catalog, notBuilt, partial, credentials };
  const draft = await readStanzas(root, scope);
  checkRules(draft, scope);
  if (options.exists !== undefined) await reportMissingFiles(draft, scope, options.exists);
  const uses = reportNotBuilt(root, draft, scope);
  const config = resolve(
    draft,
    scope,
    uses.map(({ what, at }) => ({ what, at: at.line === 0 ? at.file : placeText(at) })),
  );
  const problems = report.sorted(filesOf(read));
  const { hidden } = report;
  return report.failed ? { problems, hidden } : { config: deepFreeze(config), problems, hidden };
}

function filesOf({ tree, problems }: ReadConfig): string[] {
  const places = [tree.at, ...tree.items.map((item) => item.at), ...problems.map((problem) => problem.at)];
  return [...new Set(places.flatMap((place) => (place === undefined ? [] : [place.file])))];
}

function reportNotBuilt(root: MapValue, draft: Draft, scope: CheckScope): Use[] {
  const uses = [...usesIn(scope.notBuilt, root, ''), ...oldPlaces(draft, scope), ...variablesNotBuilt(scope)];
  const open = uses.filter((use) => !isBuiltPlugin(use, draft));
  for (const { what, at, key } of open) scope.report.warn('CONFIG_NOT_SUPPORTED_YET', { what }, { at, key });
  return open;
}

/** A plugin of the catalog is built, whatever the list says. */
function isBuiltPlugin(use: Use, { identities, listeners }: Draft): boolean {
  const parts = [...identities.flatMap(({ method, sinks }) => [method, ...sinks]), ...listeners];
  return (
    use.key.endsWith('.type') &&
    parts.some((part) => part?.entry !== undefined && part.map.entries.get('type')?.at === use.at)
  );
}

/** The consistency keys count from their old place too. */
function oldPlaces({ cache }: Draft, { notBuilt }: CheckScope): Use[] {
  if (cache === undefined) return [];
  return (['enforce_consistency', 'when_inconsistent'] as const).flatMap((key) => {
    const found = entryFor(notBuilt, `api_proxy.${key}`, cache.settings[key] ?? '');
    const at = cache.map.entries.get(key)?.at;
    return found === undefined || at === undefined ? [] : [{ what: found.what, at, key: `cache.${key}` }];
  });
}

function variablesNotBuilt({ notBuilt, env }: CheckScope): Use[] {
  return notBuilt.flatMap(({ key, what }) => {
    const found = key.startsWith('env.') ? filled(env, key.slice('env.'.length)) : undefined;
    return found === undefined || ['0', 'false'].includes(found.value.toLowerCase())
      ? []
      : [{ what, at: placeNamed(found.name), key: found.name }];
  });
}
