// Where external plugins may be: read before anything is validated, because their schemas are part of the validation.
import type { PluginBlock } from '../contracts/agent-config.js';
import type { Problem } from '../contracts/problem.js';
import type { ObjectNode } from '../kernel/hcl/tree.js';
import { toBoolean } from './coerce-scalar.js';
import { mapsAt, textAt, type MapValue } from './located.js';
import { normalise } from './normalise.js';
import { Report } from './report.js';
import { resolvePlugin } from './resolve.js';

/** Folders and `plugin` blocks of a configuration. */
export interface PluginSources {
  readonly directories: string[];
  readonly blocks: PluginBlock[];
  readonly problems: Problem[];
}

/**
 * Reads `plugin_directory` and `plugin` blocks as far as they are readable. It never fails: `checkConfig` reports what is wrong with them, so
 * `problems` only matters when the caller stops before that.
 */
export function pluginSources(tree: ObjectNode): PluginSources {
  const wanted = new Set(['plugin', 'plugin_directory']);
  const items = tree.items.filter((item) => wanted.has((item.keys[0]?.text ?? '').toLowerCase()));
  const report = new Report(false);
  const root = normalise({ ...tree, items }, report);
  const blocks = mapsAt(root, 'plugin').flatMap((map) =>
    resolvePlugin({ map, settings: settingsOf(map), broken: new Set(), prefix: 'plugin' }),
  );
  return { directories: directoriesOf(root), blocks, problems: report.sorted([]) };
}

function settingsOf(map: MapValue): { sha256: string; package: string; override: boolean; may_fail: boolean } {
  const flag = (key: string): boolean => toBoolean(textAt(map, key) ?? '') ?? false;
  return {
    sha256: textAt(map, 'sha256') ?? '',
    package: textAt(map, 'package') ?? '',
    override: flag('override'),
    may_fail: flag('may_fail'),
  };
}

function directoriesOf(root: MapValue): string[] {
  const value = root.entries.get('plugin_directory')?.value;
  const items = value?.kind === 'list' ? value.items : value === undefined ? [] : [value];
  return items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string' && item.value !== '' ? [item.value] : [],
  );
}
