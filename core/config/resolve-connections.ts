// disable_idle_connections and disable_keep_alives: the file's list, or the variable's that replaces it (spec config 1.4, 1.11, L-13, L26).
import type { Subsystem } from '../contracts/agent-config.js';
import type { CheckScope, Draft } from './draft.js';
import { filled, placeNamed } from './environment.js';

const SUBSYSTEMS: Readonly<Record<string, Subsystem>> = {
  'auto-auth': 'auto-auth',
  caching: 'proxying',
  proxying: 'proxying',
  templating: 'templating',
};

/** The parts that a list names; unknown names of the variable are reported (those of the file were, by its schema). */
export function resolveConnections(
  draft: Draft,
  scope: CheckScope,
  key: 'disable_idle_connections' | 'disable_keep_alives',
): Subsystem[] {
  const found = filled(
    scope.env,
    key === 'disable_idle_connections' ? 'AGENT_DISABLE_IDLE_CONNECTIONS' : 'AGENT_DISABLE_KEEP_ALIVES',
  );
  const names = found === undefined ? (draft.root.settings[key] ?? []) : found.value.split(',');
  const words = names.map((name) => String(name).trim().toLowerCase()).filter((name) => name !== '');
  const unknown = words.find((name) => !Object.hasOwn(SUBSYSTEMS, name));
  if (unknown !== undefined && found !== undefined) {
    const why = `"${unknown}" is not known`;
    const hint = `use ${Object.keys(SUBSYSTEMS).join(', ')}`;
    scope.report.error('CONFIG_VALUE', { key: found.name, why }, { at: placeNamed(found.name), key, hint });
  }
  const parts = words
    .map((name) => (Object.hasOwn(SUBSYSTEMS, name) ? SUBSYSTEMS[name] : undefined))
    .filter((part) => part !== undefined);
  return [...new Set(parts)];
}
